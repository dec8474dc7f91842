"""What grader containers do while they wait: they get ready what their verb will need, and nothing else.

One module a verb (`warm_keep`, `warm_score`, `warm_judge`) is imported by the container that waits: on a busy machine
its imports cost as much processor time as the container itself.
"""

import os
from importlib import import_module
from importlib.metadata import entry_points

from audition import codec
from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.evidence import RunEvidence
from audition.domain.grade import GradeSheet
from audition.grading.runner import GROUP
from audition.grading.workspace import Need


def get_ready_to_grade(*, with_answers: bool) -> None:
    """Load the challenge's graders, and for those that will be asked also what they load late (`late_imports`)."""
    for kind in (Manifest, RunEvidence, GradeSheet):
        codec.prepare(kind)
    wanted = os.environ.get(places.GRADERS_VARIABLE, "").split()
    for entry in (found for found in entry_points(group=GROUP) if found.name in wanted):
        grader = entry.load()
        if (Need.ANSWERS in grader.needs) == with_answers:
            for name in getattr(grader, "late_imports", ()):
                import_module(name)
