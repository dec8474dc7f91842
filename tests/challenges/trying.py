"""Try a repository's commands as the exercise stage does, but as processes: the leader and its steps, no containers."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.contract import Contract
from audition.domain.exercise import (
    ENDED_BADLY,
    WENT_WELL,
    Attempt,
    Exercise,
    ExerciseEvidence,
    Step,
    Turn,
    end_of_log,
)
from audition.domain.run import Verdict
from audition.grading.exercise.lead import lead
from audition.grading.exercise.stand import Stand

_PLACES = (places.WORKSPACE, places.GIVEN, places.OUT)


@dataclass(frozen=True)
class Trial:
    """What came of some commands, and where the predictions are that they left."""

    evidence: ExerciseEvidence
    outputs: Path

    def beside(self, other: "Trial") -> "Trial":
        """These attempts, and those of another trial at the commands that were not tried here."""
        mine = {attempt.step.exercise for attempt in self.evidence.attempts}
        theirs = tuple(a for a in other.evidence.attempts if a.step.exercise not in mine)
        named = tuple(name for name in other.evidence.outputs if Exercise(name.partition(".")[0]) not in mine)
        for name in named:
            shutil.copy(other.outputs / name, self.outputs / name)
        attempts, outputs = (*self.evidence.attempts, *theirs), (*self.evidence.outputs, *named)
        return replace(self, evidence=replace(self.evidence, attempts=attempts, outputs=outputs))


def attempt_all(
    root: Path, manifest: Manifest, contract: Contract, only: Iterable[Exercise] = Exercise
) -> Trial:
    """Try commands of the submission that is unpacked under `root`, where the inputs are, too.

    Args:
        root: What the leader's container would see as /.
        manifest: The challenge's.
        contract: The submission's.
        only: Which exercises; none depends on another.
    """
    for place in _PLACES:
        _at(root, place).mkdir(parents=True)
    scratch = root / "scratch"
    scratch.mkdir()
    worker = _Worker(root, frozenset(only))
    lead(Stand(root, scratch, manifest, contract, 7), worker.note, worker.answer)
    outputs = tuple(path.name for path in (scratch / "kept").iterdir())
    evidence = ExerciseEvidence(attempts=tuple(worker.attempts), omitted=worker.omitted, outputs=outputs)
    return Trial(evidence, scratch / "kept")


class _Worker:
    """Runs what the leader says, and remembers how it ended."""

    def __init__(self, root: Path, wanted: frozenset[Exercise]) -> None:
        self._root = root
        self._wanted = wanted
        self._step: Step | None = None
        self.attempts: list[Attempt] = []
        self.omitted: dict[Exercise, str] = {}

    def note(self, turn: Turn) -> None:
        """Hear the next turn: what the step before left, and the step to do."""
        if turn.left:
            self.attempts[-1] = replace(self.attempts[-1], left=turn.left)
        self.omitted |= turn.omitted
        self._step = turn.step

    def answer(self) -> str:
        """Do the step and say how it ended; the first of an exercise that nobody wants is said to have failed."""
        if self._step is None or self._step.exercise not in self._wanted:
            return ENDED_BADLY
        self.attempts.append(self._run(self._step))
        return WENT_WELL if self.attempts[-1].is_well else ENDED_BADLY

    def _run(self, step: Step) -> Attempt:
        began = time.monotonic()
        folder = _at(self._root, places.WORKSPACE)
        told = {"AUDITION_IN": "/in", "AUDITION_OUT": "/out"} | step.environment
        environment = dict(zip(told, self._here(told.values()), strict=True))
        done = subprocess.run(
            [sys.executable if word == "python" else word for word in self._here(step.argv)],
            cwd=folder,
            env=os.environ | environment | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            timeout=step.time_seconds,
            check=False,
        )
        verdict = Verdict.ACCEPTED if done.returncode == 0 else Verdict.NONZERO_EXIT
        seconds, log = time.monotonic() - began, end_of_log((done.stdout, done.stderr))
        return Attempt(step=step, verdict=verdict, exit_code=done.returncode, seconds=seconds, log=log)

    def _here(self, words: Iterable[str]) -> Iterator[str]:
        """Paths of containers become those under our root."""
        return (f"{self._root}{word}" if word.startswith("/") else word for word in words)


def _at(root: Path, place: object) -> Path:
    return root / str(place).lstrip("/")
