"""Run graders: the one place, besides the job boundary, where any exception is caught."""

import time
import traceback
from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Protocol

from audition import codec
from audition.domain.errors import InvalidError
from audition.domain.grade import Dimension, Grade, GradeSheet, GradeStatus
from audition.grading.faults import ChallengeFaultError
from audition.grading.workspace import Need, Workspace

GROUP = "audition.graders"
_MAX_NOTE = 4000


class Grader(Protocol):
    """What a grader is; `CheckList` is one."""

    @property
    def name(self) -> str:
        """Its entry-point name."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever its judgement may."""
        ...

    @property
    def dimension(self) -> Dimension:
        """What it speaks about."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """What it looks at."""
        ...

    def grade(self, workspace: Workspace) -> Grade:
        """Judge the evidence; pure: equal evidence gives an equal grade."""
        ...


def load_graders(names: Iterable[str]) -> list[Grader]:
    """Load graders by entry-point name, ours and strangers' alike.

    Raises:
        LookupError: A name is not registered; the message lists what is.
    """
    registered = {entry.name: entry for entry in entry_points(group=GROUP)}
    wanted = list(names)
    if missing := [name for name in wanted if name not in registered]:
        msg = f"Unknown graders {missing}; registered are {sorted(registered)}."
        raise LookupError(msg)
    return [registered[name].load() for name in wanted]


def run_graders(graders: Iterable[Grader], workspace: Workspace) -> tuple[Grade, ...]:
    """Grades in order; a grader that raises becomes an ERRORED grade, never a zero."""
    return timed_sheet(graders, workspace).grades


def timed_sheet(graders: Iterable[Grader], workspace: Workspace) -> GradeSheet:
    """The same grades, with how long each took; what one grader reads first, the next may have for nothing."""
    grades, seconds = [], {}
    for grader in graders:
        began = time.monotonic()
        grades.append(_grade(grader, workspace))
        seconds[grader.name] = round(time.monotonic() - began, 3)
    return GradeSheet(grades=tuple(grades), seconds=seconds)


def _grade(grader: Grader, workspace: Workspace) -> Grade:
    try:
        grade = grader.grade(workspace)
        # There and back: a grade that cannot be read again (NaN, a wrong type) would spoil all in its document.
        return codec.from_json(Grade, codec.to_json(grade), what=f"the grade of {grader.name}")
    except Exception as error:  # noqa: BLE001  a bug in a grader is ours; it must not take the others down
        return Grade(
            grader=grader.name,
            version=grader.version,
            dimension=grader.dimension,
            status=GradeStatus.ERRORED,
            note=_note(error),
            is_challenge_fault=isinstance(error, ChallengeFaultError),
        )


def _note(error: Exception) -> str:
    """For staff: every problem of a grade that cannot be read, then the end of the traceback."""
    problems = "\n".join(error.problems) if isinstance(error, InvalidError) else ""
    text = f"{problems[:_MAX_NOTE]}\n{traceback.format_exc()[-_MAX_NOTE:]}"
    return text.strip().encode("utf-8", "backslashreplace").decode()
