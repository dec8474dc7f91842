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
_LEAST_SECONDS = 10.0
_PATIENCE = 4.0
"""A mutant gets this many times as long as the code itself took."""
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
    began = stand.elapsed()
    about = "the same code, with a comment at the end of each file"
    if not (yield stand.step("tests.again", command, {}, share=_SHARE, about=about)):
        return
    # A fault may keep a program from ever ending: then the tests have noticed, and nobody needs to wait for long.
    most = max(_LEAST_SECONDS, _PATIENCE * (stand.elapsed() - began))
    for number, (mutant, content) in enumerate(make_mutants(modules, texts, _MUTANTS, stand.seed), 1):
        stand.workspace({mutant.file: content})
        about = f"{mutant.kind} in {mutant.file}, line {mutant.line}"
        step = stand.step(f"tests.mutant-{number}", command, {}, share=_SHARE, about=about)
        yield replace(step, mutant=mutant, time_seconds=min(step.time_seconds, most))
