"""How long it takes to grade recorded runs again, and whether the same evidence gives the same grades.

Through the whole platform: a reviewer's request, the queue, a worker, the containers of unpack, score and judge. No
candidate's code runs. A few runs are recorded and graded again in turn, so often that the asked number is reached.
"""

from collections.abc import Callable, Mapping
from statistics import median

from audition.domain.grade import Grade
from audition.services.retry import regrade
from tests.bench.overhead import at_once, await_graded
from tests.bench.processors import Spent, spent
from tests.pipeline import REVIEWER
from tests.stack import Stack

_RECORDED = 20
_THOUSAND = 1000
_REASON = "Measured."


def report(stack: Stack, runs: int, say: Callable[[str], None]) -> str:
    """Record, grade again, compare.

    Args:
        stack: Running, with the challenge published.
        runs: How many are graded again in all.
        say: Told of each turn.
    """
    at_once(stack, min(runs, _RECORDED))
    before = _grades(stack)
    turns, different = [], 0
    for turn in range(-(-runs // len(before))):
        turns.append(_turn(stack, list(before)))
        after = _grades(stack)
        different += sum(after[key] != grades for key, grades in before.items())
        say(f"{(turn + 1) * len(before):5} graded again, {turns[-1].wall_seconds:.1f} s for {len(before)}")
    return _table(turns, len(before), different, stack.settings.workers)


def _turn(stack: Stack, ids: list[str]) -> Spent:
    """All recorded runs once, asked for together."""
    with spent() as used:
        for submission_id in ids:
            regrade(stack.ports, REVIEWER, submission_id, _REASON)
        await_graded(stack, ids)
    return used


def _grades(stack: Stack) -> Mapping[str, tuple[Grade, ...]]:
    """What is published of each submission."""
    with stack.ports.unit_of_work() as uow:
        return {s.id: uow.grades.of_run(uow.runs.latest(s.id).id) for s in uow.submissions.recent()}


def _table(turns: list[Spent], size: int, different: int, workers: int) -> str:
    total, count = sum(turn.wall_seconds for turn in turns), len(turns) * size
    each = median(turn.wall_seconds for turn in turns) / size
    lines = [
        f"\n{count:,} recorded runs graded again, {workers} workers",
        f"  in all                                     {total:9.1f} s",
        f"  for each, median of {len(turns):3} turns              {each:9.3f} s",
        f"  for 1,000                                  {each * _THOUSAND:9.0f} s",
        f"  processor seconds for each                 {sum(t.busy_seconds for t in turns) / count:9.3f} s",
        f"  whose grades were others than before       {different:9}",
    ]
    return "\n".join(lines)
