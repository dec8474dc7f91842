"""Make images: import a root file system, build a Dockerfile, look one up.

The classic builder is used on purpose: it is in every engine, takes its context as a tar stream, and obeys
`network_mode`. Our own images are built without any network.
"""

import contextlib
import io
import tarfile
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound

from audition.domain.errors import UnavailableError

#: The owner label is also what the reaper and `images list` look for.
LABELS = {"org.audition.kind": "image"}
_BUILD_STAGE = "org.audition.kind=build-stage"
_KEPT_LINES = 25
_MADE = " ---> "
"""How the builder begins a line with the image that a step made."""
_ABANDONED_SECONDS = 3 * 3600


@dataclass(frozen=True)
class ContextFile:
    """One file of a build context."""

    name: str
    """Path inside the context, with forward slashes."""
    content: Path | bytes
    is_executable: bool = False


@dataclass(frozen=True)
class BuildSource:
    """What an image is built from."""

    files: Sequence[ContextFile]
    """Every file of the context, the Dockerfile among them."""
    args: Mapping[str, str] = field(default_factory=dict)
    """Values of the Dockerfile's ARGs."""
    network: str = "none"
    """What RUN steps may reach; `none` unless a step has to fetch."""


def image_id(client: docker.APIClient, reference: str) -> str | None:
    """Return the id (`sha256:…`) of an image, or None when the engine does not have it."""
    try:
        return str(_inspect(client, reference)["Id"])
    except ImageNotFound:
        return None


def image_size_bytes(client: docker.APIClient, reference: str) -> int:
    """Return the size of an image with all its layers."""
    return int(_inspect(client, reference)["Size"])


def image_user(client: docker.APIClient, reference: str) -> str:
    """Return whom an image names as its user; root when it names nobody."""
    return str(_inspect(client, reference)["Config"]["User"] or "root")


def import_root(client: docker.APIClient, root_tar: Path, reference: str) -> None:
    """Make a one-layer image out of the tar of a root file system.

    Raises:
        UnavailableError: The engine refused it.
    """
    repository, tag = reference.rsplit(":", 1)
    labels = [f"LABEL {key}={value}" for key, value in LABELS.items()]
    try:
        said = client.import_image_from_file(str(root_tar), repository=repository, tag=tag, changes=labels)
    except (DockerException, OSError) as error:
        raise UnavailableError(f"The engine could not import {root_tar.name}: {error}") from error
    if image_id(client, reference) is None:
        raise UnavailableError(f"The engine could not import {root_tar.name}: {str(said).strip()}")


def pull(client: docker.APIClient, reference: str) -> None:
    """Fetch an image from its registry.

    Raises:
        UnavailableError: No registry answers, or it has no such image.
    """
    repository, tag = reference.rsplit(":", 1)
    try:
        client.pull(repository, tag=tag)
    except (DockerException, OSError) as error:
        raise UnavailableError(f"The engine could not pull {reference}: {error}") from error


def build(
    client: docker.APIClient, source: BuildSource, reference: str, on_line: Callable[[str], None]
) -> str:
    """Build an image and return its id.

    Args:
        client: The engine; its time-out is the longest silence of the builder.
        source: What to build from.
        reference: `name:tag` to give it.
        on_line: Called with each line the builder says.

    Raises:
        UnavailableError: A step failed; the message ends with its last lines.
    """
    said: deque[str] = deque(maxlen=_KEPT_LINES)
    with tempfile.TemporaryFile() as stream:
        _write_tar(source.files, stream)
        try:
            events = client.build(
                fileobj=stream,
                custom_context=True,
                tag=reference,
                buildargs=dict(source.args),
                labels=LABELS,
                network_mode=source.network,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=client.timeout,
                use_config_proxy=False,
            )
            for line in _lines(events):
                said.append(line)
                on_line(line)
        except (DockerException, OSError) as error:
            raise _failed(reference, [*said, str(error)]) from error
    built = image_id(client, reference)
    # Builders have been seen to end without a word and without an image.
    if built is None:
        raise _failed(reference, said)
    return built


def remove_build_stages(client: docker.APIClient, said: Iterable[str]) -> None:
    """Remove what earlier stages of a multi-stage build left behind, and what is there of any that ended long ago.

    Those of another build may be what that one copies from next, although no container has them.

    Args:
        client: The engine.
        said: The lines of the build.
    """
    own = tuple(f"sha256:{line.removeprefix(_MADE).strip()}" for line in said if line.startswith(_MADE))
    for image in client.images(filters={"dangling": True, "label": _BUILD_STAGE}):
        if image["Id"].startswith(own) or time.time() - image["Created"] > _ABANDONED_SECONDS:
            with contextlib.suppress(DockerException):
                client.remove_image(image["Id"])


def rename(client: docker.APIClient, old: str, new: str) -> None:
    """Give an image another `name:tag` and take the old one away."""
    add_tag(client, old, new)
    client.remove_image(old, noprune=True)


def add_tag(client: docker.APIClient, reference: str, new: str) -> None:
    """Give an image one more `name:tag`."""
    repository, tag = new.rsplit(":", 1)
    client.tag(reference, repository, tag=tag)


def remove(client: docker.APIClient, reference: str) -> None:
    """Remove a tag, and the image when it was its last one; a missing image is fine."""
    try:
        client.remove_image(reference)
    except ImageNotFound:
        return
    except DockerException as error:
        raise UnavailableError(f"{reference} is in use: {error}", code="image-in-use") from error


def our_tags(client: docker.APIClient) -> list[str]:
    """Return every `name:tag` under the name `audition/`, sorted."""
    images = client.images(name="audition/*")
    return sorted(tag for image in images for tag in image.get("RepoTags") or [])


def _inspect(client: docker.APIClient, reference: str) -> Mapping[str, Any]:
    facts: Mapping[str, Any] = client.inspect_image(reference)  # type: ignore[no-untyped-call]
    return facts


def _lines(events: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Join the builder's stream into lines: an event is whatever a program wrote at once."""
    partial = ""
    for event in events:
        *lines, partial = (partial + str(event.get("stream", ""))).split("\n")
        yield from (line for line in lines if line.strip())
        if "error" in event:
            raise DockerException(str(event["error"]))


def _failed(reference: str, said: Iterable[str]) -> UnavailableError:
    lines = "\n".join(f"  {line}" for line in said)
    return UnavailableError(
        f"The image {reference} could not be built:\n{lines}", code="image-build", transient=False
    )


def _write_tar(
    context: Iterable[ContextFile],
    stream: "tempfile._TemporaryFileWrapper[bytes] | io.BufferedRandom",
) -> None:
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for file in sorted(context, key=lambda file: file.name):
            data = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
            # Nothing of the host's owners, times and modes gets into an image.
            entry = tarfile.TarInfo(file.name)
            entry.size = len(data)
            entry.mode = 0o755 if file.is_executable else 0o644
            tar.addfile(entry, io.BytesIO(data))
    stream.seek(0)
