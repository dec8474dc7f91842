"""`audition.toml`: defaults, and every mistake named with its key and what to do."""

from pathlib import Path

import pytest

from audition.domain.contract import DEFAULT_PREDICT, Contract
from audition.grading.contract import read_contract


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """An unpacked submission with the default script."""
    (tmp_path / "predict.py").write_text("")
    return tmp_path


def read(submission: Path, text: str | bytes) -> tuple[Contract, list[str]]:
    data = text.encode() if isinstance(text, str) else text
    (submission / "audition.toml").write_bytes(data)
    return read_contract(submission)


def test_without_a_file_the_default_command_runs(submission: Path) -> None:
    assert read_contract(submission) == (Contract(), [])


def test_an_empty_file_means_the_defaults(submission: Path) -> None:
    contract, problems = read(submission, "")
    assert problems == []
    assert (contract.predict, contract.is_declared) == (DEFAULT_PREDICT, True)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('["python", "-u", "predict.py"]', ("python", "-u", "predict.py")),
        ("\"python predict.py --mode 'a b'\"", ("python", "predict.py", "--mode", "a b")),
        ('["sh", "-c", "python predict.py; true"]', ("sh", "-c", "python predict.py; true")),
        ('["./run"]', ("./run",)),
        ('["python", "-m", "pack"]', ("python", "-m", "pack")),
    ],
)
def test_a_command_is_a_list_of_words_and_never_meets_a_shell(
    submission: Path, value: str, words: tuple[str, ...]
) -> None:
    contract, problems = read(submission, f"predict = {value}")
    assert problems == []
    assert contract.predict == words


@pytest.mark.parametrize("start", ["\ufeff", "\r\n", "# a comment\r\n"])
def test_marks_and_line_ends_of_other_systems_are_fine(submission: Path, start: str) -> None:
    assert read(submission, f'{start}predict = ["python", "predict.py"]\r\n')[1] == []


@pytest.mark.parametrize(
    "value",
    [
        "[]",
        "3",
        "true",
        '[1, "x"]',
        '["python", ""]',
        '["python", "a\\u0000b"]',
        "{ python = 1 }",
        f"{['x'] * 65}",
        f'["{"x" * 5000}"]',
        '""',
    ],
)
def test_a_command_that_is_no_list_of_words_is_told(submission: Path, value: str) -> None:
    contract, problems = read(submission, f"predict = {value}")
    assert len(problems) == 1
    assert problems[0].startswith("audition.toml:1: predict = ")
    assert 'write a list of 1 to 64 words, e.g. ["python", "predict.py"].' in problems[0]
    assert contract.predict == DEFAULT_PREDICT


def test_open_quotes_are_told(submission: Path) -> None:
    assert "No closing quotation" in read(submission, 'predict = "python \'x"')[1][0]


def test_every_mistake_is_told_at_once(submission: Path) -> None:
    _, problems = read(submission, 'predict = ["python", "main.py"]\ntrain = 1\n[serve]\nport = 1')
    assert len(problems) == 3
    assert "unknown key 'train'; known keys are: predict" in problems[0]
    assert "unknown key 'serve'" in problems[1]
    assert "no 'main.py' in the archive, and audition.toml says to run 'python main.py'" in problems[2]


def test_a_bad_command_is_not_followed_by_a_made_up_missing_script(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "predict = 3")
    assert len(problems) == 1


def test_endless_unknown_keys_are_not_all_told(submission: Path) -> None:
    assert len(read(submission, "\n".join(f"k{n} = 1" for n in range(500)))[1]) == 20


def test_a_missing_default_script_is_told_with_the_way_out(tmp_path: Path) -> None:
    _, problems = read_contract(tmp_path)
    assert "There is no 'predict.py' in the archive, and the default is to run" in problems[0]
    assert "under `predict` in audition.toml" in problems[0]


@pytest.mark.parametrize("options", ["", '"-u", ', '"-B", "-OO", '])
def test_a_missing_script_is_seen_behind_switches(tmp_path: Path, options: str) -> None:
    _, problems = read(tmp_path, f'predict = ["python", {options}"src/run.py"]')
    assert "no 'src/run.py'" in problems[0]


def test_a_script_name_no_file_can_have_is_missing_not_a_crash(submission: Path) -> None:
    _, problems = read(submission, f'predict = ["python", "{"x" * 3000}.py"]')
    assert len(problems) == 1
    assert len(problems[0]) < 1000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "not UTF-8 text (byte 0)"),
        (b"predict = [", "not valid TOML"),
        (b"a = 1\na = 2", "not valid TOML"),
        (b"predict = " + b"1" * 5000, "not valid TOML"),
        (b"predict = 2020-13-45", "not valid TOML"),
        (b"x = " + b"[" * 30_000, "nested too deeply"),
        (b"#" * (65 << 10), "larger than 64 KiB"),
        (b"\x00", "not valid TOML"),
        (b"a = 1\n" + b"a." * 30_000 + b"a = 1", "more than 1,000 dots in line 2"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(submission: Path, content: bytes, words: str) -> None:
    contract, problems = read(submission, content)
    assert len(problems) == 1
    assert words in problems[0]
    assert len(problems[0]) < 400
    assert contract.predict == DEFAULT_PREDICT
