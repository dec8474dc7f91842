"""Hostile exports: they end, in bounded memory, with a sentence about our limit and never with an error."""

import gzip
import io
import resource
import tarfile
import time
import tracemalloc

import pytest

from audition import codec
from audition.domain.image import ImageEvidence, ImageTask
from audition.grading.layers import read, stack
from audition.grading.layers.look import look
from tests.unit.grading.image_tars import Item, export, folder, tar_of

TASK = ImageTask(base_layers=0)


def limit(stream: io.BytesIO) -> str:
    said = look(stream, TASK)
    assert said.limit
    return said.limit


def test_bytes_that_are_no_archive_are_our_limit() -> None:
    for junk in (b"", b"junk" * 1000, b"\0" * 4096, gzip.compress(b"x" * 10_000)):
        assert "cannot be read" in limit(io.BytesIO(junk))


@pytest.mark.parametrize("cut", [600, 1500, 5000])
def test_an_export_that_breaks_off_is_our_limit(cut: int) -> None:
    whole = export([[Item("app/x", b"x" * 9000)]]).getvalue()

    assert "cannot be read" in limit(io.BytesIO(whole[:cut]))


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'[{"Layers": ["../../etc/passwd"]}]',
        b'[{"Layers": "x"}]',
        b"[1]",
        b"\xff",
        b'[{"Layers": [[1]]}]',
    ],
)
def test_a_manifest_that_makes_no_sense_is_our_limit(manifest: bytes) -> None:
    assert "cannot be read" in limit(io.BytesIO(tar_of([Item("manifest.json", manifest)])))


def test_links_between_layers_that_go_round_are_no_loop() -> None:
    items = [
        Item("a/layer.tar", kind=tarfile.SYMTYPE, target="../b/layer.tar"),
        Item("b/layer.tar", kind=tarfile.SYMTYPE, target="../a/layer.tar"),
        Item("manifest.json", b'[{"Layers": ["a/layer.tar"], "Config": "c"}]'),
    ]
    assert "cannot be read" in limit(io.BytesIO(tar_of(items)))


def test_too_many_entries_are_not_counted_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_MOST_ENTRIES", 1000)

    assert "more than 1,000 files" in limit(export([[Item(f"app/{n}") for n in range(2000)]]))


def test_long_names_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_MOST_PATH_BYTES", 100_000)

    assert "names are too long" in limit(
        export([[Item("x" * 90 + f"/{n}" + "y" * 150) for n in range(1000)]])
    )


def test_folders_within_folders_are_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "too deep" in limit(export([[Item("d/" * 500 + "x")]]))
    monkeypatch.setattr(stack, "_MOST_NODES", 1000)
    assert "too many folders" in limit(export([[Item(f"{n}/" * 50 + "x") for n in range(100)]]))


def test_a_compressed_bomb_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_MOST_LAYER_BYTES", 4 << 20)
    bomb = export([[Item("app/zeros", bytes(32 << 20))]], compress=True)

    assert len(bomb.getvalue()) < 200_000
    assert "too large" in limit(bomb)


def test_documents_that_are_no_documents_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_MOST_DOCUMENT_BYTES", 1 << 20)
    items = [Item(f"{n}.json", b"{" + b" " * 300_000) for n in range(10)]

    assert "documents are too large" in limit(io.BytesIO(tar_of(items)))


def test_a_header_that_claims_a_huge_name_is_refused() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    claims = io.BytesIO(
        info.tobuf(tarfile.USTAR_FORMAT if info.size < 8 << 30 else tarfile.GNU_FORMAT) + bytes(2048)
    )

    assert "cannot be read" in limit(claims)


def test_names_that_climb_lead_nowhere() -> None:
    layer = [
        Item("../../etc/shadow", b"x"),
        Item("/app/../../x", b"x"),
        Item("./app/y", b"1"),
        Item("//z", b"2"),
    ]
    found = look(export([layer]), TASK)

    assert (found.limit, found.app_bytes) == ("", 2)


def test_the_same_name_many_times_counts_as_the_last_one() -> None:
    found = look(export([[Item("app/x", b"1"), Item("app/x", b"22"), Item("app/x", b"333")]]), TASK)

    assert (found.app_bytes, found.payload_bytes) == (3, 6)


def test_a_hard_link_to_what_is_not_there_is_no_file() -> None:
    layer = [
        Item("app/a", b"123"),
        Item("app/b", kind=tarfile.LNKTYPE, target="app/a"),
        Item("app/c", kind=tarfile.LNKTYPE, target="/etc/shadow"),
        Item("app/d", kind=tarfile.CHRTYPE, mode=0o666),
        Item("app/e", kind=tarfile.FIFOTYPE, mode=0o666),
    ]
    found = look(export([layer]), TASK)

    assert (found.app_bytes, found.hits) == (3, ())


def test_hostile_names_are_written_out() -> None:
    names = [
        b"app/\xff\xfe.csv".decode("utf-8", "surrogateescape"),
        "app/\x1b[2J\n.csv",
        "app/" + "n" * 2000 + ".csv",
    ]
    found = look(export([[Item(name, b"x" * (65 << 10)) for name in names]]), TASK)

    again = codec.from_json(ImageEvidence, codec.to_json(found), what="evidence")
    assert len(again.hits) == 3
    assert all(hit.path.isprintable() and len(hit.path) <= 300 for hit in again.hits)


def test_what_is_said_stays_small_whatever_is_found() -> None:
    layer = [
        *(Item(f"app/{n}.ipynb", b"x") for n in range(3000)),
        *(Item(f"app/k{n}", b"-----BEGIN PRIVATE KEY-----") for n in range(1000)),
        *(Item(f"p/site-packages/p{n}-1.dist-info/METADATA", b"x") for n in range(3000)),
        folder("app/open", 0o777),
    ]
    found = look(export([layer], [[*layer[:10]]]), ImageTask(base_layers=0, images=2))

    assert found.limit == ""
    assert len(codec.to_json(found)) < 256 << 10
    assert found.hit_counts is not None
    assert sum(found.hit_counts.values()) > 3000


def test_many_files_take_little_memory_and_time() -> None:
    stream = export([[Item(f"app/{n % 100}/{n}", b"x") for n in range(20_000)]])
    began = time.process_time()
    tracemalloc.start()
    found = look(stream, TASK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found.app_bytes == 20_000
    # 300,000 of them have to fit into the container's memory of 1 GiB.
    assert peak < 40 << 20
    assert time.process_time() - began < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20
