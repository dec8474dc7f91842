"""Have a trusted container draw a notebook that ran, for people to read: the worker passes bytes on and reads none."""

import logging

from audition import codec
from audition.domain import places
from audition.domain.contract import Inventory
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import ContainerSpec, Exit, Limits, Profile
from audition.domain.notebook import DRAWER, MOST_HTML, NOTEBOOK_IMAGES, Drawn, Notebook
from audition.domain.run import Stage
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.mounts import blob, tree_volume
from audition.services.runner import Runner

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


def draw_notebook(
    runner: Runner, claimed: Claimed, lease: Lease, inventory: Inventory, left: tuple[Artifact, ...]
) -> tuple[Artifact, ...]:
    """The page of a notebook as it ran, else as it was sent; nothing where there is none or it cannot be drawn.

    That a notebook is not drawn is a limit of ours: it costs nothing, and reviewers have the files.

    Args:
        runner: Where it is drawn.
        claimed: The run.
        lease: Of the run.
        inventory: With the notebook.
        left: What its run left.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
    """
    notebook = inventory.contract.notebook
    if notebook is None:
        return ()
    check_lease(lease)
    try:
        exit_ = runner.sandbox.run(_spec(runner, claimed, notebook, left), lease.should_stop)
    except UnavailableError as error:
        check_lease(lease)
        _log.warning("run %s: its notebook was not drawn: %s", claimed.run.id, error.detail)
        return ()
    check_lease(lease)
    html = _read(exit_)
    if not html:
        said = exit_.stderr[-500:].decode(errors="replace").strip()
        _log.warning("run %s: drawing its notebook ended with %s: %s", claimed.run.id, exit_.exit_code, said)
        return ()
    return (
        Artifact(
            run_id=claimed.run.id,
            fence=claimed.fence,
            stage=Stage.PREDICT,
            kind=ArtifactKind.NOTEBOOK_PAGE,
            name="notebook.html",
            digest=runner.ports.blobs.put(html),
            bytes=len(html),
        ),
    )


def _spec(runner: Runner, claimed: Claimed, notebook: Notebook, left: tuple[Artifact, ...]) -> ContainerSpec:
    ran = tuple(
        blob(runner, artifact.digest, str(places.NOTEBOOK_FILE))
        for artifact in left
        if artifact.kind == ArtifactKind.NOTEBOOK
    )
    return ContainerSpec(
        stage=_STAGE,
        image=runner.images[NOTEBOOK_IMAGES[claimed.version.manifest.image]],
        argv=(*DRAWER, str(places.NOTEBOOK_FILE), str(places.SUBMISSION / notebook.path)),
        profile=Profile.GRADER,
        ownership=claimed.owner,
        limits=_LIMITS,
        mounts=(tree_volume(claimed.version, is_writable=False), *ran),
        slot=runner.slot,
    )


def _read(exit_: Exit) -> bytes:
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        return b""
    try:
        drawn = codec.from_json(Drawn, exit_.stdout, what="drawn notebook", max_bytes=2 * MOST_HTML)
    except InvalidError:
        return b""
    html = drawn.html.encode()
    return html if len(html) <= MOST_HTML else b""
