"""`python -m audition.grading` as a process of its own: what comes out of stdout, and when.

No container: the mounts of one are laid out in a folder.
"""

import io
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

import pytest

from audition import codec
from audition.domain import places
from audition.domain.build import BuildContext
from audition.domain.contract import Collection, Entry, Inventory
from audition.domain.evidence import RunEvidence
from audition.domain.grade import GradeSheet, GradeStatus, Outcome
from audition.domain.run import Stage, Verdict
from audition.domain.tools import StaticResult, ToolStatus
from tests.factories import make_manifest

_START = (
    "import sys; from pathlib import Path; from audition.grading.__main__ import main;"
    "sys.exit(main([sys.argv[1]], Path(sys.argv[2])))"
)
#: Prints at import, at exit, from Python and from below it.
_NOISY = """
import atexit, os
print("a banner")
os.write(1, b'{"grades": []}\\n')
os.system("echo from a child")
atexit.register(lambda: os.write(1, b"goodbye\\n"))
"""


class Room:
    """The mounts of a trusted container, in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = make_manifest(unpacked_bytes=1 << 20, unpacked_entries=50)

    def at(self, place: PurePosixPath) -> Path:
        path = self.root.joinpath(*place.parts[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, place: PurePosixPath, content: bytes) -> None:
        self.at(place).write_bytes(content)

    def lay_out(self) -> None:
        self.write(places.MANIFEST_FILE, codec.to_json(self.manifest))
        for place in (places.SUBMISSION, places.OUT, places.PUBLIC, places.PRIVATE):
            self.at(place).mkdir()

    @contextmanager
    def process(self, verb: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, verb, str(self.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | environment,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate(timeout=60)

    def grade(self, verb: str, **environment: str) -> tuple[int, bytes, bytes]:
        with self.process(verb, **environment) as process:
            out, err = process.communicate(timeout=120)
            return process.returncode, out, err


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A room with a manifest and empty volumes."""
    made = Room(tmp_path / "root")
    made.lay_out()
    return made


def archive(*names: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as opened:
        for name in names:
            opened.writestr(name, "x")
    return sink.getvalue()


def document(process: subprocess.Popen[bytes]) -> bytes:
    return out(process).readline()


def out(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


def test_keep_unpacks_then_collects_on_request_with_the_bytes_behind(room: Room) -> None:
    room.write(places.ARCHIVE, archive("sol/predict.py", "sol/a/b.txt"))
    with room.process("keep") as process:
        inventory = codec.from_json(Inventory, document(process), what="inventory")
        assert inventory.refusals == ()
        assert [entry.path for entry in inventory.entries] == ["predict.py", "a/b.txt"]
        assert inventory.discovered == ()
        assert (room.at(places.SUBMISSION) / "a/b.txt").read_text() == "x"
        predictions = b"id,p\n\x00{}\n" * 40_000
        (room.at(places.OUT) / "predictions.csv").write_bytes(predictions)
        (room.at(places.OUT) / "notes").write_text("left")
        process.send_signal(signal.SIGUSR1)
        collection = codec.from_json(Collection, document(process), what="collection")
        assert collection.files[0].sha256 == sha256(predictions).hexdigest()
        assert out(process).read(len(predictions)) == predictions
        assert "'notes'" in collection.refusals[0]
        assert process.poll() is None  # It holds the volumes until it is killed.


def test_a_request_that_comes_before_the_inventory_is_not_lost(room: Room) -> None:
    room.write(places.ARCHIVE, archive("predict.py"))
    with room.process("keep") as process:
        codec.from_json(Inventory, document(process), what="inventory")
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGUSR1)  # Twice is once: the second must not end it.
        codec.from_json(Collection, document(process), what="collection")
        assert process.poll() is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no archive", "neither a zip nor a tar"),
        (archive("../x"), "'..'"),
        (archive("readme.md"), "There is no 'predict.py'"),
    ],
)
def test_keep_refuses_in_its_one_document(room: Room, content: bytes, words: str) -> None:
    room.write(places.ARCHIVE, content)
    with room.process("keep") as process:
        inventory = codec.from_json(Inventory, document(process), what="inventory")
        assert words in inventory.refusals[0]


def test_hold_collects_both_areas_of_an_author(room: Room) -> None:
    with room.process("hold", AUDITION_MAX_FILE_BYTES="100") as process:
        codec.from_json(Inventory, document(process), what="inventory")
        (room.at(places.PUBLIC) / "train.csv").write_bytes(b"open")
        (room.at(places.PRIVATE) / "answers.csv").write_bytes(b"closed")
        (room.at(places.PRIVATE) / "large").write_bytes(bytes(101))
        process.send_signal(signal.SIGUSR1)
        public = codec.from_json(Collection, document(process), what="collection")
        assert out(process).read(4) == b"open"
        private = codec.from_json(Collection, document(process), what="collection")
        assert out(process).read(6) == b"closed"
        assert [file.name for file in (*public.files, *private.files)] == ["train.csv", "answers.csv"]
        assert "at most 100" in private.refusals[0]


def _graded(room: Room) -> None:
    evidence = RunEvidence(
        verdict=Verdict.ACCEPTED, inventory=Inventory(), stages=(), outputs=("predictions.csv",)
    )
    room.write(places.EVIDENCE_FILE, codec.to_json(evidence))
    room.at(places.OUTPUTS).mkdir()
    room.at(places.ANSWERS).mkdir()
    rows = range(40)
    answers = "".join(f"{n},{n % 2}\n" for n in rows)
    values = "".join(f"{n},{(n * 7 % 40) / 40}\n" for n in rows)
    (room.at(places.ANSWERS) / "answers.csv").write_text(f"id,defaulted\n{answers}")
    (room.at(places.OUTPUTS) / "predictions.csv").write_text(f"id,probability\n{values}")
    (room.at(places.SUBMISSION) / "Dockerfile").write_text("FROM python:3.11\nUSER 10001\n")


@pytest.mark.parametrize(
    ("verb", "graders"),
    [("score", {"model-quality", "output-format"}), ("judge", {"dockerfile"})],
)
def test_graders_run_where_their_evidence_is(room: Room, verb: str, graders: set[str]) -> None:
    _graded(room)
    code, stdout, stderr = room.grade(verb)
    assert code == 0, stderr
    sheet = codec.from_json(GradeSheet, stdout, what="sheet")
    assert {grade.grader for grade in sheet.grades} == graders
    assert {grade.status for grade in sheet.grades} == {GradeStatus.OK}


def test_the_judge_needs_no_answers_to_be_there(room: Room) -> None:
    _graded(room)
    (room.at(places.ANSWERS) / "answers.csv").unlink()
    assert room.grade("judge")[0] == 0
    errored = codec.from_json(GradeSheet, room.grade("score")[1], what="sheet")
    assert {grade.status for grade in errored.grades} == {GradeStatus.ERRORED}


def test_stdout_carries_documents_only_whatever_libraries_print(room: Room, tmp_path: Path) -> None:
    _graded(room)
    room.manifest = make_manifest(graders=("noisy",))
    room.write(places.MANIFEST_FILE, codec.to_json(room.manifest))
    package = tmp_path / "plugin"
    metadata = package / "noisy-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: noisy\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[audition.graders]\nnoisy = noisy_grader:grader\n")
    (package / "noisy_grader.py").write_text(
        _NOISY
        + "from audition.grading import CheckList\n"
        + "from audition.domain.grade import Dimension\n"
        + "grader = CheckList(name='noisy', version='1', dimension=Dimension.DEPLOYMENT,"
        + " needs=frozenset(), checks=())\n"
    )
    code, stdout, stderr = room.grade("judge", PYTHONPATH=str(package))
    assert code == 0, stderr
    sheet = codec.from_json(GradeSheet, stdout, what="sheet")
    assert [grade.grader for grade in sheet.grades] == ["noisy"]
    for printed in (b"a banner", b'{"grades": []}', b"from a child", b"goodbye"):
        assert printed in stderr


@pytest.mark.parametrize("argv", [["nonsense"], ["keep", "twice"]])
def test_a_wrong_verb_is_a_usage_error_and_says_nothing(argv: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "audition.grading", *argv], capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (2, b"")
    assert (
        b"usage: python -m audition.grading keep|hold|exercise|static|texts|image|score|judge"
        in result.stderr
    )


def test_a_broken_manifest_ends_without_a_document(room: Room) -> None:
    room.write(places.MANIFEST_FILE, b"{}")
    code, stdout, stderr = room.grade("keep")
    assert code != 0
    assert stdout == b""
    assert b"manifest.json" in stderr


def test_a_keeper_gives_the_build_context_when_asked_and_collects_later(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.manifest = make_manifest(
        unpacked_bytes=1 << 20, stages=(Stage.UNPACK, Stage.BUILD, Stage.PREDICT, Stage.SCORE, Stage.JUDGE)
    )
    room.lay_out()
    files = {"predict.py": "print()", "Dockerfile": "# mine\nFROM python:3.11\nCOPY . .\n", "a/b.txt": "b"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    room.write(places.ARCHIVE, buffer.getvalue())

    with room.process("keep", AUDITION_BASES='{"python:3.11": "python-slim"}') as keeper:
        assert keeper.stdout is not None
        inventory = codec.from_json(Inventory, keeper.stdout.readline(), what="inventory")
        keeper.send_signal(signal.SIGUSR2)
        announced = codec.from_json(BuildContext, keeper.stdout.readline(), what="context")
        content = keeper.stdout.read(announced.bytes)
        keeper.send_signal(signal.SIGUSR1)
        collection = codec.from_json(Collection, keeper.stdout.readline(), what="collection")

    assert inventory.build is not None
    assert (inventory.build.file, inventory.build.bases) == ("Dockerfile", ("python-slim",))
    assert [(step.line, step.text) for step in inventory.build.instructions[2:]] == [(3, "COPY . .")]
    assert collection == Collection()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        texts = {member.name: tar.extractfile(member).read().decode() for member in tar}  # type: ignore[union-attr]
    recipe = texts.pop("Dockerfile")
    assert texts == {"predict.py": "print()", "a/b.txt": "b"}
    assert recipe.splitlines() == [
        "ARG AUDITION_BASE_PYTHON_SLIM",
        "FROM ${AUDITION_BASE_PYTHON_SLIM}",
        "COPY . .",
    ]


def test_linting_without_the_tools_says_so_in_one_document_and_grades_what_it_can(room: Room) -> None:
    _graded(room)
    (room.at(places.SUBMISSION) / "Dockerfile").write_text("FROM python:latest\n")
    inventory = Inventory(entries=(Entry(path="Dockerfile", bytes=20),))
    evidence = RunEvidence(verdict=Verdict.ACCEPTED, inventory=inventory, stages=())
    room.write(places.EVIDENCE_FILE, codec.to_json(evidence))
    code, said, _ = room.grade("static")
    assert code == 0
    result = codec.from_json(StaticResult, said, what="static")
    hadolint = result.reports.of("hadolint")
    assert hadolint is not None
    assert hadolint.status == ToolStatus.CRASHED
    (grade,) = result.grades
    outcomes = {finding.check: finding.outcome for finding in grade.findings}
    assert outcomes["dockerfile.base.pinned"] == Outcome.FAILED
    assert outcomes["dockerfile.lint.clean"] == Outcome.NOT_ASSESSED
