"""Predictions files, good and bad: what is said about each, with file, line and column."""

import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audition.domain.challenge import AnswersSpec
from audition.domain.evidence import StageEvidence
from audition.domain.grade import Outcome
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from graders import predictions
from graders.answers import read_answers
from graders.output_format import grader
from tests.graders.workspaces import by_check, make_workspace, with_answers, with_output

IDS = tuple(str(number) for number in range(1, 7))
GOOD = "id,probability\n" + "".join(f"{i},0.{i}\n" for i in IDS)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Six ids are asked for."""
    return with_answers(make_workspace(tmp_path), {i: int(i) % 2 for i in IDS})


def changed(line: int, text: str) -> str:
    """The good file with one line (1-based) changed."""
    lines = GOOD.splitlines()
    lines[line - 1] = text
    return "\n".join(lines) + "\n"


GOOD_FILES = {
    "as asked": GOOD,
    "rows in another order": "id,probability\n" + "".join(f"{i},0.5\n" for i in reversed(IDS)),
    "columns in another order": "probability,id\n" + "".join(f"0.5,{i}\n" for i in IDS),
    "more columns": "x,id,y,probability\n" + "".join(f"a,{i},b,0.5\n" for i in IDS),
    "byte-order mark": "\ufeff" + GOOD,
    "line ends of Windows": GOOD.replace("\n", "\r\n"),
    "no line end at the end": GOOD.rstrip("\n"),
    "blank lines": GOOD.replace("\n", "\n\n"),
    "quoted": 'id,"probability"\n' + "".join(f'"{i}","0.5"\n' for i in IDS),
    "quoted line end elsewhere": 'note,id,probability\n"a\nb",1,0.5\n'
    + "".join(f"c,{i},0.5\n" for i in IDS[1:]),
    "spaces around": "id , probability\n" + "".join(f" {i} , 0.5 \n" for i in IDS),
    "exponents and ends of the range": "id,probability\n1,0\n2,1\n3,1e-3\n4,5E-1\n5,+.5\n6,-0.0\n",
}


@pytest.mark.parametrize("name", GOOD_FILES)
def test_a_file_in_order_passes_every_check(workspace: Workspace, name: str) -> None:
    grade = grader.grade(with_output(workspace, GOOD_FILES[name]))
    assert {f.check: f.outcome for f in grade.findings if f.outcome != Outcome.PASSED} == {}
    assert grade.invalid_output == ""


BAD_FILES: dict[str, tuple[bytes | str, str, str]] = {
    "0 bytes": ("", "output.readable", "predictions.csv: the file is empty (0 bytes). Write one row"),
    "only a line end": ("\n", "output.readable", "column id, probability is missing (found: none)"),
    "wrong columns": (
        "id,score\n1,0.5\n",
        "output.readable",
        "column probability is missing (found: 'id', 'score')",
    ),
    "semicolons": ("id;probability\n1;0.5\n", "output.readable", "(found: 'id;probability')"),
    "no header": ("1,0.5\n2,0.5\n", "output.readable", "column id, probability is missing"),
    "a column twice": (
        "id,probability,probability\n",
        "output.readable",
        "column probability is there 2 times",
    ),
    "UTF-16": (GOOD.encode("utf-16"), "output.readable", "it is UTF-16 text. Write it as UTF-8"),
    "Latin-1": (GOOD.encode() + b"caf\xe9,0.5\n", "output.readable", "not UTF-8 text (byte 0xe9 after line"),
    "binary": (bytes(range(256)) * 9, "output.readable", "not UTF-8 text"),
    "open quote": (
        GOOD + '"7,0.5\n',
        "output.readable",
        "cannot be read as CSV (near line 8: unexpected end",
    ),
    "one enormous cell": (GOOD + "7," + "9" * 200_000, "output.readable", "field larger than field limit"),
    "header only": ("id,probability\n", "output.ids.complete", "6 ids are missing"),
    "missing id": (changed(4, ""), "output.ids.complete", "1 id is missing"),
    "duplicate id": (changed(4, "1,0.5"), "output.ids.unique", "1 row repeats an id"),
    "unknown id": (GOOD + "99,0.5\n", "output.ids.known", "1 row has an id that was not asked for"),
    "empty id": (changed(3, ",0.5"), "output.ids.known", "1 row"),
    "NaN": (changed(3, "2,NaN"), "output.values.numeric", "1 value is not a finite"),
    "infinity": (changed(3, "2,-inf"), "output.values.numeric", "1 value"),
    "too large for a float": (changed(3, "2,1e999"), "output.values.numeric", "1 value"),
    "text": (changed(3, "2,high"), "output.values.numeric", "1 value"),
    "empty value": (changed(3, "2,"), "output.values.numeric", "1 value"),
    "underscore": (changed(3, "2,0_0"), "output.values.numeric", "1 value"),
    "other digits": (changed(3, "2,\u0660.\u0665"), "output.values.numeric", "1 value"),
    "decimal comma": (changed(3, '2,"0,5"'), "output.values.numeric", "1 value"),
    "code": (changed(3, "2,\"__import__('os')\""), "output.values.numeric", "1 value"),
    "quoted line end": (changed(3, '2,"0.5\n"') + "x", "output.rows.complete", "1 row"),
    "too high": (changed(3, "2,1.0001"), "output.values.in-range", "1 value is out of range"),
    "too low": (changed(3, "2,-1e-9"), "output.values.in-range", "1 value"),
    "a cell too many": (
        changed(3, "2,0.5,1"),
        "output.rows.complete",
        "1 row has the wrong number of cells",
    ),
    "a cell too few": (changed(3, "2"), "output.rows.complete", "1 row"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_each_mistake_fails_its_own_check_and_says_so(workspace: Workspace, name: str) -> None:
    content, check, words = BAD_FILES[name]
    grade = grader.grade(with_output(workspace, content))
    finding = by_check(grade)[check]
    assert finding.outcome == Outcome.FAILED
    assert words in finding.sentence
    assert finding.how_to_fix
    assert grade.invalid_output.startswith("predictions.csv: ")
    assert grade.invalid_output.isprintable()
    assert finding.max_points == 0


@pytest.mark.parametrize(
    ("content", "check", "line", "column", "summary"),
    [
        (changed(3, "2,NaN"), "output.values.numeric", 3, "probability", "'NaN' in line 3"),
        (changed(6, "5,2"), "output.values.in-range", 6, "probability", "'2' in line 6"),
        (changed(4, "1,0.5"), "output.ids.unique", 4, "id", "'1' again in line 4"),
        (GOOD + "x y,0.5\n", "output.ids.known", 8, "id", "'x y' in line 8"),
        (changed(5, "4"), "output.rows.complete", 5, "", "1 instead of 2 in line 5"),
        (changed(5, ""), "output.ids.complete", None, "id", "'4'"),
        (GOOD.replace("3,0.3", "3,0.3\n\n") + "7,1", "output.ids.known", 10, "id", "'7' in line 10"),
    ],
)
def test_evidence_names_file_line_and_column(
    workspace: Workspace, content: str, check: str, line: int | None, column: str, summary: str
) -> None:
    evidence = by_check(grader.grade(with_output(workspace, content)))[check].evidence[0]
    assert (evidence.file, evidence.line, evidence.column) == ("predictions.csv", line, column)
    assert evidence.summary == summary


def test_hostile_text_is_escaped_and_short(workspace: Workspace) -> None:
    grade = grader.grade(with_output(workspace, changed(3, f"2,\x1b[31m{'x' * 5000}")))
    evidence = by_check(grade)["output.values.numeric"].evidence[0]
    assert evidence.summary.isprintable()
    assert len(evidence.summary) < 200
    assert len(grade.invalid_output) < 300


def test_several_mistakes_are_summed_up_in_one_sentence(workspace: Workspace) -> None:
    content = "id,probability\n1,NaN\n1,0.5\n2,7\n9,0.1\n3\n"
    said = grader.grade(with_output(workspace, content)).invalid_output
    for words in (
        "1 row has the wrong number of cells",
        "4 ids are missing (first: '3')",
        "1 id appears more than once",
        "1 id was not asked for (first: '9' in line 5)",
        "1 value is not a finite number (first: 'NaN' in line 2)",
        "1 value is out of range (first: '7' in line 4)",
    ):
        assert words in said


def test_no_file_after_a_failure_is_not_told_again(workspace: Workspace) -> None:
    late = StageEvidence(stage=Stage.PREDICT, verdict=Verdict.TIME_LIMIT)
    grade = grader.grade(replace(workspace, evidence=replace(workspace.evidence, stages=(late,))))

    assert grade.invalid_output == ""
    assert {f.outcome for f in grade.findings} == {Outcome.NOT_APPLICABLE}


def test_no_file_says_what_was_refused(workspace: Workspace) -> None:
    grade = grader.grade(workspace)
    assert by_check(grade)["output.present"].outcome == Outcome.FAILED
    assert "no predictions.csv or predictions.parquet in /out" in grade.invalid_output
    others = [f.outcome for f in grade.findings if f.check != "output.present"]
    assert set(others) == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize("row", [b"7,0.5\n", b"7\n", b"\n", b'"\n",1\n', b"1,0.5,,\n"])
def test_ten_million_rows_are_not_all_read(workspace: Workspace, row: bytes) -> None:
    workspace = with_output(workspace, GOOD)
    path = workspace.outputs / "predictions.csv"
    with path.open("ab") as stream:
        for _ in range(100):
            stream.write(row * 100_000)
    started = time.process_time()
    grade = grader.grade(workspace)
    seconds = time.process_time() - started
    path.unlink()
    assert seconds < 2
    assert "far more rows than were asked for (stopped after 10,0" in grade.invalid_output
    assert by_check(grade)["output.ids.known"].outcome == Outcome.FAILED
    assert by_check(grade)["output.ids.complete"].outcome == Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    "text", ["," * 3_000_000, '"\\n",' * 500_000, "id,probability\\n1," + "5" * 2_000_000]
)
def test_a_row_without_end_is_not_all_read(workspace: Workspace, text: str) -> None:
    grade = grader.grade(with_output(workspace, text.replace("\\n", "\n")))
    assert "cannot be read as CSV" in grade.invalid_output
    assert "longer than 1,048,576 characters" in grade.invalid_output


def parquet(columns: dict[str, object], path: Path) -> bytes:
    pq.write_table(pa.table(columns), path)
    return path.read_bytes()


HALF = [0.5] * len(IDS)
NUMBERS = [int(i) for i in IDS]
GOOD_PARQUET: dict[str, dict[str, object]] = {
    "text ids": {"id": list(IDS), "probability": HALF},
    "integer ids": {"id": NUMBERS, "probability": HALF},
    "32-bit floats": {"probability": pa.array(HALF, pa.float32()), "id": pa.array(NUMBERS, pa.int16())},
    "dictionary ids": {"id": pa.array(list(IDS)).dictionary_encode(), "probability": HALF},
    "integers as values": {"id": list(IDS), "probability": [0, 1, 0, 1, 0, 1]},
    "more columns": {"id": list(IDS), "x": [{"a": 1}] * 6, "probability": HALF},
}


@pytest.mark.parametrize("name", GOOD_PARQUET)
def test_parquet_in_order_passes(workspace: Workspace, tmp_path: Path, name: str) -> None:
    content = parquet(GOOD_PARQUET[name], tmp_path / "p")
    grade = grader.grade(with_output(workspace, content, "predictions.parquet"))
    assert grade.invalid_output == ""


BAD_PARQUET: dict[str, tuple[dict[str, object], str]] = {
    "null value": ({"id": list(IDS), "probability": [0.5] * 5 + [None]}, "1 value is not a finite number"),
    "NaN": (
        {"id": list(IDS), "probability": [0.5] * 5 + [float("nan")]},
        "not a finite number (first: 'nan'",
    ),
    "text values": ({"id": list(IDS), "probability": ["high"] * 6}, "6 values are not finite"),
    "truth values": ({"id": list(IDS), "probability": [True] * 6}, "6 values are not finite"),
    "null id": ({"id": [*IDS[:5], None], "probability": HALF}, "1 id was not asked for (first: ''"),
    "float ids": (
        {"id": [float(i) for i in IDS], "probability": HALF},
        "6 ids were not asked for (first: '1.0'",
    ),
    "nested values": ({"id": list(IDS), "probability": [[0.5]] * 6}, "6 values are not finite"),
    "wrong columns": ({"ID": list(IDS), "probability": HALF}, "column id is missing"),
    "no rows": (
        {"id": pa.array([], pa.string()), "probability": pa.array([], pa.float64())},
        "6 ids are missing",
    ),
    "too many rows": (
        {"id": [str(n) for n in range(30_000)], "probability": [0.5] * 30_000},
        "far more rows",
    ),
}


@pytest.mark.parametrize("name", BAD_PARQUET)
def test_parquet_with_mistakes_says_which(workspace: Workspace, tmp_path: Path, name: str) -> None:
    columns, words = BAD_PARQUET[name]
    grade = grader.grade(with_output(workspace, parquet(columns, tmp_path / "p"), "predictions.parquet"))
    assert grade.invalid_output.startswith("predictions.parquet: ")
    assert words in grade.invalid_output


def garbage(good: bytes) -> Iterator[bytes]:
    yield b"not parquet at all"
    yield b"PAR1" + bytes(64) + b"PAR1"
    yield good[:-10]
    yield good[: len(good) // 2]
    yield good[:40] + b"\xff" * 60 + good[100:]
    yield b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1"


def test_parquet_garbage_is_unreadable_not_a_crash(workspace: Workspace, tmp_path: Path) -> None:
    good = parquet({"id": list(IDS), "probability": HALF}, tmp_path / "p")
    for content in garbage(good):
        grade = grader.grade(with_output(workspace, content, "predictions.parquet"))
        assert "cannot be read as Parquet" in grade.invalid_output
        assert by_check(grade)["output.readable"].outcome == Outcome.FAILED


def test_a_parquet_bomb_is_not_unpacked(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four megabytes of zeros, squeezed to almost nothing; the real limit is too slow to reach in a test."""
    monkeypatch.setattr(predictions, "_MAX_PARQUET_BYTES", 1 << 20)
    path = tmp_path / "bomb"
    table = pa.table({"id": ["1"], "probability": [0.5], "blob": [bytes(4 << 20)]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, write_statistics=False)
    assert path.stat().st_size < 10_000
    grade = grader.grade(with_output(workspace, path.read_bytes(), "predictions.parquet"))
    assert "unpacks to 4,19" in grade.invalid_output


def test_a_value_that_is_meant_for_every_row_is_not_written_out(workspace: Workspace, tmp_path: Path) -> None:
    """Four megabytes by reference, in each of half a million rows."""
    ids = pa.DictionaryArray.from_arrays(pa.array([0] * 500_000, pa.int32()), pa.array(["x" * (4 << 20)]))
    content = parquet({"id": ids, "probability": [0.5] * 500_000}, tmp_path / "bomb")
    assert len(content) < 1 << 20
    before = resource.getrlimit(resource.RLIMIT_AS)
    grade = grader.grade(with_output(workspace, content, "predictions.parquet"))
    assert "more than 384 MiB of memory" in grade.invalid_output
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_csv_wins_over_parquet_as_the_challenge_says(workspace: Workspace) -> None:
    both = with_output(with_output(workspace, b"junk", "predictions.parquet"), GOOD)
    assert grader.grade(both).invalid_output == ""


def test_a_file_that_changes_is_read_again(workspace: Workspace) -> None:
    assert grader.grade(with_output(workspace, GOOD)).invalid_output == ""
    assert grader.grade(with_output(workspace, changed(3, "2,NaNaN"))).invalid_output != ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,other\n1,0\n", "has no column defaulted"),
        ("id,defaulted\n1,0\n1,1\n", "has an id twice (line 3)"),
        ("id,defaulted\n", "is empty"),
        ("id,defaulted\n1,nan\n", "not finite"),
        ("id,defaulted\n1,yes\n", "could not convert"),
    ],
)
def test_faults_of_the_answers_are_ours_and_raise(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        read_answers(path, AnswersSpec(file="answers.csv", id_column="id", answer_column="defaulted"))
