"""What runs inside a trusted container: `python -m audition.grading keep|hold|score|judge`.

Theory of operation. A trusted container gets its inputs as read-only mounts and says one thing on stdout: JSON
documents, one a line. Everything that libraries print goes to stderr instead, so nothing that a candidate
wrote can pretend to be a document. Exit code 0 means that the documents are complete.

* `keep` unpacks /in/submission into /submission and prints an `Inventory`; it then holds the run's volumes until
  it is killed. On SIGUSR1 it prints a `Collection` of /out, followed by the bytes of the files.
* `hold` is the same for an author's `prepare`: it collects /public and /private.
* `score` runs the graders that need the hidden answers; `judge` runs the others. Both print a `GradeSheet`.
"""

import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from audition import codec
from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.contract import Entry, Inventory
from audition.domain.evidence import RunEvidence
from audition.domain.grade import GradeSheet
from audition.domain.run import Stage
from audition.grading.collect import collect, send
from audition.grading.contract import read_contract
from audition.grading.runner import load_graders, run_graders
from audition.grading.unpack import unpack
from audition.grading.workspace import Need, Workspace

_SUBMISSION = Path(places.SUBMISSION)
_AREAS = (places.PUBLIC, places.PRIVATE)
_COLLECT = signal.SIGUSR1


def main(argv: list[str]) -> int:
    """Do one of the verbs."""
    channel = _take_stdout()
    verbs = {"keep": _keep, "hold": _hold, "score": _score, "judge": _judge}
    if len(argv) != 1 or argv[0] not in verbs:
        sys.stderr.write(f"usage: python -m audition.grading {'|'.join(verbs)}\n")
        return 2
    verbs[argv[0]](channel)
    return 0


def _take_stdout() -> BinaryIO:
    """Keep the real stdout for documents; whatever anyone prints goes to stderr."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def _say(channel: BinaryIO, document: object) -> None:
    channel.write(codec.to_json(document) + b"\n")
    channel.flush()


def _manifest() -> Manifest:
    return codec.from_json(Manifest, Path(places.MANIFEST_FILE).read_bytes(), what="manifest.json")


def _keep(channel: BinaryIO) -> None:
    _block_request()
    manifest = _manifest()
    _say(channel, _inventory(manifest))
    _await_request()
    limit = manifest.limits_of(Stage.PREDICT).output_bytes
    collection, taken = collect(Path(places.OUT), allowed=frozenset(manifest.output.names), max_bytes=limit)
    _say(channel, collection)
    send(taken, channel)
    _hold_volumes()


def _inventory(manifest: Manifest) -> Inventory:
    state = unpack(
        Path(places.ARCHIVE),
        _SUBMISSION,
        max_bytes=manifest.unpacked_bytes,
        max_entries=manifest.unpacked_entries,
    )
    if state.reasons:
        return Inventory(refusals=tuple(state.reasons))
    entries = _without_single_folder(state.entries)
    contract, problems = read_contract(_SUBMISSION)
    return Inventory(
        refusals=tuple(problems),
        contract=contract,
        entries=tuple(entries),
        total_bytes=state.total_bytes,
    )


def _without_single_folder(entries: list[Entry]) -> list[Entry]:
    """Lift everything out of a folder that is the archive's only content, as code hosts pack it."""
    tops = {entry.path.partition("/")[0] for entry in entries}
    if len(tops) != 1 or any("/" not in entry.path for entry in entries):
        return entries
    top = tops.pop()
    inner = _SUBMISSION / top
    # By way of a name that nothing inside can have: entries are never that long.
    outer = _SUBMISSION / ("_" * 250)
    inner.rename(outer)
    for path in list(outer.iterdir()):
        path.rename(_SUBMISSION / path.name)
    outer.rmdir()
    return [Entry(path=entry.path.removeprefix(f"{top}/"), bytes=entry.bytes) for entry in entries]


def _block_request() -> None:
    """Keep the request pending until we wait for it; unblocked it would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {_COLLECT})


def _await_request() -> None:
    signal.sigwait({_COLLECT})


def _hold_volumes() -> None:
    """Stay until killed: a memory-backed volume lives as long as a container has it mounted."""
    while True:
        signal.pause()


def _hold(channel: BinaryIO) -> None:
    _block_request()
    _say(channel, Inventory())
    _await_request()
    limit = int(os.environ["AUDITION_MAX_FILE_BYTES"])
    for area in _AREAS:
        collection, taken = collect(Path(area), allowed=None, max_bytes=limit)
        _say(channel, collection)
        send(taken, channel)
    _hold_volumes()


def _score(channel: BinaryIO) -> None:
    _grade(channel, needs_answers=True)


def _judge(channel: BinaryIO) -> None:
    _grade(channel, needs_answers=False)


def _grade(channel: BinaryIO, *, needs_answers: bool) -> None:
    manifest = _manifest()
    evidence = codec.from_json(RunEvidence, Path(places.EVIDENCE_FILE).read_bytes(), what="run.json")
    chosen = [
        grader
        for grader in load_graders(manifest.graders)
        if (Need.ANSWERS in grader.needs) == needs_answers
    ]
    workspace = Workspace(manifest=manifest, evidence=evidence)
    _say(channel, GradeSheet(grades=run_graders(chosen, workspace)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
