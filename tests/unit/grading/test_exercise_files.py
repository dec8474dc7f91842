"""Workspaces are laid out anew whatever was left in them, and what is taken is a plain file."""

import os
import sys
from pathlib import Path
from random import Random

import pytest

from audition.grading.exercise.batches import corrupted
from audition.grading.exercise.files import copy_out, copy_tree, digest_of, empty
from audition.grading.exercise.table import Table, read_table


def dig(folder: Path, depth: int) -> None:
    """Folders in folders, deeper than any path may be long."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def test_everything_in_a_folder_goes_however_deep_and_locked(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    dig(folder, sys.getrecursionlimit() + 200)
    (folder / "moved-1").mkdir()
    (folder / "moved-1" / "moved-2").write_text("x")
    (folder / "link").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    locked = folder / "locked"
    (locked / "in").mkdir(parents=True)
    (locked / "in" / "file").write_text("x")
    (locked / "in").chmod(0)
    locked.chmod(0)
    folder.chmod(0)
    (tmp_path / "other").write_text("stays")
    empty(folder)
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "other").read_text() == "stays"


def test_a_copy_of_the_submission_can_be_written_to_and_programs_stay_programs(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "a" / "b").mkdir(parents=True)
    target.mkdir()
    (source / "a" / "run.sh").write_text("x")
    (source / "a" / "run.sh").chmod(0o555)
    (source / "a" / "b" / "data").write_text("y")
    (source / "a" / "b" / "data").chmod(0o444)
    copy_tree(source, target)
    assert (target / "a" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (target / "a" / "b" / "data").stat().st_mode & 0o777 == 0o644


def test_a_plain_file_is_taken_with_its_digest(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "model").write_bytes(b"weights")
    left = copy_out(tmp_path, "a/model", tmp_path / "copy", 100)
    assert left is not None
    assert (left.name, left.bytes, left.sha256) == ("a/model", 7, digest_of(tmp_path / "copy"))


@pytest.mark.parametrize(
    "what", ["absent", "link", "linked folder", "pipe", "folder", "empty", "large", "name"]
)
def test_nothing_else_is_taken(tmp_path: Path, what: str) -> None:
    base = tmp_path / "out"
    base.mkdir()
    (tmp_path / "secret").write_text("secret")
    name = "model"
    match what:
        case "link":
            (base / name).symlink_to(tmp_path / "secret")
        case "linked folder":
            (base / "a").symlink_to(tmp_path)
            name = "a/secret"
        case "pipe":
            os.mkfifo(base / name)
        case "folder":
            (base / name).mkdir()
        case "empty":
            (base / name).touch()
        case "large":
            (base / name).write_bytes(bytes(101))
        case "name":
            name = "m\0del"
        case _:
            pass
    assert copy_out(base, name, tmp_path / "copy", 100) is None


ROWS = tuple(
    (f"A{n}", str(20 + n % 40), str(1000 + 7 * n), "own" if n % 3 else "rent", str(n % 2)) for n in range(100)
)
BATCH = Table(name="b.csv", columns=("id", "age", "income", "home", "defaulted"), rows=ROWS)


def test_five_batches_have_one_fault_each() -> None:
    made = {name: table for name, _, table in corrupted(BATCH, "id", "defaulted", Random(1))}
    assert list(made) == ["missing", "unit", "nulls", "level", "ids"]
    assert len(made["missing"].columns) == 4
    assert {"id", "defaulted", "home"} < set(made["missing"].columns)
    changed = [c for c in BATCH.columns if made["unit"].column(c) != BATCH.column(c)]
    assert [float(x) for x in made["unit"].column(changed[0])] == [
        100 * float(x) for x in BATCH.column(changed[0])
    ]
    empties = sum(not cell for row in made["nulls"].rows for cell in row)
    assert empties == 30
    assert made["level"].column("home").count("level-never-seen") == 20
    assert len(set(made["ids"].column("id"))) <= 90
    assert all(table.column("defaulted") == BATCH.column("defaulted") for table in made.values())


def test_faults_that_a_table_cannot_have_are_left_out() -> None:
    plain = Table(name="b.csv", columns=("id", "x"), rows=(("1", ""), ("2", "")))
    assert [name for name, _, _ in corrupted(plain, "key", "y", Random(1))] == ["missing", "nulls", "level"][
        :2
    ]


def test_tables_are_read_sampled_and_turned_round_without_losing_a_cell(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(BATCH.written())
    assert read_table(tmp_path / "b.csv") == BATCH
    turned = BATCH.turned("defaulted")
    assert all(
        {a, b} == {"0", "1"}
        for a, b in zip(turned.column("defaulted"), BATCH.column("defaulted"), strict=True)
    )
    assert turned.without("defaulted") == BATCH.without("defaulted")
    incomes = BATCH.turned("income").column("income")
    assert (incomes[0], incomes[-1]) == (BATCH.column("income")[-1], BATCH.column("income")[0])
    few = BATCH.sample(10, Random(1))
    assert len(few.rows) == 10
    assert set(few.rows) < set(BATCH.rows)
    assert read_table(tmp_path / "b.parquet") is None
