"""Collecting what untrusted code left behind: regular files with one name below the limit, nothing else."""

import io
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from audition.domain.contract import Collection
from audition.grading import collect as module
from audition.grading.collect import collect, send

EXPECTED = frozenset({"predictions.csv", "model.bin"})
LIMIT = 1 << 20


def look(folder: Path, allowed: frozenset[str] | None = EXPECTED) -> tuple[Collection, bytes]:
    """Collect and send, as the keeper does."""
    collection, taken = collect(folder, allowed=allowed, max_bytes=LIMIT)
    sink = io.BytesIO()
    send(taken, sink)
    return collection, sink.getvalue()


def test_regular_files_come_with_size_digest_and_bytes_in_order(tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_bytes(b"id,p\n1,0.5\n")
    (tmp_path / "model.bin").write_bytes(bytes(range(256)) * 2000)
    collection, stream = look(tmp_path)
    assert [file.name for file in collection.files] == ["model.bin", "predictions.csv"]
    assert collection.refusals == ()
    for file in collection.files:
        content, stream = stream[: file.bytes], stream[file.bytes :]
        assert content == (tmp_path / file.name).read_bytes()
        assert file.sha256 == sha256(content).hexdigest()
    assert stream == b""


def _symlink(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _dangling(path: Path) -> None:
    path.symlink_to("/answers/answers.csv")


def _hard_link(path: Path) -> None:
    path.write_text("x")
    path.with_name("second").hardlink_to(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # A socket's address is short; the temporary folder's path may not be.
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 40)


def _too_long(path: Path) -> None:
    path.write_bytes(bytes(LIMIT + 1))


def _device(path: Path) -> None:
    os.mknod(path, 0o20644, os.makedev(1, 5))  # /dev/zero


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "symbolic link": (_symlink, "cannot be opened as a regular file"),
    "dangling link": (_dangling, "cannot be opened as a regular file"),
    "pipe": (os.mkfifo, "is not a regular file"),
    "socket": (_socket, "cannot be opened as a regular file"),
    "folder": (Path.mkdir, "is not a regular file"),
    "hard link": (_hard_link, "has several names"),
    "sparse giant": (_sparse, "has 1,099,511,627,776 bytes; at most 1,048,576 are accepted"),
    "one byte too many": (_too_long, "at most 1,048,576"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    make, words = BAD[kind]
    make(tmp_path / "predictions.csv")
    collection, stream = look(tmp_path)
    assert (collection.files, stream) == ((), b"")
    assert collection.refusals[0].startswith("'predictions.csv' ")
    assert words in collection.refusals[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make devices")
def test_a_device_is_refused(tmp_path: Path) -> None:
    try:
        _device(tmp_path / "predictions.csv")
    except PermissionError:
        pytest.skip("this container may not make devices")
    assert look(tmp_path)[0].files == ()


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A folder in which an unprivileged user, whom we become, finds a file of somebody else's."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "predictions.csv")
        path.write_text("secret")
        path.chmod(0)
        os.seteuid(12345)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def test_an_unreadable_file_is_refused(foreign: Path) -> None:
    collection, _ = look(foreign)
    assert collection.files == ()
    assert "Permission denied" in collection.refusals[0]


def test_a_folder_that_its_owner_locked_is_an_answer_and_no_crash(foreign: Path) -> None:
    os.seteuid(0)
    foreign.chmod(0)
    os.seteuid(12345)
    collection, taken = look(foreign)
    assert (collection.files, taken) == ((), b"")
    assert "cannot be looked into (Permission denied)" in collection.refusals[0]


@pytest.mark.parametrize(
    ("blocks", "files", "files_left", "is_full"),
    [(1, 16, 3, False), (0, 16, 3, True), (1, 16, 0, True), (1, 0, 0, False)],
    ids=["has room", "no block left", "no file left", "does not count files"],
)
def test_a_volume_without_room_is_noticed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    blocks: int,
    files: int,
    files_left: int,
    *,
    is_full: bool,
) -> None:
    facts = os.statvfs_result((4096, 4096, 16, blocks, blocks, files, files_left, files_left, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: facts)

    assert look(tmp_path)[0].is_full == is_full


def test_the_largest_file_that_is_allowed_is_taken(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(bytes(LIMIT))
    assert look(tmp_path)[0].files[0].bytes == LIMIT


def test_an_unexpected_name_is_left_and_the_expected_ones_are_told(tmp_path: Path) -> None:
    (tmp_path / "preds.csv").write_text("x")
    collection, _ = look(tmp_path)
    assert collection.files == ()
    assert (
        "'preds.csv' is not one of the expected files (model.bin, predictions.csv)" in collection.refusals[0]
    )


def test_junk_does_not_hide_why_the_expected_file_was_refused(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"a{number}").write_text("junk")
    (tmp_path / "predictions.csv").symlink_to("a1")
    refusals = look(tmp_path)[0].refusals
    assert refusals[0].startswith("'predictions.csv'")
    assert len(refusals) == 20


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[1m", "\udcff.csv", "a\u202eb"])
def test_any_plain_name_is_taken_from_an_author_and_no_other(tmp_path: Path, name: str) -> None:
    (tmp_path / "train set.csv").write_text("x")
    (tmp_path / name).write_text("x")
    collection, _ = look(tmp_path, allowed=None)
    assert [file.name for file in collection.files] == ["train set.csv"]
    assert "control characters" in collection.refusals[0]
    assert collection.refusals[0].isprintable()


def test_a_file_that_is_replaced_after_the_look_is_sent_as_it_was(tmp_path: Path) -> None:
    """The name may point elsewhere by then; what was opened stays what it was."""
    path = tmp_path / "predictions.csv"
    path.write_bytes(b"honest")
    collection, taken = collect(tmp_path, allowed=EXPECTED, max_bytes=LIMIT)
    path.unlink()
    path.symlink_to("/etc/passwd")
    sink = io.BytesIO()
    send(taken, sink)
    assert sink.getvalue() == b"honest"
    assert collection.files[0].sha256 == sha256(b"honest").hexdigest()


def test_a_file_that_shrinks_after_the_look_ends_the_sending(tmp_path: Path) -> None:
    """Sending fewer bytes than announced would leave the reader waiting for ever."""
    path = tmp_path / "predictions.csv"
    path.write_bytes(b"123456")
    _, taken = collect(tmp_path, allowed=EXPECTED, max_bytes=LIMIT)
    os.truncate(path, 2)
    with pytest.raises(EOFError, match="became shorter"):
        send(taken, io.BytesIO())
    os.close(taken[0].descriptor)


def test_a_file_that_grows_during_the_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "predictions.csv").write_bytes(bytes(LIMIT * 2))
    monkeypatch.setattr(module, "_unfit", lambda *_: "")  # The size was still small when it was asked for.
    collection, _ = look(tmp_path)
    assert collection.files == ()
    assert "grew" in collection.refusals[0]


def test_a_folder_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    """Files are opened below the descriptor of the folder, not by path."""
    real, other = tmp_path / "out", tmp_path / "other"
    real.mkdir()
    other.mkdir()
    (real / "predictions.csv").write_text("mine")
    (other / "predictions.csv").write_text("not mine")
    collection, taken = collect(real, allowed=EXPECTED, max_bytes=LIMIT)
    real.rename(tmp_path / "gone")
    real.symlink_to(other)
    sink = io.BytesIO()
    send(taken, sink)
    assert sink.getvalue() == b"mine"
    assert collection.files[0].bytes == 4


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    os.mkfifo(tmp_path / "predictions.csv")
    (tmp_path / "model.bin").write_bytes(b"x")
    look(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
