"""What runs inside a trusted container: `python -m audition.grading keep|hold|exercise|static|texts|image|score|judge`.

Theory of operation. A trusted container gets its inputs as read-only mounts and says one thing on stdout: JSON
documents, one a line. Everything that libraries print goes to stderr instead, so nothing that a candidate
wrote can pretend to be a document. Exit code 0 means that the documents are complete.

* `keep` unpacks /in/submission into /submission and prints an `Inventory`; it then holds the run's volumes until
  it is killed. On SIGUSR2 it prints a `BuildContext`, followed by a tar; on a second one the same with one source
  file changed; on SIGUSR1 a `Collection` of /out, followed by the bytes of the files.
* `hold` is the same for an author's `prepare`: it collects /public and /private.
* `exercise` leads the trial of the candidate's own commands: it prints a `Turn`, waits for a signal that the step is
  over, and so on; after the last one a `Collection` of predictions, followed by their bytes.
* `static` runs the linters and prints a `StaticResult`.
* `texts` draws what the candidate wrote for people, reads the code as text, and prints a `Drawn`.
* `image` reads an exported image from stdin and prints an `ImageEvidence`.
* `score` runs the graders that need the hidden answers; `judge` runs the others. Both print a `GradeSheet`.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from audition import codec
from audition.domain import places
from audition.domain.build import BuildContext, BuildPlan
from audition.domain.challenge import Manifest
from audition.domain.contract import Entry, Inventory
from audition.domain.drift import DriftEvidence
from audition.domain.evidence import RunEvidence
from audition.domain.exercise import ExerciseEvidence
from audition.domain.extra_rows import MAX_MAP_BYTES, ExtraRows
from audition.domain.image import ImageTask
from audition.domain.notebook import EXECUTED, NOTEBOOK_IMAGES, NotebookRun
from audition.domain.pod import Pod
from audition.domain.probe import ServiceEvidence
from audition.domain.run import Stage
from audition.domain.tools import ToolReports
from audition.domain.variant import MAX_CANARIES_BYTES, VariantFacts
from audition.grading.claims import claims_of
from audition.grading.collect import collect, send
from audition.grading.context import context_bytes, write_context
from audition.grading.drift import read_drift
from audition.grading.ignore import context_entries
from audition.grading.inventory import take_inventory
from audition.grading.notebooks import read_run
from audition.grading.touch import touched_source
from audition.grading.workspace import Need, Workspace

#: More than a prober may say; see audition.services.probe_service.
_MAX_SERVICE = 8 << 20
_AREAS = (places.PUBLIC, places.PRIVATE)
_COLLECT = signal.SIGUSR1
_BUILD = signal.SIGUSR2


@dataclass(frozen=True, slots=True)
class _Room:
    """The container we are in: where its mounts are, and where documents go."""

    root: Path
    channel: BinaryIO

    def at(self, place: PurePosixPath) -> Path:
        """Where a mount is."""
        return self.root.joinpath(*place.parts[1:])

    def say(self, document: object) -> None:
        """Print one document."""
        self.channel.write(codec.to_json(document) + b"\n")
        self.channel.flush()

    def manifest(self) -> Manifest:
        """The challenge's manifest."""
        return codec.from_json(Manifest, self.at(places.MANIFEST_FILE).read_bytes(), what="manifest.json")


def main(argv: list[str], root: Path = Path("/")) -> int:
    """Do one of the verbs.

    Args:
        argv: The verb.
        root: The folder under which everything is mounted.
    """
    verbs = {
        "keep": _keep,
        "hold": _hold,
        "exercise": _exercise,
        "static": _static,
        "texts": _texts,
        "image": _image,
        "score": _score,
        "judge": _judge,
    }
    if len(argv) != 1 or argv[0] not in verbs:
        sys.stderr.write(f"usage: python -m audition.grading {'|'.join(verbs)}\n")
        return 2
    verbs[argv[0]](_Room(root, _take_stdout()))
    return 0


def _take_stdout() -> BinaryIO:
    """Keep the real stdout for documents; whatever anyone prints goes to stderr."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def _keep(room: _Room) -> None:
    _block_request()
    manifest = room.manifest()
    inventory, recipe = _inventory(room, manifest)
    room.say(inventory)
    is_first = True
    while _await_request() == _BUILD:
        _send_context(room, inventory, recipe, is_touched=not is_first)
        is_first = False
    limit = manifest.limits_of(Stage.PREDICT).output_bytes
    executed = (EXECUTED,) if inventory.contract.notebook else ()
    _collect(room, places.OUT, frozenset((*manifest.output.names, *executed)), limit)
    if Stage.REPEAT in manifest.stages:
        _await_request()
        _collect(room, places.REPEATED_OUT, frozenset(manifest.output.names), limit)
    _hold_volumes()


def _inventory(room: _Room, manifest: Manifest) -> tuple[Inventory, bytes]:
    """What was unpacked, and the Dockerfile to build when there is one to build."""
    submission = room.at(places.SUBMISSION)
    inventory = take_inventory(
        room.at(places.ARCHIVE),
        submission,
        max_bytes=manifest.unpacked_bytes,
        max_entries=manifest.unpacked_entries,
    )
    if not inventory.entries:
        return inventory, b""
    if inventory.contract.notebook and manifest.image not in NOTEBOOK_IMAGES:
        refusal = "This challenge runs no notebooks. Send an archive with a program that predicts."
        return replace(inventory, refusals=(*inventory.refusals, refusal)), b""
    plan, recipe = _plan(submission, manifest, inventory.entries)
    claims = claims_of(submission, inventory.contract.model.card, manifest.metric.name)
    pod = _pod(submission, manifest, inventory)
    return replace(inventory, build=plan, pod=pod, claims=claims), recipe


def _plan(submission: Path, manifest: Manifest, entries: Sequence[Entry]) -> tuple[BuildPlan | None, bytes]:
    if Stage.BUILD not in manifest.stages:
        return None, b""
    # Its parser takes a moment to load, which only those should wait for who need it.
    from audition.grading.recipe import plan_build  # noqa: PLC0415

    bases = json.loads(os.environ.get(places.BASES_VARIABLE, "{}"))
    return plan_build(submission, bases, entries)


def _pod(submission: Path, manifest: Manifest, inventory: Inventory) -> Pod | None:
    """What the manifests would run, where a service is started at all."""
    if Stage.SERVE not in manifest.stages:
        return None
    # As above: YAML is read for those only who need it.
    from audition.grading.pods import pod_of  # noqa: PLC0415

    return pod_of(submission, inventory.contract)


def _send_context(room: _Room, inventory: Inventory, recipe: bytes, *, is_touched: bool) -> None:
    file = inventory.build.file if inventory.build else ""
    submission = room.at(places.SUBMISSION)
    entries = context_entries(submission, inventory.entries, file)
    touched, content = "", b""
    if is_touched:
        touched, content = touched_source(submission, entries, inventory.contract, recipe)
        if not touched:
            room.say(BuildContext(bytes=0))
            return
    changed = {touched: content} if touched else {}
    size = context_bytes(submission, entries, file, recipe, changed)
    room.say(BuildContext(bytes=size, touched=touched))
    write_context(submission, entries, file, recipe, room.channel, changed)
    room.channel.flush()


def _collect(room: _Room, place: PurePosixPath, allowed: frozenset[str] | None, max_bytes: int) -> None:
    collection, taken = collect(room.at(place), allowed=allowed, max_bytes=max_bytes)
    room.say(collection)
    send(taken, room.channel)


def _block_request() -> None:
    """Keep the request pending until we wait for it; unblocked it would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {_COLLECT, _BUILD})


def _await_request() -> int:
    return signal.sigwait({_COLLECT, _BUILD})


def _hold_volumes() -> None:
    """Stay until killed: a memory-backed volume lives as long as a container has it mounted."""
    while True:
        signal.pause()


def _hold(room: _Room) -> None:
    _block_request()
    room.say(Inventory())
    _await_request()
    limit = int(os.environ["AUDITION_MAX_FILE_BYTES"])
    for area in _AREAS:
        _collect(room, area, None, limit)
    _hold_volumes()


def _exercise(room: _Room) -> None:
    # Only this verb needs it, and a keeper waits with as little as it can.
    from audition.grading.exercise.lead import block_signals, lead  # noqa: PLC0415
    from audition.grading.exercise.stand import Stand  # noqa: PLC0415

    block_signals()
    manifest, evidence = room.manifest(), _evidence(room)
    with tempfile.TemporaryDirectory() as scratch:
        seed = int(os.environ.get(places.SEED_VARIABLE, "0"))
        stand = Stand(room.root, Path(scratch), manifest, evidence.inventory.contract, seed)
        lead(stand, room.say)
        collection, taken = collect(stand.kept, allowed=None, max_bytes=stand.most_bytes)
        room.say(collection)
        send(taken, room.channel)


def _static(room: _Room) -> None:
    # Only this verb needs them, and only its image has the tools.
    from audition.grading.static.first_look import look  # noqa: PLC0415
    from audition.grading.static.tools import installed  # noqa: PLC0415

    room.say(look(_workspace(room), installed()))


def _texts(room: _Room) -> None:
    # Only this verb draws.
    from audition.grading.sources import read_sources  # noqa: PLC0415
    from audition.grading.texts import draw_texts  # noqa: PLC0415

    top = room.at(places.SUBMISSION)
    drawn = draw_texts(top, _paths(places.TEXTS_VARIABLE))
    room.say(replace(drawn, sources=read_sources(top, _paths(places.SOURCES_VARIABLE))))


def _paths(variable: str) -> list[str]:
    return [str(path) for path in json.loads(os.environ[variable])]


def _image(room: _Room) -> None:
    # Only this verb reads layers.
    from audition.grading.layers.look import look  # noqa: PLC0415

    task = codec.from_json(ImageTask, room.at(places.IMAGE_TASK_FILE).read_bytes(), what="image task")
    room.say(look(sys.stdin.buffer, task))


def _score(room: _Room) -> None:
    _grade(room, needs_answers=True)


def _judge(room: _Room) -> None:
    _grade(room, needs_answers=False)


def _grade(room: _Room, *, needs_answers: bool) -> None:
    # It looks through every installed package, which a keeper need not do.
    from audition.grading.runner import load_graders, timed_sheet  # noqa: PLC0415

    workspace = _workspace(room)
    every = load_graders(workspace.manifest.graders)
    chosen = [grader for grader in every if (Need.ANSWERS in grader.needs) == needs_answers]
    room.say(timed_sheet(chosen, workspace))


def _evidence(room: _Room) -> RunEvidence:
    return codec.from_json(RunEvidence, room.at(places.EVIDENCE_FILE).read_bytes(), what="run.json")


def _workspace(room: _Room) -> Workspace:
    return Workspace(
        manifest=room.manifest(),
        evidence=_evidence(room),
        submission=room.at(places.SUBMISSION),
        outputs=room.at(places.OUTPUTS),
        inputs=room.at(places.INPUTS),
        answers=room.at(places.ANSWERS),
        repeated=room.at(places.REPEATED),
        models=room.at(places.MODELS),
        extra_rows=_extra_rows(room),
        kit=kit if (kit := room.at(places.KIT_FILE)).exists() else None,
        canaries=_canaries(room),
        tools=_tools(room),
        service=_service(room),
        exercise=_exercised(room),
        exercise_outputs=room.at(places.EXERCISE_OUTPUTS),
        drift=_drift(room),
        notebook=file if (file := room.at(places.NOTEBOOK_FILE)).is_file() else None,
        cells=_cells(room),
    )


def _canaries(room: _Room) -> VariantFacts | None:
    """Rows that one copy of the training data alone has, where there are copies."""
    file = room.at(places.CANARIES_FILE)
    if not file.exists():
        return None
    return codec.from_json(VariantFacts, file.read_bytes(), what="canaries", max_bytes=MAX_CANARIES_BYTES)


def _tools(room: _Room) -> ToolReports | None:
    """What the linters said, when there was a static stage."""
    file = room.at(places.TOOLS_FILE)
    return codec.from_json(ToolReports, file.read_bytes(), what="tools.json") if file.exists() else None


def _extra_rows(room: _Room) -> ExtraRows | None:
    """Which rows of the repeat stage are extra ones; the container that has the answers knows."""
    file = room.at(places.EXTRA_ROWS_FILE)
    if not file.exists():
        return None
    return codec.from_json(ExtraRows, file.read_bytes(), what="extra_rows.json", max_bytes=MAX_MAP_BYTES)


def _service(room: _Room) -> ServiceEvidence | None:
    """What a prober saw, when a service was served."""
    file = room.at(places.SERVICE_FILE)
    if not file.exists():
        return None
    return codec.from_json(ServiceEvidence, file.read_bytes(), what="service.json", max_bytes=_MAX_SERVICE)


def _exercised(room: _Room) -> ExerciseEvidence | None:
    """What came of the candidate's own commands, when they were tried."""
    file = room.at(places.EXERCISE_FILE)
    return (
        codec.from_json(ExerciseEvidence, file.read_bytes(), what="exercise.json") if file.exists() else None
    )


def _drift(room: _Room) -> DriftEvidence | None:
    """What the drift protocol recorded, when it ran."""
    file = room.at(places.DRIFT_FILE)
    return read_drift(file.read_bytes()) if file.exists() else None


def _cells(room: _Room) -> NotebookRun | None:
    """What the run of a notebook said of its cells, when one was run."""
    file = room.at(places.CELLS_FILE)
    return read_run(file.read_bytes()) if file.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
