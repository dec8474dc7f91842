"""The course of a whole task: several starts of the service, put together as one evidence.

The main session comes first, with every probe and a service that nothing was done to yet; it ends with SIGTERM. Then
come a start that is killed and repeated, starts under more and more restrictions, and one without the model.
"""

import asyncio
import time
from dataclasses import replace

from audition.domain.exercise import OtherModel
from audition.domain.pod import PodEvidence
from audition.domain.probe import ServiceEvidence, Unfinished, merged
from audition.domain.probe_plan import (
    ALL_PROBES,
    AskVerb,
    Prediction,
    Probe,
    ProbePlan,
    ProbeTask,
    Start,
)
from audition.domain.probe_runtime import (
    LadderEvidence,
    MaskedEvidence,
    RestartEvidence,
    SwappedEvidence,
)
from audition.domain.service import Restriction
from audition.probing.alerting import probe_alerting
from audition.probing.inputs import Inputs
from audition.probing.logs import look_at_logs
from audition.probing.payloads import agree
from audition.probing.pods import look_at_pod
from audition.probing.prober import probe_service
from audition.probing.reaching import Reaching
from audition.probing.session import CannotProbeError, Runner, Session
from audition.probing.starting import probe_start

_RESTART_ROWS = 10
_SLOW_START_SECONDS = 15.0
#: A service that fails without its model does so at once or never; the whole of its start-up time is not waited for.
_MASKED_SECONDS = 20.0


def plan_of(task: ProbeTask, inputs: Inputs, probes: tuple[Probe, ...]) -> ProbePlan:
    """A session of a task."""
    contract = task.contract
    return ProbePlan(
        serving=contract.serving,
        rows=inputs.rows,
        metrics_path=contract.monitoring.path,
        metrics_port=contract.monitoring.port,
        scrape_interval_seconds=contract.monitoring.scrape_interval_seconds,
        slo=contract.slo if contract.says("slo") else None,
        offline=inputs.offline,
        tolerance=contract.model.offline_tolerance,
        probes=probes,
        seed=task.seed,
        reference=task.reference,
        expected_versions=(contract.model.version,) if contract.model.version else (),
        pace=task.pace,
    )


class Course:
    """A task on its way."""

    def __init__(self, task: ProbeTask, inputs: Inputs, runner: Runner) -> None:
        """Start nothing yet."""
        self._task = task
        self._inputs = inputs
        self._runner = runner
        self._began = time.monotonic()

    @property
    def _left(self) -> float:
        """Seconds until the end of the stage."""
        return self._inputs.most_seconds - (time.monotonic() - self._began)

    def _has_time(self, starts: int) -> bool:
        """Whether so many starts fit into what is left, even slow ones."""
        return self._left > starts * min(_SLOW_START_SECONDS, self._task.contract.serving.startup_seconds)

    async def take(self) -> ServiceEvidence:
        """Every start in turn; if the first gives no prediction, the others would not either."""
        if self._task.probes:
            return await self._session(self._task.probes)
        async with Reaching() as reaching:
            main = await self._session(ALL_PROBES)
            main = replace(main, network=reaching.seen() if main.starts else None)
        logs = await self._runner.ask(AskVerb.LOGS)
        if not logs.trouble and main.starts:
            main = replace(main, logs=look_at_logs(logs.logs, main.canaries))
        if not main.has_predicted:
            return main
        again, restart = await self._restart() if self._has_time(2) else ((), None)
        ladder = await self._ladder() if self._has_time(len(Restriction)) else None
        pod, lost = await self._pod() if self._has_time(2) else (None, ())
        masked = await self._masked() if self._has_time(1) else None
        retrained = await self._swapped(OtherModel.RETRAINED) if self._has_time(1) else None
        older = await self._swapped(OtherModel.OLDER) if self._has_time(1) else None
        alerting = await self._alerting()
        await self._runner.ask(AskVerb.KILL)
        seen = merged((main, *again, alerting))
        return replace(
            seen,
            restart=restart,
            ladder=ladder,
            masked=masked,
            retrained=retrained,
            older=older,
            pod=pod,
            unfinished=(*seen.unfinished, *lost),
        )

    async def _session(self, probes: tuple[Probe, ...], start: Start | None = None) -> ServiceEvidence:
        answer = await self._runner.ask(AskVerb.START, start or Start())
        if answer.trouble:
            reason = f"The service was not started. {answer.trouble}"[:300]
            lost = tuple(Unfinished(probe=probe.value, reason=reason, is_ours=True) for probe in probes)
            return ServiceEvidence(seed=self._task.seed, unfinished=lost)
        plan = replace(plan_of(self._task, self._inputs, probes), most_seconds=self._left)
        return await probe_service(plan, self._runner)

    async def _restart(self) -> tuple[tuple[ServiceEvidence, ...], RestartEvidence | None]:
        """Predictions, SIGKILL, a start, and the same rows again; both starts count for the time to start."""
        first = await self._session((Probe.START,))
        before = await self._predictions()
        await self._runner.ask(AskVerb.KILL)
        second = await self._session((Probe.START,))
        after = await self._predictions()
        if before is None or not second.starts:
            return (first, second), None
        pairs = zip(before, after or (), strict=False)
        agreeing = sum(agree(one, other, self._task.contract.model.offline_tolerance) for one, other in pairs)
        evidence = RestartEvidence(is_ready_again=second.has_predicted, rows=len(before), agreeing=agreeing)
        return (first, second), evidence

    async def _predictions(self) -> tuple[Prediction, ...] | None:
        session = Session(plan_of(self._task, self._inputs, ()), self._runner)
        try:
            return await session.predictions(list(self._inputs.rows[:_RESTART_ROWS]))
        finally:
            session.close()

    async def _ladder(self) -> LadderEvidence:
        """One start a step, until one gives no prediction; the first step is how it ran all the time."""
        reached, user = 1, (await self._runner.ask(AskVerb.STATE)).user
        for step in list(Restriction)[1:]:
            seen = await self._session((Probe.START, Probe.CONTRACT), Start(restriction=step))
            if not seen.has_predicted or seen.contract is None or not seen.contract.is_usable:
                return LadderEvidence(
                    tried=len(Restriction), reached=reached, broke=step.name.lower(), user=user
                )
            reached = int(step)
        return LadderEvidence(tried=len(Restriction), reached=reached, user=user)

    async def _pod(self) -> tuple[PodEvidence | None, tuple[Unfinished, ...]]:
        """A start as the manifests have it; None where there are none, or the engine would not."""
        if self._task.pod is None:
            return None, ()
        try:
            plan = replace(plan_of(self._task, self._inputs, ()), most_seconds=self._left)
            return await look_at_pod(self._task.pod, plan, self._runner), ()
        except CannotProbeError as error:
            return None, (Unfinished(probe="pod", reason=str(error)[:300], is_ours=error.is_ours),)

    async def _alerting(self) -> ServiceEvidence:
        """A start of its own for the alert rules, which ends with a service that is down."""
        if not self._task.rules:
            return ServiceEvidence()
        started = await self._runner.ask(AskVerb.START, Start())
        if started.trouble:
            return _unfinished(f"The service was not started. {started.trouble}"[:300], is_ours=True)
        plan = plan_of(self._task, self._inputs, ())
        session = Session(plan, self._runner)
        try:
            async with asyncio.timeout(max(0.0, self._left)):
                await probe_start(session)
                return ServiceEvidence(alerting=await probe_alerting(session, self._task.rules))
        except TimeoutError:
            return _unfinished("The time of the stage was over.", is_ours=True)
        except CannotProbeError as error:
            return _unfinished(str(error)[:300], is_ours=error.is_ours)
        finally:
            session.close()

    async def _swapped(self, model: OtherModel) -> SwappedEvidence | None:
        """A start with another model; None where there is none, or it was not started."""
        if model not in self._task.other_models:
            return None
        seen = await self._session((Probe.START, Probe.CONTRACT), Start(model=model))
        if not seen.starts:
            return None
        is_usable = seen.contract is not None and seen.contract.is_usable
        return SwappedEvidence(predicted=seen.has_predicted, is_usable=is_usable)

    async def _masked(self) -> MaskedEvidence | None:
        """A start without the model; None when no file is known to be it."""
        contract = self._task.contract
        if not contract.model.path:
            return None
        serving = replace(
            contract.serving, startup_seconds=min(_MASKED_SECONDS, contract.serving.startup_seconds)
        )
        hurried = Course(
            replace(self._task, contract=replace(contract, serving=serving)), self._inputs, self._runner
        )
        seen = await hurried._session((Probe.START,), Start(is_without_model=True))
        if not seen.starts:
            return None
        state = await self._runner.ask(AskVerb.STATE)
        start = seen.starts[0]
        said = start.ready_seconds if contract.serving.routes.ready else start.live_seconds
        return MaskedEvidence(
            was_ready=said is not None,
            predicted=start.predict_seconds is not None,
            is_running=state.is_running,
            exit_code=state.exit_code,
        )


def _unfinished(reason: str, *, is_ours: bool) -> ServiceEvidence:
    return ServiceEvidence(unfinished=(Unfinished(probe="alerting", reason=reason, is_ours=is_ours),))


async def take_course(task: ProbeTask, inputs: Inputs, runner: Runner) -> ServiceEvidence:
    """Do a whole task."""
    return await Course(task, inputs, runner).take()
