"""What is seen in the layers of an image: what is there, what was hidden, what should not be there."""

import gzip
import io
import json

import pytest

from audition.domain.image import Hit, HitKind, ImageEvidence, ImageTask
from audition.grading.layers.look import look
from tests.unit.grading.image_tars import Item, export, folder, tar_of

BASE = [
    folder("usr"),
    folder("usr/bin"),
    Item("usr/bin/passwd", b"#!", mode=0o4755),
    folder("tmp", 0o1777),
    Item("usr/local/lib/python3.11/site-packages/pip-25.0.dist-info/METADATA", b"Name: pip"),
    Item("etc/conf", b"base"),
]
KEY = b"-----BEGIN RSA PRIVATE KEY-----\nx\n"


def seen(*layers: list[Item], model: str = "") -> ImageEvidence:
    evidence = look(export([BASE, *layers]), ImageTask(base_layers=1, model_path=model))
    assert evidence.limit == ""
    return evidence


def hits(*layers: list[Item]) -> list[tuple[HitKind, str, bool]]:
    return [(hit.kind, hit.path, hit.is_removed) for hit in seen(*layers).hits]


def test_sizes_are_those_of_what_a_container_sees_and_of_what_is_pulled() -> None:
    evidence = seen(
        [Item("app/serve.py", b"x" * 100), Item("app/model.joblib", b"m" * 50)], [Item("app/a", b"y")]
    )

    assert (evidence.app_bytes, evidence.model_bytes, evidence.payload_bytes) == (151, 50, 151)
    assert [layer.is_base for layer in evidence.layers] == [True, False, False]
    assert [layer.instruction for layer in evidence.layers] == ["", "step 1", "step 2"]
    assert [layer.files for layer in evidence.layers] == [3, 2, 1]
    assert evidence.hits == ()


def test_a_model_that_a_later_layer_deletes_is_wasted_and_still_pulled() -> None:
    evidence = seen([Item("app/model.bin", b"m" * 3000)], [Item("app/.wh.model.bin")])

    assert (evidence.app_bytes, evidence.payload_bytes, evidence.wasted_bytes) == (0, 3000, 3000)
    assert evidence.layers[1].wasted_bytes == 3000


def test_a_file_that_is_brought_again_is_wasted_once_for_each_time() -> None:
    layers = [[Item("app/x", bytes([n]) * 10)] for n in range(3)]

    assert [layer.wasted_bytes for layer in seen(*layers).layers] == [0, 10, 10, 0]


@pytest.mark.parametrize(
    "last",
    [[Item("app/.wh..wh..opq")], [Item(".wh.app")], [Item("app", b"now a file")]],
    ids=["opaque", "folder", "file"],
)
def test_everything_in_a_folder_that_goes_is_gone(last: list[Item]) -> None:
    evidence = seen([Item("app/a/b", b"1234"), Item("app/c", b"56")], last)

    assert evidence.wasted_bytes == 6
    assert evidence.app_bytes == sum(len(item.content) for item in last)


def test_what_a_layer_brings_is_not_hidden_by_its_own_whiteouts() -> None:
    evidence = seen([Item("app/old", b"1234")], [Item("app/new", b"56"), Item("app/.wh..wh..opq")])

    assert (evidence.app_bytes, evidence.wasted_bytes) == (2, 4)


def test_what_the_base_had_is_not_the_candidates() -> None:
    changed = Item("usr/bin/passwd", b"#!/bin/other", mode=0o4755)

    assert hits([changed]) == []
    assert seen([Item("etc/conf", b"mine")]).wasted_bytes == 0


def test_doors_that_somebody_left_open_are_found() -> None:
    layer = [
        Item("app/root-shell", b"x", mode=0o4755),
        Item("app/notes", b"x", mode=0o666),
        folder("app/drop", 0o777),
        folder("app/shared", 0o1777),
        Item("app/link", kind=b"2", target="/etc", mode=0o777),
    ]

    assert hits(layer) == [
        (HitKind.SETUID, "/app/root-shell", False),
        (HitKind.WORLD_WRITABLE, "/app/drop", False),
        (HitKind.WORLD_WRITABLE, "/app/notes", False),
    ]
    # What is closed again later is closed.
    assert hits([Item("app/notes", b"x", mode=0o666)], [Item("app/notes", b"x", mode=0o644)]) == []


def test_a_secret_in_a_lower_layer_is_found_though_it_was_deleted() -> None:
    evidence = seen(
        [Item("app/.env", b"PASSWORD=x"), Item("srv/k", KEY)], [Item("app/.wh..env"), Item("srv/.wh.k")]
    )

    assert [(hit.path, hit.layer, hit.is_removed) for hit in evidence.hits] == [
        ("/app/.env", 1, True),
        ("/srv/k", 1, True),
    ]


def test_a_secret_is_never_shown_whole() -> None:
    token = b"ghp_" + b"A1b2" * 9
    (hit,) = seen([Item("app/settings.py", b"TOKEN = '" + token + b"'")]).hits

    assert hit == Hit(
        kind=HitKind.SECRET,
        path="/app/settings.py",
        layer=1,
        detail="ghp_… (40 characters)",
        is_removed=False,
    )


@pytest.mark.parametrize(
    "item",
    [
        Item("usr/lib/python3/dist-packages/x/tests/key.pem", KEY),
        Item("opt/venv/lib/python3.11/site-packages/x/k", KEY),
        Item("app/weights", b"\0" + KEY),
        Item("app/ca.pem", b"-----BEGIN CERTIFICATE-----"),
        Item("app/big", KEY + b"x" * (256 << 10)),
    ],
    ids=["library", "venv", "binary", "certificate", "large"],
)
def test_what_is_no_secret_of_theirs_is_left_alone(item: Item) -> None:
    assert hits([item]) == []


def test_caches_and_stowaways_count_once_for_each_folder() -> None:
    layer = [
        *(Item(f"home/7/.cache/pip/http/{n}", b"x") for n in range(50)),
        Item("var/lib/apt/lists/debian_Packages", b"x"),
        Item("var/lib/apt/lists/lock"),
        *(Item(f"app/.git/objects/{n}", b"x") for n in range(50)),
        Item("app/eda.ipynb", b"{}"),
        Item("app/train.csv", b"x" * (65 << 10)),
        Item("app/columns.csv", b"a,b"),
        Item("app/__pycache__/serve.pyc", b"x"),
        Item("opt/venv/lib/python3.11/site-packages/x/__pycache__/y.pyc", b"x"),
    ]
    evidence = seen(layer, [Item("home/7/.wh..cache")])

    assert [(hit.path, hit.bytes, hit.is_removed) for hit in evidence.hits] == [
        ("/app/__pycache__", 1, False),
        ("/home/7/.cache/pip", 50, True),
        ("/var/lib/apt/lists", 1, False),
        ("/app/.git", 50, False),
        ("/app/eda.ipynb", 2, False),
        ("/app/train.csv", 65 << 10, False),
    ]
    assert evidence.hit_counts == {HitKind.CACHE: 3, HitKind.CONTEXT: 3}


def test_distributions_are_those_that_a_container_sees() -> None:
    packages = "opt/venv/lib/python3.11/site-packages"
    evidence = seen(
        [
            Item(f"{packages}/Flask_Cors-4.0.1.dist-info/METADATA", b"x"),
            Item(f"{packages}/old-1.0.dist-info/METADATA", b"x"),
            Item(f"{packages}/local-2.0+cpu.dist-info/METADATA", b"x"),
        ],
        [Item(f"{packages}/.wh.old-1.0.dist-info")],
    )

    assert [(d.name, d.version, d.is_base) for d in evidence.distributions] == [
        ("flask-cors", "4.0.1", False),
        ("local", "2.0+cpu", False),
        ("pip", "25.0", True),
    ]


def test_the_declared_model_is_found_by_its_name_with_its_digest() -> None:
    evidence = seen([Item("srv/models/m.weights", b"abc"), Item("srv/other", b"x")], model="models/m.weights")

    (model,) = evidence.models
    assert (model.path, model.bytes) == ("/srv/models/m.weights", 3)
    assert model.sha256.startswith("ba7816bf8f01cfea")
    assert evidence.model_bytes == 3


def test_compressed_layers_are_read_too() -> None:
    evidence = look(export([BASE, [Item("app/x", b"1")]], compress=True), ImageTask(base_layers=1))

    assert (evidence.limit, evidence.app_bytes) == ("", 1)


def built(stamp: bytes, mtime: int) -> list[list[Item]]:
    return [
        BASE,
        [
            Item("app/serve.py", b"same", mtime=mtime),
            Item("app/stamp", stamp, mtime=mtime),
            Item("app/__pycache__/serve.pyc", stamp),
            Item("var/log/dpkg.log", stamp),
            Item("opt/site-packages/x-1.dist-info/RECORD", stamp),
        ],
    ]


def test_two_builds_are_compared_without_times_bytecode_and_logs() -> None:
    task = ImageTask(base_layers=1, images=2)
    same = look(export(built(b"1", 5), built(b"1", 6)), task).reproduction
    other = look(export(built(b"1", 5), built(b"22", 6)), task).reproduction

    assert same is not None
    assert (same.files, same.bytes, same.differing_bytes) == (2, 5, 0)
    assert other is not None
    assert [(d.path, d.bytes, d.how) for d in other.differing] == [("/app/stamp", 2, "content")]
    assert (other.differing_bytes, other.bytes) == (2, 6)


def test_a_file_that_is_in_one_build_only_differs() -> None:
    more = [BASE, [*built(b"1", 0)[1], Item("app/new", b"123")]]
    found = look(export(built(b"1", 0), more), ImageTask(base_layers=1, images=2)).reproduction

    assert found is not None
    assert [(d.path, d.how) for d in found.differing] == [("/app/new", "new")]


def test_equal_images_share_their_layers_in_an_export() -> None:
    found = look(export(built(b"1", 0), built(b"1", 0)), ImageTask(base_layers=1, images=2))

    assert found.reproduction is not None
    assert (found.reproduction.files, found.reproduction.differing_bytes) == (2, 0)


def test_exports_of_newer_engines_are_read_too() -> None:
    """Laid out as the OCI image specification says, with the older manifest beside; layers may be compressed."""
    blobs = {}
    for name, data in (
        ("b0", tar_of(BASE)),
        ("a1", gzip.compress(tar_of([Item("app/x", b"123")]))),
        ("c2", b'{"history": [{"created_by": "base"}, {"created_by": "COPY x"}]}'),
    ):
        blobs[f"blobs/sha256/{name}"] = data
    manifest = [{"Config": "blobs/sha256/c2", "Layers": ["blobs/sha256/b0", "blobs/sha256/a1"]}]
    items = [
        folder("blobs"),
        *(Item(name, data) for name, data in sorted(blobs.items())),
        Item("index.json", b"{}"),
        Item("manifest.json", json.dumps(manifest).encode()),
        Item("oci-layout", b"{}"),
    ]
    found = look(io.BytesIO(tar_of(items)), ImageTask(base_layers=1))

    assert (found.limit, found.app_bytes) == ("", 3)
    assert found.layers[1].instruction == "COPY x"
