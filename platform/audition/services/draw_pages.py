"""Have trusted containers draw what candidates made for people: the worker passes bytes on and reads none."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from audition import codec
from audition.domain import places
from audition.domain.contract import Inventory
from audition.domain.drawn import MOST_HTML, Drawn
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import ContainerSpec, Exit, Limits, Profile
from audition.domain.notebook import DRAWER, NOTEBOOK_IMAGES
from audition.domain.run import Stage
from audition.domain.texts import texts_of
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.mounts import blob, tree_volume
from audition.services.runner import GRADER_IMAGE, Runner

_log = logging.getLogger(__name__)
_STAGE = "draw"
#: A notebook has 10 MiB at most and its kept outputs 4; its cells are coloured one after the other.
_LIMITS = Limits(
    time_seconds=60.0,
    memory_bytes=1 << 30,
    cpus=1.0,
    pids=64,
    log_bytes=2 * MOST_HTML,
    flood_bytes=4 * MOST_HTML,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page to be drawn."""

    kind: ArtifactKind
    name: str
    spec: ContainerSpec


def draw_pages(
    runner: Runner, claimed: Claimed, lease: Lease, inventory: Inventory, left: tuple[Artifact, ...]
) -> Iterator[Artifact]:
    """The notebook as it ran (else as it was sent), and the texts; nothing where there is none or it cannot be drawn.

    That a page is not drawn is a limit of ours: it costs nothing, and reviewers have the files.

    Args:
        runner: Where it is drawn.
        claimed: The run.
        lease: Of the run.
        inventory: With the notebook and the texts.
        left: What the run left so far.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
    """
    for page in _pages(runner, claimed, inventory, left):
        html = _drawn(runner, claimed, lease, page)
        if html:
            yield Artifact(
                run_id=claimed.run.id,
                fence=claimed.fence,
                stage=Stage.PREDICT,
                kind=page.kind,
                name=page.name,
                digest=runner.ports.blobs.put(html),
                bytes=len(html),
            )


def _pages(
    runner: Runner, claimed: Claimed, inventory: Inventory, left: tuple[Artifact, ...]
) -> Iterator[_Page]:
    bare = ContainerSpec(
        stage=_STAGE,
        image=runner.images[GRADER_IMAGE],
        argv=("python", "-m", "audition.grading", "texts"),
        profile=Profile.GRADER,
        ownership=claimed.owner,
        limits=_LIMITS,
        mounts=(tree_volume(claimed.version, is_writable=False),),
        slot=runner.slot,
    )
    paths = texts_of(inventory.entries, inventory.contract.model.card)
    if paths:
        spec = replace(bare, environment={places.TEXTS_VARIABLE: json.dumps(paths)})
        yield _Page(kind=ArtifactKind.TEXTS_PAGE, name="texts.html", spec=spec)
    notebook = inventory.contract.notebook
    if notebook is not None:
        ran = tuple(
            blob(runner, artifact.digest, str(places.NOTEBOOK_FILE))
            for artifact in left
            if artifact.kind == ArtifactKind.NOTEBOOK
        )
        spec = replace(
            bare,
            image=runner.images[NOTEBOOK_IMAGES[claimed.version.manifest.image]],
            argv=(*DRAWER, str(places.NOTEBOOK_FILE), str(places.SUBMISSION / notebook.path)),
            mounts=(*bare.mounts, *ran),
        )
        yield _Page(kind=ArtifactKind.NOTEBOOK_PAGE, name="notebook.html", spec=spec)


def _drawn(runner: Runner, claimed: Claimed, lease: Lease, page: _Page) -> bytes:
    """The HTML; empty where it could not be drawn."""
    check_lease(lease)
    try:
        exit_ = runner.sandbox.run(page.spec, lease.should_stop)
    except UnavailableError as error:
        check_lease(lease)
        _log.warning("run %s: %s was not drawn: %s", claimed.run.id, page.name, error.detail)
        return b""
    check_lease(lease)
    html = _read(exit_)
    if not html:
        said = exit_.stderr[-500:].decode(errors="replace").strip()
        _log.warning("run %s: drawing %s ended with %s: %s", claimed.run.id, page.name, exit_.exit_code, said)
    return html


def _read(exit_: Exit) -> bytes:
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        return b""
    try:
        drawn = codec.from_json(Drawn, exit_.stdout, what="drawn page", max_bytes=2 * MOST_HTML)
    except InvalidError:
        return b""
    html = drawn.html.encode()
    return html if len(html) <= MOST_HTML else b""
