"""Take files from a trusted container: bytes are counted and hashed, never looked into."""

import tempfile
from collections.abc import Callable

from audition import codec
from audition.domain.contract import Collection
from audition.domain.errors import UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.run import Stage
from audition.ports import Served
from audition.services.claim import Claimed
from audition.services.runner import Runner

#: What a keeper is told to collect with; see audition.grading.__main__.
COLLECT_SIGNAL = "SIGUSR1"
_MAX_DOCUMENT = 2 << 20
_COLLECT_SECONDS = 60.0


def receive(runner: Runner, keeper: Served) -> tuple[Collection, tuple[str, ...]]:
    """Take a collection and its files from a keeper; bytes are counted and hashed, never looked into.

    Raises:
        UnavailableError: The keeper failed, or the bytes are not those it announced.
    """
    line = keeper.read_line(_MAX_DOCUMENT, _COLLECT_SECONDS)
    collection = codec.from_json(Collection, line, what="collection", max_bytes=_MAX_DOCUMENT)
    digests = []
    for file in collection.files:
        with tempfile.TemporaryFile() as sink:
            keeper.read_into(sink, file.bytes, _COLLECT_SECONDS)
            sink.seek(0)
            digest, _ = runner.ports.blobs.put_stream(sink, file.bytes)
        if digest != file.sha256:
            msg = f"{file.name} arrived with another digest than was announced."
            raise UnavailableError(msg)
        digests.append(digest)
    return collection, tuple(digests)


def collect(
    runner: Runner, claimed: Claimed, keeper: Served, stage: Stage, kind: Callable[[str], ArtifactKind]
) -> tuple[Collection, tuple[Artifact, ...]]:
    """Have a keeper collect what a stage wrote, and store it.

    Args:
        runner: What collects, and where it is stored.
        claimed: The run.
        keeper: Holds the volume that was written to.
        stage: What wrote it.
        kind: What a file is, by its name.

    Raises:
        UnavailableError: The keeper failed, or the bytes are not those it announced.
    """
    keeper.signal(COLLECT_SIGNAL)
    collection, digests = receive(runner, keeper)
    artifacts = tuple(
        Artifact(
            run_id=claimed.run.id,
            fence=claimed.fence,
            stage=stage,
            kind=kind(file.name),
            name=file.name,
            digest=digest,
            bytes=file.bytes,
        )
        for file, digest in zip(collection.files, digests, strict=True)
    )
    return collection, artifacts
