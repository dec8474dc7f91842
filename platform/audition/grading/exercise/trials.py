"""The candidate's tests on its own code, and on mutants of it."""

from collections.abc import Generator
from dataclasses import replace

from audition.domain.contract import Command
from audition.domain.exercise import Step
from audition.grading.exercise.mutants import NEUTRAL, make_mutants
from audition.grading.exercise.reach import reached
from audition.grading.exercise.stand import Stand

_SHARE = 0.1
"""Of the stage's time, for each run."""
_MUTANTS = 6
"""Source: the grader catalogue, J4."""


def try_tests(stand: Stand, command: Command) -> Generator[Step, bool, None]:
    """Twice on code that means the same, which shows flaky tests; then on mutants of what the tests reach."""
    modules = reached(stand.tree)
    texts = {path: text.content for path in modules if (text := stand.tree.text(path)) is not None}
    stand.workspace()
    is_well = yield stand.step("tests.own", command, {}, share=_SHARE, about="the code as it was submitted")
    if not is_well:
        return
    stand.workspace({path: text.encode() + NEUTRAL for path, text in texts.items()})
    about = "the same code, with a comment at the end of each file"
    if not (yield stand.step("tests.again", command, {}, share=_SHARE, about=about)):
        return
    for number, (mutant, content) in enumerate(make_mutants(modules, texts, _MUTANTS, stand.seed), 1):
        stand.workspace({mutant.file: content})
        about = f"{mutant.kind} in {mutant.file}, line {mutant.line}"
        step = stand.step(f"tests.mutant-{number}", command, {}, share=_SHARE, about=about)
        yield replace(step, mutant=mutant)
