"""Where commands are tried: folders for the workspace, for what is given and for what is made, and a clock."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from random import Random

from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.contract import Command, Contract, environment_of
from audition.domain.exercise import Exercise, Left, Step
from audition.domain.run import Stage
from audition.grading.exercise.files import copy_out, copy_tree, digest_of, empty
from audition.grading.exercise.table import Table, find_table
from audition.grading.tree import Tree

#: Less than this is too little to try anything in.
_LEAST_SECONDS = 5.0


class OutOfTimeError(Exception):
    """The stage's time is over; what was not tried is not assessed."""


Patch = Mapping[str, bytes | Path | None]
"""Files of a workspace that differ from the submission's: by path, the content, or None for one that is taken away."""


class Stand:
    """What the plans of exercises work with."""

    def __init__(  # noqa: PLR0913  what a stand is made of
        self,
        root: Path,
        scratch: Path,
        manifest: Manifest,
        contract: Contract,
        seed: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock.

        Args:
            root: The folder under which everything is mounted.
            scratch: A folder of our own for what is kept.
            manifest: The challenge's.
            contract: The submission's.
            seed: Equal for equal submissions.
            now: Seconds, from whenever.
        """
        self.manifest = manifest
        self.contract = contract
        self.seed = seed
        self.left: list[Left] = []
        """What the last step left, as far as a plan looked."""
        self.kept = scratch / "kept"
        """Where predictions are kept until all is done."""
        self.kept.mkdir()
        self._artifact = scratch / "artifact"
        self._root = root
        self._now = now
        self._until = now() + manifest.limits_of(Stage.EXERCISE).time_seconds
        self._patch: Patch = {}
        self._is_lasting = False
        self.tree = Tree(self._at(places.SUBMISSION))

    def _at(self, place: PurePosixPath) -> Path:
        return self._root.joinpath(*place.parts[1:])

    @property
    def most_bytes(self) -> int:
        """Largest file that is taken from a candidate."""
        return self.manifest.limits_of(Stage.EXERCISE).output_bytes

    def elapsed(self) -> float:
        """Seconds since whenever."""
        return self._now()

    def random(self, purpose: str) -> Random:
        """Equal for equal submissions; nothing is protected by it."""
        return Random(f"{self.seed} {purpose}")  # noqa: S311

    def workspace(self, patch: Patch | None = None, *, is_lasting: bool = False) -> None:
        """Lay the submission out anew, with some files changed.

        Args:
            patch: What differs.
            is_lasting: Whether commands go on with what those before them left, also one that is run once more.
        """
        self._patch, self._is_lasting = patch or {}, is_lasting
        folder = self._at(places.WORKSPACE)
        empty(folder)
        empty(self._at(places.OUT))
        copy_tree(self._at(places.SUBMISSION), folder)
        for name, content in self._patch.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                place.unlink(missing_ok=True)
            elif isinstance(content, Path):
                shutil.copyfile(content, place)
            else:
                place.write_bytes(content)

    def again(self) -> None:
        """Lay out the same workspace once more, unless commands go on with it as it is."""
        if not self._is_lasting:
            self.workspace(self._patch)

    def give(self, name: str, content: bytes | Path) -> str:
        """Put a file where commands find what they are given; returns its path for them."""
        place = self._at(places.GIVEN) / name
        if isinstance(content, Path):
            shutil.copyfile(content, place)
        else:
            place.write_bytes(content)
        return str(places.GIVEN / name)

    def step(
        self,
        name: str,
        command: Command,
        values: Mapping[str, str],
        *,
        share: float,
        about: str = "",
    ) -> Step:
        """A command with its values, in the workspace that lies there.

        Args:
            name: Exercise and part.
            command: What is run.
            values: What it is given, by name.
            share: Of the stage's time, in (0, 1]: the most that it may take.
            about: What is special about the workspace.

        Raises:
            OutOfTimeError: The stage has no time left for it.
        """
        limit = self.manifest.limits_of(Stage.EXERCISE).time_seconds
        remaining = self._until - self._now()
        if remaining < _LEAST_SECONDS:
            raise OutOfTimeError
        return Step(
            name=name,
            exercise=Exercise(name.partition(".")[0]),
            argv=command.filled(values),
            environment=environment_of(values),
            time_seconds=round(min(share * limit, remaining), 1),
            about=about,
        )

    def take_artifact(self) -> Path | None:
        """The model that training left, copied to where nobody can change it, until the next one is taken.

        It is looked for in {out}, then in the place where the submission has its own.
        """
        model, artifact = self.contract.model.path, self.contract.pipeline.artifact
        copied = self._artifact
        wanted = artifact or model.rpartition("/")[2]
        own = self.digest(model)
        for place, name in ((places.OUT, wanted), (places.WORKSPACE, model)):
            left = copy_out(self._at(place), name, copied, self.most_bytes) if name else None
            # Beside the submission's own model one is new only if it is another one.
            if left is not None and (place == places.OUT or not self._has_own(model) or left.sha256 != own):
                self.left.append(replace(left, is_new=left.sha256 != own))
                return copied
        return None

    def _has_own(self, model: str) -> bool:
        """Whether the workspace was given the submission's own model."""
        return model not in self._patch

    def has_predictions(self, step: str) -> bool:
        """Whether predictions of a step were kept."""
        return any((self.kept / f"{step}.{name}").exists() for name in self.manifest.output.names)

    def keep_artifact(self, name: str) -> None:
        """Keep the model that was taken last, unless it is the submission's own."""
        if digest_of(self._artifact) != self.digest(self.contract.model.path):
            shutil.copyfile(self._artifact, self.kept / name)

    def keep_file(self, path: str, name: str) -> None:
        """Keep a file of the submission."""
        copy_out(self.tree.root, path, self.kept / name, self.most_bytes)

    def keep_predictions(self, step: str) -> bool:
        """Keep the predictions that a step wrote; true when there are some."""
        for name in self.manifest.output.names:
            target = self.kept / f"{step}.{name}"
            left = copy_out(self._at(places.OUT), name, target, self.most_bytes)
            if left is not None:
                self.left.append(left)
                return True
            target.unlink(missing_ok=True)
        return False

    def labelled(self) -> Table | None:
        """The public table with the truth in it."""
        target = self.manifest.answers.answer_column
        return self._table(lambda table: target in table.columns)

    def unlabelled(self) -> Table | None:
        """The public table whose truth is asked for."""
        spec = self.manifest.output
        target = self.manifest.answers.answer_column
        return self._table(lambda table: spec.id_column in table.columns and target not in table.columns)

    def _table(self, fits: Callable[[Table], bool]) -> Table | None:
        return find_table(self._at(places.INPUTS), self.manifest.inputs, fits)

    def input(self, name: str) -> Path | None:
        """A file that the kit holds and that commands find at /in."""
        file = self._at(places.INPUTS) / name
        return file if name in self.manifest.inputs and file.is_file() else None

    def digest(self, path: str) -> str:
        """SHA-256 of one of the submission's files; empty when it is not there."""
        return digest_of(self._at(places.SUBMISSION) / path) if path else ""

    def own_model(self) -> Path | None:
        """The submission's own model."""
        path = self.contract.model.path
        file = self._at(places.SUBMISSION) / path
        return file if path and file.is_file() else None
