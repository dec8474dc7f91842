"""Do the candidate's tests pass on its code, and fail when that is broken? They were run on both."""

from audition.domain.exercise import Attempt, Exercise
from audition.domain.grade import Dimension, Evidence
from audition.grading import CheckList, Need, Result, Workspace, check
from audition.grading.versions import content_version
from graders.exercised import Tried, ending, seen, tried, unfinished

_PASS, _KILL = 0.3, 0.7
"""Parts of the points. Source: the grader catalogue, J4."""


@check(
    "code.tests.matter",
    "The tests pass, and fail when the code is broken",
    points=3,
    why="Tests that pass whatever the code does protect nothing.",
    fix="Assert what functions return for known inputs, at the edges of ranges too, and what they must refuse.",
)
def matter(workspace: Workspace) -> Result:
    """0.3 for passing twice on own code, 0.7 times the share of mutants on which they fail (catalogue J4)."""
    found = tried(workspace, Exercise.TESTS, "test command", Dimension.PIPELINE)
    if isinstance(found, Result):
        return found
    own, again = found.of("own"), found.of("again")
    if own is None:
        return unfinished(found, "tests")
    if not own.is_well:
        return found.result(
            0, f"The tests do not pass on the submission's own code: they {_they(own)}.", seen(own)
        )
    if again is None:
        return unfinished(found, "tests")
    if not again.is_well:
        sentence = (
            "The tests are flaky: they passed once and then failed on the same code (with a comment more)."
        )
        return found.result(0, sentence, seen(own), seen(again))
    return _on_mutants(found)


def _they(attempt: Attempt) -> str:
    return ending(attempt).replace("was ", "were ", 1)


def _on_mutants(found: Tried) -> Result:
    run = [a for a in found.evidence.starting(f"{Exercise.TESTS}.") if a.step.mutant is not None]
    # What a busy machine ended is no fault that was noticed.
    mutants = [attempt for attempt in run if not attempt.was_starved]
    if not mutants and found.exercise in found.evidence.omitted:
        return unfinished(found, "tests")
    if not mutants:
        sentence = "The tests pass, but import no code of the submission in which a fault could be seeded."
        return found.result(_PASS, sentence)
    survivors = [attempt for attempt in mutants if attempt.is_well]
    share = _PASS + _KILL * (1 - len(survivors) / len(mutants))
    if not survivors:
        return found.result(share, f"The tests pass, and fail on each of {len(mutants)} seeded faults.")
    sentence = f"The tests pass, but {len(survivors)} of {len(mutants)} seeded faults go unnoticed."
    return found.result(share, sentence, *(_place(attempt) for attempt in survivors))


def _place(attempt: Attempt) -> Evidence:
    mutant = attempt.step.mutant
    if mutant is None:
        return seen(attempt)
    summary = f"{mutant.kind}: `{mutant.before}` became `{mutant.after}`, and the tests still pass"
    return Evidence(summary=summary, file=mutant.file, line=mutant.line)


grader = CheckList(
    name="own-tests",
    version=content_version("1", __file__),
    dimension=Dimension.PIPELINE,
    needs=frozenset({Need.EXERCISE}),
    checks=(matter,),
)
