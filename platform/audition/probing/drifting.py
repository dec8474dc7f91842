"""The drift protocol as a whole: every run of the plan in its order, repeated once when it cannot be used."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from audition.domain.contract import Contract
from audition.domain.drift import DriftEvidence, DriftRun, InvalidRun
from audition.domain.drift_plan import DriftPlan, PlannedRun
from audition.domain.drift_traffic import DriftTraffic
from audition.domain.drift_validity import can_still_decide, invalid_reasons, is_ours
from audition.domain.probe_plan import AskVerb, ProbePlan
from audition.domain.sink import sink_port
from audition.probing.backfill import Backfill, with_firings
from audition.probing.drift_run import RunInProgress, UnusableRunError, draw_rows
from audition.probing.drift_scrapes import Families, Recorder
from audition.probing.session import Runner, Session
from audition.probing.sink import Sink, listening

Say = Callable[[str], Awaitable[None]]
_TRIES = 2
#: A start takes at least this long; what it really takes is known after the first.
_START_SECONDS = 2.0
_NO_TIME = "It was not done: the time of the stage was over."
_TOO_SLOW = "Answers came so late that the time of the stage was over before its end."
_NO_USE = "It was not done: too many runs before it could not be used for this one to decide anything."


class Protocol:
    """A plan on its way."""

    def __init__(
        self,
        contract: Contract,
        plan: DriftPlan,
        traffic: DriftTraffic,
        runner: Runner,
        alerts: Backfill | None = None,
    ) -> None:
        """Start nothing yet; `alerts` are tried over what was scraped when all runs are done."""
        self._contract = contract
        self._plan = plan
        self._traffic = traffic
        self._runner = runner
        self._alerts = alerts
        self._families = Families()
        self._slowest_start = _START_SECONDS
        self._sink: Sink | None = None

    async def take(self, most_seconds: float, say: Say) -> DriftEvidence:
        """Do every run for which there is time and use.

        Args:
            most_seconds: How long all of it may take.
            say: Told how far it is.
        """
        if not self._contract.monitoring.trigger_variable:
            return await self._take(most_seconds, say)
        async with listening(sink_port(self._contract)) as self._sink:
            return await self._take(most_seconds, say)

    async def _take(self, most_seconds: float, say: Say) -> DriftEvidence:
        ends_at = time.monotonic() + most_seconds
        valid: list[DriftRun] = []
        lost: list[InvalidRun] = []
        for run in self._plan.runs:
            if not can_still_decide(self._plan, {invalid.number for invalid in lost}):
                lost.append(InvalidRun(number=run.number, reasons=(_NO_USE,)))
                continue
            done = await self._tried(run, ends_at, say)
            if isinstance(done, InvalidRun):
                lost.append(done)
            else:
                valid.append(done)
        await self._runner.ask(AskVerb.KILL)
        names, runs = await with_firings(self._alerts, valid) if self._alerts else ((), valid)
        return DriftEvidence(
            plan=self._plan,
            runs=tuple(runs),
            drift_alerts=names,
            invalid=tuple(lost),
            families=tuple(self._families.known.values()),
            signals=self._contract.monitoring.signals,
            columns=self._traffic.columns,
        )

    async def _tried(self, run: PlannedRun, ends_at: float, say: Say) -> DriftRun | InvalidRun:
        """A valid run, or why there is none."""
        lost = InvalidRun(number=run.number, reasons=(_NO_TIME,))
        for repeat in range(_TRIES):
            if time.monotonic() + self._slowest_start + self._plan.seconds_of(run) > ends_at:
                break
            again = ", again" if repeat else ""
            await say(f"Drift run {run.number} of {len(self._plan.runs)}{again}")
            try:
                # A service that answers late is waited for, but not beyond the end of the stage.
                async with asyncio.timeout(ends_at - time.monotonic()):
                    done = await self._one(run, repeat)
            except TimeoutError:
                return InvalidRun(number=run.number, reasons=(_TOO_SLOW,))
            if isinstance(done, DriftRun):
                return done
            lost = done
        return lost

    async def _one(self, run: PlannedRun, repeat: int) -> DriftRun | InvalidRun:
        began = time.monotonic()
        session = Session(self._session_plan(), self._runner)
        recorder = Recorder(self._families, self._contract.monitoring.signals)
        rows = draw_rows(self._traffic, self._plan, run)
        try:
            done = await RunInProgress(session, self._plan, run, rows, recorder, self._sink).do(repeat)
        except UnusableRunError as error:
            return InvalidRun(number=run.number, reasons=(str(error),), is_ours=error.is_ours)
        finally:
            session.close()
        took = time.monotonic() - began - self._plan.seconds_of(run)
        self._slowest_start = max(self._slowest_start, took)
        reasons = invalid_reasons(done, tuple(self._families.known.values()))
        return InvalidRun(number=run.number, reasons=reasons, is_ours=is_ours(done)) if reasons else done

    def _session_plan(self) -> ProbePlan:
        monitoring = self._contract.monitoring
        return ProbePlan(
            serving=self._contract.serving,
            rows=(self._traffic.row(0),),
            metrics_path=monitoring.path,
            metrics_port=monitoring.port,
            probes=(),
            seed=self._plan.seed,
        )
