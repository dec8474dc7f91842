"""What every blob store does."""

import errno
import hashlib
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO, RawIOBase
from pathlib import Path

import pytest

from audition.adapters.blobs import FolderBlobs
from audition.domain.errors import InvalidError, NotFoundError, UnavailableError
from audition.ports import BlobStore


def test_bytes_come_back_by_their_digest(blobs: BlobStore) -> None:
    digest = blobs.put(b"hello")
    assert digest == hashlib.sha256(b"hello").hexdigest()
    assert blobs.get(digest) == b"hello"
    assert blobs.path(digest).read_bytes() == b"hello"


def test_the_same_bytes_twice_are_one_blob(blobs: BlobStore) -> None:
    first = blobs.put(b"hello")
    assert blobs.put_stream(BytesIO(b"hello"), 5) == (first, 5)
    assert blobs.path(first) == blobs.path(blobs.put(b"hello"))


def test_what_is_deleted_is_not_there_and_can_come_again(blobs: BlobStore) -> None:
    digest, other = blobs.put(b"hello"), blobs.put(b"stays")
    blobs.path(digest)
    for _ in range(2):
        blobs.delete(digest)
    with pytest.raises(NotFoundError):
        blobs.get(digest)
    assert (blobs.get(other), blobs.put(b"hello"), blobs.get(digest)) == (b"stays", digest, b"hello")
    blobs.delete("../" * 3 + "etc/passwd")


def test_what_is_old_is_named_with_its_size_and_can_be_thrown_away(blobs: BlobStore) -> None:
    digest = blobs.put(b"hello")
    hour_ago, in_an_hour = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
    assert list(blobs.older_than(hour_ago)) == []
    assert list(blobs.older_than(in_an_hour)) == [(digest, 5)]
    assert not blobs.delete_older(digest, hour_ago)
    assert blobs.get(digest) == b"hello"
    assert blobs.delete_older(digest, in_an_hour)
    assert not blobs.delete_older(digest, in_an_hour)
    assert list(blobs.older_than(in_an_hour)) == []


def test_no_bytes_are_a_blob_too(blobs: BlobStore) -> None:
    assert blobs.get(blobs.put(b"")) == b""


def test_a_stream_may_have_just_the_allowed_size(blobs: BlobStore) -> None:
    data = os.urandom(3_000_000)
    digest, size = blobs.put_stream(BytesIO(data), len(data))
    assert size == len(data)
    assert blobs.get(digest) == data


def test_a_stream_that_is_too_long_is_refused_and_not_kept(blobs: BlobStore) -> None:
    data = b"x" * 2_000_001
    with pytest.raises(InvalidError, match="2,000,000"):
        blobs.put_stream(BytesIO(data), 2_000_000)
    with pytest.raises(NotFoundError):
        blobs.get(hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "0" * 63, "A" * 64])
def test_an_unknown_blob_is_not_found(blobs: BlobStore, digest: str) -> None:
    with pytest.raises(NotFoundError):
        blobs.get(digest)
    with pytest.raises(NotFoundError):
        blobs.path(digest)


def test_files_are_for_everybody_to_read_and_nobody_to_write(blobs: BlobStore) -> None:
    old = os.umask(0o077)
    try:
        path = blobs.path(blobs.put(b"hello"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_a_refused_or_broken_stream_leaves_nothing_on_disk(tmp_path: Path) -> None:
    class Broken(RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            msg = "the client went away"
            raise ValueError(msg)

    blobs = FolderBlobs(tmp_path)
    with pytest.raises(InvalidError):
        blobs.put_stream(BytesIO(b"xx"), 1)
    with pytest.raises(ValueError, match="went away"):
        blobs.put_stream(Broken(), 1)  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_stored_again_is_young_again(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    digest = blobs.put(b"hello")
    os.utime(blobs.path(digest), (0, 0))
    day_ago = datetime.now(UTC) - timedelta(days=1)
    assert [name for name, _ in blobs.older_than(day_ago)] == [digest]
    blobs.put(b"hello")
    assert list(blobs.older_than(day_ago)) == []
    assert not blobs.delete_older(digest, day_ago)


def test_what_a_cut_off_upload_left_is_thrown_away_and_nothing_else_is(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put(b"hello")
    left, stray, beside = (tmp_path / name for name in ("blobs/incoming/tmpx_1", "blobs/ab/NOTES", "beside"))
    stray.parent.mkdir()
    for path in (left, stray, beside):
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    day_ago = datetime.now(UTC) - timedelta(days=1)
    assert list(blobs.older_than(day_ago)) == [("incoming/tmpx_1", 4)]
    for name in ("incoming/../../beside", "../beside", "ab/NOTES", "incoming/", ""):
        assert not blobs.delete_older(name, day_ago)
    assert blobs.delete_older("incoming/tmpx_1", day_ago)
    assert (left.exists(), stray.exists(), beside.exists()) == (False, True, True)


def test_many_writers_of_the_same_bytes_make_one_file(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    threads = [threading.Thread(target=blobs.put, args=(b"y" * 500_000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(UnavailableError, match="no space left") as caught:
        FolderBlobs(tmp_path).put(b"x")
    assert "AUDITION_DATA_DIR" in caught.value.next_step
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnavailableError, match="cannot be written") as caught:
        FolderBlobs(tmp_path / "file").put(b"x")
    assert not caught.value.transient
