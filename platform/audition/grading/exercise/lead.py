"""Take turns: say what is to be run, wait until it is dead, look, and go on."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

from audition.domain.exercise import AGAIN, ENDED_BADLY, WENT_WELL, Exercise, Left, Step, Turn
from audition.grading.exercise.plans import NotTriedError, Plan, plans
from audition.grading.exercise.stand import OutOfTimeError, Stand

_SIGNALS = {signal.Signals[name] for name in (WENT_WELL, ENDED_BADLY, AGAIN)}
_NO_TIME = "The time for all commands together was over. What was not tried counts for nothing."


def block_signals() -> None:
    """Keep answers pending until they are waited for; unblocked they would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def await_answer() -> str:
    """The name of the signal that the worker answers with."""
    return signal.Signals(signal.sigwait(_SIGNALS)).name


def lead(stand: Stand, say: Callable[[Turn], None], answer: Callable[[], str] = await_answer) -> None:
    """Go through everything that the contract declares; ends with a turn that has no step."""
    omitted: dict[Exercise, str] = {}
    for exercise, plan in plans(stand):
        try:
            for step in _steps(plan, stand, answer):
                say(Turn(left=_taken(stand), step=step))
        except NotTriedError as reason:
            omitted[exercise] = str(reason)
        except OutOfTimeError:
            omitted[exercise] = _NO_TIME
    say(Turn(left=_taken(stand), omitted=omitted))


def _steps(plan: Plan, stand: Stand, answer: Callable[[], str]) -> Iterator[Step]:
    """The steps of a plan, which is told how each ended; one may be asked for once more."""
    try:
        step, is_first = next(plan), True
        while True:
            step = replace(step, is_first=is_first or step.is_first)
            yield step
            while (said := answer()) == AGAIN:
                stand.again()
                yield step
            is_first = is_first and said != WENT_WELL
            step = plan.send(said == WENT_WELL)
    except StopIteration:
        return


def _taken(stand: Stand) -> tuple[Left, ...]:
    left = tuple(stand.left)
    stand.left.clear()
    return left
