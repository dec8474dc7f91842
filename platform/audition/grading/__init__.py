"""The kit that graders are written with. It needs the domain and one validation library, nothing else.

A grader is an object with `name`, `version`, `dimension`, `needs` and `grade(workspace)`, registered in the
entry-point group `audition.graders`. Most are a `CheckList` of small functions made with `@check`.
"""

from audition.grading.checks import (
    Check,
    CheckList,
    Result,
    blocked,
    check,
    failed,
    informative,
    not_applicable,
    not_assessed,
    partial,
    passed,
)
from audition.grading.faults import ChallengeFaultError
from audition.grading.workspace import Need, Workspace

__all__ = [
    "ChallengeFaultError",
    "Check",
    "CheckList",
    "Need",
    "Result",
    "Workspace",
    "blocked",
    "check",
    "failed",
    "informative",
    "not_applicable",
    "not_assessed",
    "partial",
    "passed",
]
