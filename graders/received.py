"""The answers and what a submission predicted for them, read once for all graders of a container."""

from dataclasses import dataclass
from pathlib import Path

from audition.grading import Workspace
from graders.answers import Answers, answers_of
from graders.predictions import Predictions, read_predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Both, side by side."""

    answers: Answers
    predictions: Predictions


class _Last:
    """What was read last: four graders and their checks ask for the same files, which may have a million rows."""

    def __init__(self) -> None:
        self._key: object = None
        self._found: Received | None = None

    def read(self, workspace: Workspace, path: Path) -> Received:
        manifest = workspace.manifest
        stamps = (_stamp(path), _stamp(workspace.answers / manifest.answers.file))
        key = (stamps, manifest.metric, manifest.output, manifest.answers)
        if self._found is None or key != self._key:
            known = answers_of(workspace.answers, manifest)
            form = manifest.metric.form
            said = read_predictions(path, manifest.output, frozenset(known.values), form)
            self._found, self._key = Received(answers=known, predictions=said), key
        return self._found


_last = _Last()


def received(workspace: Workspace) -> Received | None:
    """What the submission wrote, usable or not; None when there is no file.

    Raises:
        ValueError: The answers are not what the metric needs; the author's fault.
    """
    path = workspace.output()
    return None if path is None else _last.read(workspace, path)


def usable(workspace: Workspace) -> Received | None:
    """What the submission wrote, if a metric can be computed from it.

    Raises:
        ValueError: The answers are not what the metric needs; the author's fault.
    """
    found = received(workspace)
    return found if found is not None and found.predictions.is_usable else None


def _stamp(path: Path) -> tuple[Path, int, int]:
    facts = path.stat()
    return path, facts.st_mtime_ns, facts.st_size
