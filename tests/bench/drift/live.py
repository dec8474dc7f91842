"""A full plan of the drift protocol, sent over real HTTP to a service with an honest monitor, and what it takes.

No container is started: the service is a process, so what a container's start adds is not in it (a second or two for
each run). Runs, lengths and rate are the protocol's own.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from audition import codec
from audition.domain.drift import DriftEvidence, problems
from audition.domain.drift_plan import DriftKind, DriftPlan, Injection, Pace, full_plan
from audition.probing.drifting import Protocol
from graders.drift.make_traffic import Data, make_traffic, table_of
from graders.drift.rules import RULES
from graders.drift.study import make_study
from graders.drift.traffic import Slice
from tests.probing.drift_small import SIGNALS, SPEC, make_contract
from tests.services.model import COLUMNS, make_rows
from tests.services.start import Launcher, monitor_service

_SECONDS = 900.0
_SEED = 11
_MONITOR = "psi-200"
_UNIT_ERROR = Injection(kind=DriftKind.UNIT_ERROR, column="income", amount=100.0)
_RELATED = Injection(kind=DriftKind.CORRELATION, column="income", partner="age", amount=0.9)
FIVE = replace(SPEC, family=replace(SPEC.family, others=(*SPEC.family.others, _UNIT_ERROR, _RELATED)))
"""With five kinds besides the mean shift, as the protocol has it."""


def report(say: Callable[[str], None]) -> str:
    """Send it; a table of what it took and what the rules make of it."""
    plan = full_plan(FIVE.family, Pace(window_requests=SIGNALS[_MONITOR].window_requests or 0), _SEED)
    began = time.perf_counter()
    evidence = asyncio.run(_sent(plan, say))
    return "\n".join(_lines(plan, evidence, time.perf_counter() - began))


async def _sent(plan: DriftPlan, say: Callable[[str], None]) -> DriftEvidence:
    lines = [{name: str(value) for name, value in row.items()} for row in make_rows(3000, seed=4)]
    table, whole = table_of(lines, COLUMNS, lines)
    traffic = make_traffic(FIVE, Data(held_out=Slice(table=table, whole=whole), reference=table))
    launcher = Launcher(lambda port: monitor_service(port, _MONITOR))

    async def tell(text: str) -> None:
        say(text)

    try:
        contract = make_contract(launcher.port, SIGNALS[_MONITOR])
        return await Protocol(contract, plan, traffic, launcher).take(_SECONDS, tell)
    finally:
        launcher.close()


def _lines(plan: DriftPlan, evidence: DriftEvidence, seconds: float) -> Iterator[str]:
    sent = sum(sum(plan.phases_of(run).values()) for run in plan.runs)
    paced = sum(plan.seconds_of(run) for run in plan.runs)
    yield f"{len(plan.runs)} runs, {sent:,} requests at {plan.runs[0].rate_per_second:g}/s"
    yield f"  all of it                                  {seconds:7.0f} s"
    yield f"  requests alone                             {paced:7.0f} s"
    yield f"  starts, scrapes, runs that were repeated   {seconds - paced:7.0f} s"
    yield f"  runs that can be used                      {len(evidence.runs):7d}"
    yield f"  runs that were repeated                    {sum(run.repeat for run in evidence.runs):7d}"
    yield f"  the document                               {len(codec.to_json(evidence)) / (1 << 20):7.2f} MiB"
    yield from (f"  run {run.number}: {' '.join(run.reasons)}" for run in evidence.invalid)
    yield from (f"  wrong: {problem}" for problem in problems(evidence))
    study = make_study(evidence)
    for rule in RULES:
        result = rule.judge(study)
        yield f"  {rule.id:<42} {result.share * rule.points:7.2f} of {rule.points:g}"
