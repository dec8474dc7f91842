"""Extra rows look like the others, are what the map says, and can be told apart by nobody who lacks the answers."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from audition import codec
from audition.domain.extra_rows import Corruption, ExtraRows, ExtraRowsSpec, RowKind
from graders.model_robustness.make_rows import Table, make_rows
from tests.factories import make_manifest

SPEC = ExtraRowsSpec(
    file="test.csv",
    copies=20,
    nudged=20,
    corrupted=25,
    corruptions=(
        Corruption(kind=RowKind.MISSING, columns=("income", "home")),
        Corruption(kind=RowKind.UNSEEN, columns=("home",), level="boat"),
        Corruption(kind=RowKind.UNIT, columns=("income",), factor=100.0),
    ),
)
TABLE = Table(
    names=("id", "income", "age", "home"),
    id_column="id",
    rows={
        f"app-{n * 7919 % 65536:04x}": {
            "id": f"app-{n * 7919 % 65536:04x}",
            "income": f"{1000 + n * 37 % 2000}.50" if n % 9 else "",
            "age": str(20 + n % 12),
            "home": ("own", "rent")[n % 2],
        }
        for n in range(200)
    },
)


def made(seed: bytes = b"secret", spec: ExtraRowsSpec = SPEC) -> tuple[ExtraRows, dict[str, dict[str, str]]]:
    found = make_rows(spec, TABLE, seed)
    return found, {row["id"]: row for row in csv.DictReader(io.StringIO(found.table))}


def without_id(row: dict[str, str]) -> dict[str, str]:
    return {name: cell for name, cell in row.items() if name != "id"}


def test_all_hidden_rows_are_there_unchanged_and_the_extra_ones_besides() -> None:
    found, rows = made()
    assert len(rows) == len(TABLE.rows) + len(found.rows)
    assert {identifier: rows[identifier] for identifier in TABLE.rows} == TABLE.rows
    counts = [sum(r.kind == kind for r in found.rows) for kind in RowKind]
    assert counts == [20, 20, 25, 25, 25]


def test_each_extra_row_is_what_the_map_says() -> None:
    found, rows = made()
    for extra in found.rows:
        new, old = without_id(rows[extra.id]), without_id(rows[extra.of])
        if extra.kind == RowKind.COPY:
            assert new == old
        elif extra.kind == RowKind.NUDGED:
            assert new["home"] == old["home"]
            assert new["age"] == old["age"], "a count of few values says something else when it moves"
            assert 0 < abs(float(new["income"]) - float(old["income"])) < 20
        elif extra.kind == RowKind.MISSING:
            assert new == {**old, "income": "", "home": ""}
        elif extra.kind == RowKind.UNSEEN:
            assert new == {**old, "home": "boat"}
        else:
            assert new == {**old, "income": f"{float(old['income']) * 100:.2f}"}


def test_a_row_is_changed_at_most_once_in_the_same_way() -> None:
    found, _ = made()
    keys = [(row.of, row.kind, row.corruption) for row in found.rows]
    assert len(keys) == len(set(keys))


def test_ids_and_places_tell_nothing() -> None:
    found, rows = made()
    extra = {row.id for row in found.rows}
    assert all(len(i) == 8 and i.startswith("app-") and int(i[4:], 16) >= 0 for i in extra)
    order = list(rows)
    places = [place for place, identifier in enumerate(order) if identifier in extra]
    middle = sum(places) / len(places) / len(order)
    assert 0.4 < middle < 0.6
    assert order != sorted(order)


def test_the_same_answers_give_the_same_rows_and_others_others() -> None:
    assert made()[0] == made()[0]
    assert {row.id for row in made()[0].rows} != {row.id for row in made(b"other")[0].rows}


@pytest.mark.parametrize("count", [3, 40])
def test_short_ids_that_are_used_up_get_longer(count: int) -> None:
    few = list(TABLE.rows.values())[:10]
    table = replace(TABLE, rows={str(n): {**row, "id": str(n)} for n, row in enumerate(few)})
    found = make_rows(replace(SPEC, copies=count, nudged=count, corruptions=()), table, b"seed")
    ids = [row["id"] for row in csv.DictReader(io.StringIO(found.table))]
    assert len(ids) == len(set(ids))
    assert all(identifier.isdigit() for identifier in ids)


@pytest.mark.parametrize(
    ("corruption", "said"),
    [
        (Corruption(kind=RowKind.MISSING, columns=("salary",)), "has no column salary"),
        (Corruption(kind=RowKind.UNIT, columns=("home",)), "it changes no row"),
    ],
)
def test_what_cannot_be_made_is_the_authors_to_change(corruption: Corruption, said: str) -> None:
    found = make_rows(replace(SPEC, corruptions=(corruption,)), TABLE, b"seed")
    assert said in found.refusals[0]
    assert not found.rows


def test_the_program_reads_what_is_mounted_and_says_one_document(tmp_path: Path) -> None:
    for folder in ("evidence", "public", "private"):
        (tmp_path / folder).mkdir()
    manifest = make_manifest(extra_rows=SPEC)
    (tmp_path / "evidence" / "manifest.json").write_bytes(codec.to_json(manifest))
    lines = [",".join(TABLE.names), *(",".join(row.values()) for row in TABLE.rows.values())]
    (tmp_path / "public" / "test.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "private" / "answers.csv").write_text("id,defaulted\n1,1\n")
    argv = [sys.executable, "-m", "graders.model_robustness.make_rows", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, check=True)
    assert len(codec.from_json(ExtraRows, done.stdout, what="rows").rows) == 115
    (tmp_path / "public" / "test.csv").write_text("a,b\n1,2\n")
    done = subprocess.run(argv, capture_output=True, check=True)
    assert json.loads(done.stdout)["refusals"] == ["extra_rows.file: test.csv has no column 'id'."]
