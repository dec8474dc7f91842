"""Have trusted containers draw what candidates made for people: the worker passes bytes on and reads none."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
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
from audition.domain.sources import MOST_BYTES, sources_of
from audition.domain.texts import texts_of
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.mounts import blob, tree_volume
from audition.services.runner import GRADER_IMAGE, Runner

_log = logging.getLogger(__name__)
_STAGE = "draw"
_SOURCES_FILE = "sources.json"
_NOTHING = Drawn(html="")
#: As JSON, in which every character of a page may be escaped.
_MOST_SAID = 2 * MOST_HTML + MOST_BYTES
#: A notebook has 10 MiB at most and its kept outputs 4; its cells are coloured one after the other.
_LIMITS = Limits(
    time_seconds=60.0,
    memory_bytes=1 << 30,
    cpus=1.0,
    pids=64,
    log_bytes=_MOST_SAID,
    flood_bytes=2 * _MOST_SAID,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page to be drawn."""

    kind: ArtifactKind
    name: str
    spec: ContainerSpec


@contextmanager
def drawing_texts(
    runner: Runner, claimed: Claimed, lease: Lease, inventory: Inventory
) -> Iterator[Future[tuple[Artifact, ...]]]:
    """Draw README, model card and other texts, and read the code, beside what happens in the context.

    Nothing where there are no such texts: a container for a few files of code would make every small run longer.

    Leaving the context waits for the container, which ends by itself when the lease is gone.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="draw") as pool:
        yield pool.submit(_draw_texts, runner, claimed, lease, inventory)


def _draw_texts(runner: Runner, claimed: Claimed, lease: Lease, inventory: Inventory) -> tuple[Artifact, ...]:
    texts = texts_of(inventory.entries, inventory.contract.model.card)
    if not texts:
        return ()
    sources = sources_of(inventory.entries)
    asked = {places.TEXTS_VARIABLE: json.dumps(texts), places.SOURCES_VARIABLE: json.dumps(sources)}
    spec = replace(_bare(runner, claimed), environment=asked)
    page = _Page(kind=ArtifactKind.TEXTS_PAGE, name="texts.html", spec=spec)
    return _drawn(runner, claimed, lease, page)


def draw_notebook(
    runner: Runner, claimed: Claimed, lease: Lease, inventory: Inventory, left: tuple[Artifact, ...]
) -> tuple[Artifact, ...]:
    """The notebook as it ran, else as it was sent; nothing where there is none or it cannot be drawn.

    That a page is not drawn is a limit of ours: it costs nothing, and reviewers have the files.

    Args:
        runner: Where it is drawn.
        claimed: The run.
        lease: Of the run.
        inventory: With the notebook.
        left: What the run left so far.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
    """
    notebook = inventory.contract.notebook
    if notebook is None:
        return ()
    ran = tuple(
        blob(runner, artifact.digest, str(places.NOTEBOOK_FILE))
        for artifact in left
        if artifact.kind == ArtifactKind.NOTEBOOK
    )
    bare = _bare(runner, claimed)
    spec = replace(
        bare,
        image=runner.images[NOTEBOOK_IMAGES[claimed.version.manifest.image]],
        argv=(*DRAWER, str(places.NOTEBOOK_FILE), str(places.SUBMISSION / notebook.path)),
        mounts=(*bare.mounts, *ran),
    )
    page = _Page(kind=ArtifactKind.NOTEBOOK_PAGE, name="notebook.html", spec=spec)
    return _drawn(runner, claimed, lease, page)


def _bare(runner: Runner, claimed: Claimed) -> ContainerSpec:
    return ContainerSpec(
        stage=_STAGE,
        image=runner.images[GRADER_IMAGE],
        argv=("python", "-m", "audition.grading", "texts"),
        profile=Profile.GRADER,
        ownership=claimed.owner,
        limits=_LIMITS,
        mounts=(tree_volume(claimed.version, is_writable=False),),
        slot=runner.slot,
    )


def _drawn(runner: Runner, claimed: Claimed, lease: Lease, page: _Page) -> tuple[Artifact, ...]:
    drawn = _said(runner, claimed, lease, page)
    left: list[Artifact] = []
    if drawn.html:
        left.append(_kept(runner, claimed, page.kind, page.name, drawn.html.encode()))
    if drawn.sources.files:
        data = codec.to_json(drawn.sources)
        left.append(_kept(runner, claimed, ArtifactKind.SOURCES, _SOURCES_FILE, data))
    return tuple(left)


def _kept(runner: Runner, claimed: Claimed, kind: ArtifactKind, name: str, data: bytes) -> Artifact:
    return Artifact(
        run_id=claimed.run.id,
        fence=claimed.fence,
        stage=Stage.PREDICT,
        kind=kind,
        name=name,
        digest=runner.ports.blobs.put(data),
        bytes=len(data),
    )


def _said(runner: Runner, claimed: Claimed, lease: Lease, page: _Page) -> Drawn:
    """What the container drew; empty where it could not."""
    check_lease(lease)
    try:
        exit_ = runner.sandbox.run(page.spec, lease.should_stop)
    except UnavailableError as error:
        check_lease(lease)
        _log.warning("run %s: %s was not drawn: %s", claimed.run.id, page.name, error.detail)
        return _NOTHING
    check_lease(lease)
    drawn = _read(exit_)
    if drawn is _NOTHING:
        said = exit_.stderr[-500:].decode(errors="replace").strip()
        _log.warning("run %s: drawing %s ended with %s: %s", claimed.run.id, page.name, exit_.exit_code, said)
    return drawn


def _read(exit_: Exit) -> Drawn:
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        return _NOTHING
    try:
        drawn = codec.from_json(Drawn, exit_.stdout, what="drawn page", max_bytes=_MOST_SAID)
    except InvalidError:
        return _NOTHING
    is_within = len(drawn.html.encode()) <= MOST_HTML and len(codec.to_json(drawn.sources)) <= 2 * MOST_BYTES
    return drawn if is_within else _NOTHING
