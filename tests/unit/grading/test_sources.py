"""The code of a submission as text: what is read, and that nothing about it can be too much."""

import json
from pathlib import Path

from audition import codec
from audition.domain.contract import Entry
from audition.domain.sources import MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, sources_of
from audition.grading.sources import read_sources
from tests.notebooks import book, code


def entries(*paths: str) -> list[Entry]:
    return [Entry(path=path, bytes=9) for path in paths]


def test_code_and_recipes_are_chosen_and_what_others_wrote_is_not() -> None:
    own = ("Dockerfile", "requirements.txt", "predict.py", "app/main.py", "k8s/deploy.yaml", "a.ipynb")
    others = (
        "model.bin",
        "README.md",
        ".venv/lib/x.py",
        "node_modules/a.js",
        "data.csv",
        f"{'d' * 250}/a.py",
    )
    assert set(sources_of(entries(*own, *others))) == set(own)
    assert sources_of([Entry(path="empty.py", bytes=0)]) == ()


def test_of_many_files_those_near_the_root_are_taken() -> None:
    deep = [f"a/b/c{n:03}.py" for n in range(MOST_FILES)]
    chosen = sources_of(entries(*deep, "z.py"))
    assert len(chosen) == MOST_FILES
    assert chosen[0] == "z.py"


def test_text_is_read_and_of_notebooks_the_code(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"caf\xe9 = 1\n")
    (tmp_path / "n.ipynb").write_bytes(book(code("x = 1"), code("print(x)")))
    found = {file.path: file.text for file in read_sources(tmp_path, ["a.py", "n.ipynb"]).files}
    assert found["a.py"] == "caf\ufffd = 1\n"
    assert "x = 1" in found["n.ipynb"]
    assert "print(x)" in found["n.ipynb"]


def test_what_cannot_be_read_spoils_nothing_and_is_counted(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "bytes.py").write_bytes(b"a\0b")
    (tmp_path / "n.ipynb").write_text("{" * 1000)
    (tmp_path / "deep.ipynb").write_text('{"cells":' + "[" * 100_000)
    (tmp_path / "good.py").write_text("a = 1\n")
    found = read_sources(tmp_path, ["absent.py", "folder.py", "bytes.py", "n.ipynb", "deep.ipynb", "good.py"])
    assert [file.path for file in found.files] == ["good.py"]
    assert found.left_out == 5


def test_a_long_file_is_cut_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x" * (MOST_FILE_BYTES + 1))
    (file,) = read_sources(tmp_path, ["long.py"]).files
    assert file.is_cut
    assert len(file.text) == MOST_FILE_BYTES


def test_all_together_are_bounded_as_they_are_written_down(tmp_path: Path) -> None:
    """Every byte of these takes six in JSON."""
    names = [f"{n}.py" for n in range(MOST_FILES)]
    for name in names:
        (tmp_path / name).write_bytes(b"\x01" * MOST_FILE_BYTES)
    found = read_sources(tmp_path, names)
    assert len(codec.to_json(found)) < MOST_BYTES + (4 << 10)
    assert len(found.files) + found.left_out == MOST_FILES
    assert json.loads(codec.to_json(found))["files"]
