"""Hold the volumes that a program writes tables into, and take what it wrote when it is dead."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from audition import codec
from audition.domain import places
from audition.domain.challenge import Area, DataFile
from audition.domain.contract import Inventory
from audition.domain.errors import InvalidError
from audition.domain.execution import ContainerSpec, Limits, Ownership, Profile, VolumeMount
from audition.ports import Served
from audition.services.receive import COLLECT_SIGNAL, receive
from audition.services.runner import GRADER_IMAGE, Runner

VOLUME_BYTES = 1 << 30
_INODES = 4096
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """Volumes that a trusted container holds."""

    runner: Runner
    holder: Served

    def collect(self, who: str) -> tuple[DataFile, ...]:
        """Take every file; whoever wrote them must be dead.

        Args:
            who: Wrote them, for the message.

        Raises:
            InvalidError: There are things that are no plain files.
            UnavailableError: The engine failed.
        """
        self.holder.signal(COLLECT_SIGNAL)
        return (*self._received(Area.PUBLIC, who), *self._received(Area.PRIVATE, who))

    def _received(self, area: Area, who: str) -> tuple[DataFile, ...]:
        collection, digests = receive(self.runner, self.holder)
        if collection.refusals:
            msg = f"{who} wrote things into {area} that cannot be used."
            raise InvalidError(msg, code="prepare-output", problems=collection.refusals)
        return tuple(
            DataFile(area=area, name=file.name, digest=digest, bytes=file.bytes)
            for file, digest in zip(collection.files, digests, strict=True)
        )


@contextmanager
def held_volumes(
    runner: Runner, owner: Ownership, limits: Limits, writer: Profile = Profile.AUTHOR
) -> Iterator[Held]:
    """Start what holds both volumes; see `volumes`.

    Raises:
        UnavailableError: The engine failed.
    """
    spec = ContainerSpec(
        stage="hold",
        image=runner.images[GRADER_IMAGE],
        argv=("python", "-m", "audition.grading", "hold"),
        profile=Profile.GRADER,
        ownership=owner,
        limits=limits,
        mounts=volumes(is_writable=False, writer=writer),
        environment={"AUDITION_MAX_FILE_BYTES": str(VOLUME_BYTES)},
        slot=runner.slot,
    )
    with runner.sandbox.serve(spec) as holder:
        codec.from_json(Inventory, holder.read_line(1 << 10, _READY_SECONDS), what="holder")
        yield Held(runner, holder)


def volumes(*, is_writable: bool, writer: Profile = Profile.AUTHOR) -> tuple[VolumeMount, VolumeMount]:
    """For public files and for private ones."""
    public, private = (
        VolumeMount(
            name=place.name,
            target=str(place),
            is_writable=is_writable,
            size_bytes=VOLUME_BYTES,
            inodes=_INODES,
            writer=writer,
        )
        for place in (places.PUBLIC, places.PRIVATE)
    )
    return public, private
