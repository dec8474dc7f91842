"""Unpacking: good archives come out as they went in, hostile ones are refused with reasons and write nothing."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audition.grading.unpack import Unpacking, lift_single_folder, unpack
from tests.unit.grading.hostile import (
    CASES,
    MAX_BYTES,
    MAX_ENTRIES,
    Build,
    raw,
    tar_file,
    tar_of,
    zip_mode,
    zip_of,
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder in which the only writable place is meant to be `target`; the rest is a canary."""
    (tmp_path / "target").mkdir()
    (tmp_path / "canary").write_text("untouched")
    return tmp_path


def take(room: Path, build: Build) -> Unpacking:
    archive = room / "archive"
    build(archive)
    return unpack(archive, room / "target", max_bytes=MAX_BYTES, max_entries=MAX_ENTRIES)


def outside(room: Path) -> set[str]:
    return {path.name for path in room.iterdir()} - {"archive", "target"}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_archive_is_refused_with_a_reason(room: Path, name: str) -> None:
    build, words = CASES[name]
    state = take(room, build)
    said = "\n".join(state.reasons)
    assert state.reasons
    for word in words:
        assert word in said
    assert outside(room) == {"canary"}
    assert sum(len(content) for content in tree(room / "target").values()) <= MAX_BYTES
    assert all(path.is_dir() or path.is_file() for path in (room / "target").rglob("*"))
    assert said.isprintable() or said.replace("\n", "").isprintable()


FILES = {
    "predict.py": b"print('hi')\n",
    "model/weights.bin": bytes(range(256)) * 20,
    "model/predict.py": b"",
    "a b/ünïcode.txt": b"x",
}


def packed_zip(method: int) -> Build:
    def build(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)

    return build


def packed_tar(compression: str, tar_format: int) -> Build:
    def build(path: Path) -> None:
        with tarfile.open(path, f"w:{compression}", format=tar_format) as archive:  # type: ignore[call-overload]
            for name, content in FILES.items():
                archive.addfile(tar_file(name, len(content)), io.BytesIO(content))

    return build


GOOD = {
    "zip stored": packed_zip(zipfile.ZIP_STORED),
    "zip deflated": packed_zip(zipfile.ZIP_DEFLATED),
    "zip bzip2": packed_zip(zipfile.ZIP_BZIP2),
    "tar": packed_tar("", tarfile.PAX_FORMAT),
    "tar ustar": packed_tar("", tarfile.USTAR_FORMAT),
    "tar GNU": packed_tar("", tarfile.GNU_FORMAT),
    "tar.gz": packed_tar("gz", tarfile.PAX_FORMAT),
    "tar.bz2": packed_tar("bz2", tarfile.PAX_FORMAT),
    "tar.xz": packed_tar("xz", tarfile.PAX_FORMAT),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_archive_comes_out_as_it_went_in(room: Path, name: str) -> None:
    state = take(room, GOOD[name])
    assert state.reasons == []
    assert tree(room / "target") == FILES
    assert {entry.path: entry.bytes for entry in state.entries} == {k: len(v) for k, v in FILES.items()}
    assert state.total_bytes == sum(map(len, FILES.values()))


@pytest.mark.parametrize("name", [*GOOD, *CASES])
def test_an_archive_cut_short_anywhere_never_escapes_and_never_raises(room: Path, name: str) -> None:
    build = GOOD.get(name) or CASES[name][0]
    build(room / "whole")
    whole = (room / "whole").read_bytes()
    chance = random.Random(name)
    for length in sorted({0, 1, 4, 262, 511, 512, *(chance.randrange(len(whole) + 1) for _ in range(12))}):
        target = room / f"target-{length}"
        target.mkdir()
        raw(whole[:length])(room / "archive")
        state = unpack(room / "archive", target, max_bytes=MAX_BYTES, max_entries=MAX_ENTRIES)
        if length < len(whole) and name in GOOD and not state.reasons:
            # What may be missing is padding, or the checksum of a compressed stream, never a file.
            assert tree(target) == FILES


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted({*GOOD, *CASES} - {"zip enormous directory"})),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_never_escape_and_never_raise(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[float, int]]
) -> None:
    room = tmp_path_factory.mktemp("fuzz")
    (room / "target").mkdir()
    (GOOD.get(name) or CASES[name][0])(room / "archive")
    data = bytearray((room / "archive").read_bytes())
    for where, value in changes:
        if data:
            data[int(where * (len(data) - 1))] = value
    state = take(room, raw(bytes(data)))
    assert outside(room) == set()
    assert state.reasons or state.entries
    assert not any(path.is_symlink() for path in (room / "target").rglob("*"))


def test_a_zip_whose_entries_begin_before_it_is_damaged_and_no_trouble_of_ours(room: Path) -> None:
    GOOD["zip deflated"](room / "archive")
    data = bytearray((room / "archive").read_bytes())
    # Where the directory is said to begin, in the record at the end. Source: PKWARE's APPNOTE, 4.3.16.
    at = data.rindex(b"PK\x05\x06") + 16
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "little") + 256).to_bytes(4, "little")

    state = take(room, raw(bytes(data)))

    assert "damaged" in state.reasons[0]


def test_all_problems_are_told_at_once_up_to_twenty(room: Path) -> None:
    state = take(room, zip_of("/a", "../b", "c\\d", "fine.py"))
    assert len(state.reasons) == 3
    many = take(room, zip_of(*(f"../{n}" for n in range(40))))
    assert len(many.reasons) == 21
    assert "only the first are listed" in many.reasons[-1]


@pytest.mark.parametrize(
    "build",
    [
        zip_mode("run.sh", 0o104755),
        tar_of(tar_file("run.sh", mode=0o6755)),
        tar_of(tar_file("run.sh", mode=0o7777)),
    ],
)
def test_setuid_and_sticky_bits_are_stripped(room: Path, build: Build) -> None:
    assert take(room, build).reasons == []
    assert (room / "target/run.sh").stat().st_mode & 0o7777 == 0o755


def test_only_the_executable_bit_of_a_mode_counts(room: Path) -> None:
    take(room, tar_of(tar_file("open.py", mode=0o666), tar_file("closed.py", mode=0)))
    assert {p.stat().st_mode & 0o7777 for p in (room / "target").iterdir()} == {0o644}


def test_junk_of_operating_systems_is_left_out(room: Path) -> None:
    state = take(room, zip_of("predict.py", "__MACOSX/._predict.py", ".DS_Store", "._predict.py"))
    assert state.reasons == []
    assert set(tree(room / "target")) == {"predict.py"}


def test_a_full_disk_is_the_archives_size_not_a_crash(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    state = take(room, zip_of("a/b.py"))
    assert "more than 1 MiB" in state.reasons[0]
    assert "small files" in state.reasons[0]


def test_trouble_of_this_machine_refuses_nobody(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "mkdir", broken)
    with pytest.raises(OSError, match="Input/output error"):
        take(room, zip_of("a/b.py"))


@pytest.mark.parametrize(
    "build", [zip_of("sol/predict.py", "sol/lib/a.py"), tar_of("./sol/predict.py", "sol/lib/a.py")]
)
def test_a_single_top_folder_is_lifted(room: Path, build: Build) -> None:
    state = take(room, build)
    lift_single_folder(state)
    assert set(tree(room / "target")) == {"predict.py", "lib/a.py"} == {e.path for e in state.entries}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("sol/sol", "sol/x"), {"sol", "x"}),
        (("sol/sol/sol", "sol/sol/x"), {"sol/sol", "sol/x"}),
        (("a/x", "b/y"), {"a/x", "b/y"}),
        (("predict.py",), {"predict.py"}),
        (("sol/x", "readme"), {"sol/x", "readme"}),
        ((f"{'_' * 200}/x",), {"x"}),
    ],
)
def test_lifting_keeps_every_file_and_lifts_one_folder_only(
    room: Path, names: tuple[str, ...], expected: set[str]
) -> None:
    state = take(room, zip_of(*names))
    assert state.reasons == []
    lift_single_folder(state)
    assert set(tree(room / "target")) == expected == {e.path for e in state.entries}


def test_an_empty_folder_beside_the_only_one_is_no_crash(room: Path) -> None:
    """A file of that name inside could not be moved onto it."""
    state = take(room, tar_of("sol/other", tar_folder("other")))
    lift_single_folder(state)
    assert {e.path for e in state.entries} == set(tree(room / "target"))


def tar_folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


def test_the_process_keeps_no_file_open(room: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for build in (GOOD["zip stored"], GOOD["tar.gz"], CASES["tar sparse"][0], CASES["zip lying size"][0]):
        take(room, build)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
