"""`.dockerignore` as Docker reads it; a hostile one ends in a sentence and in bounded time."""

import io
import tarfile
import time
from collections import deque
from pathlib import Path

import pytest

from audition.domain.contract import Entry
from audition.grading.context import context_bytes, write_context
from audition.grading.ignore import Ignore, UnreadableIgnoreError, context_entries
from audition.grading.recipe import plan_build

FILES = (
    "a.py",
    "src/a.py",
    "src/deep/b.py",
    "src/deep/b.txt",
    "data/raw.csv",
    "README.md",
    "x/.git/c",
    "[z]",
)


def kept(*lines: str) -> set[str]:
    ignore = Ignore("\n".join(lines).encode())
    return {path for path in FILES if not ignore.leaves_out(path)}


def gone(*lines: str) -> set[str]:
    return set(FILES) - kept(*lines)


# Source: the tables of the reference of `docker build`, and the moby project's own cases.
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a.py"], {"a.py"}),
        (["/a.py"], {"a.py"}),
        (["./src/../a.py"], {"a.py"}),
        (["src"], {"src/a.py", "src/deep/b.py", "src/deep/b.txt"}),
        (["src/"], {"src/a.py", "src/deep/b.py", "src/deep/b.txt"}),
        (["*.py"], {"a.py"}),
        (["*/*.py"], {"src/a.py"}),
        (["?.py"], {"a.py"}),
        (["*/dee?"], {"src/deep/b.py", "src/deep/b.txt"}),
        (["**/*.py"], {"a.py", "src/a.py", "src/deep/b.py"}),
        (["**/deep"], {"src/deep/b.py", "src/deep/b.txt"}),
        (["src/**"], {"src/a.py", "src/deep/b.py", "src/deep/b.txt"}),
        (["src/**/b.*"], {"src/deep/b.py", "src/deep/b.txt"}),
        (["src/**/a.py"], {"src/a.py"}),
        (["**.py"], {"a.py", "src/a.py", "src/deep/b.py"}),
        (["**eep"], {"src/deep/b.py", "src/deep/b.txt"}),
        (["s**p"], set()),
        (["s**/deep"], {"src/deep/b.py", "src/deep/b.txt"}),
        (["s*/**/b.py"], {"src/deep/b.py"}),
        (["**/.git"], {"x/.git/c"}),
        ([".git"], set()),
        (["[a-b].py"], {"a.py"}),
        (["[^b].py"], {"a.py"}),
        (["[^a-c].py"], set()),
        ([r"\[z\]"], {"[z]"}),
        ([r"[\[]z[\]]"], {"[z]"}),
        (["."], set()),
        (["../a.py"], set()),
        (["# a.py", "", "   ", "\ufeffREADME.md"], set()),
        ([" a.py \r"], {"a.py"}),
        (["A.PY"], set()),
    ],
)
def test_patterns_mean_what_they_mean_to_docker(lines: list[str], expected: set[str]) -> None:
    assert gone(*lines) == expected


def test_everything_is_left_out_but_what_is_taken_back() -> None:
    assert kept("**", "!src/a.py") == {"src/a.py"}
    assert kept("*", "!src", "src/deep") == {"src/a.py"}
    assert kept("*", "! src/deep/*.py ") == {"src/deep/b.py"}
    assert kept("**/*.py", "!src/**", "src/deep/b.py") == set(FILES) - {"a.py", "src/deep/b.py"}


def test_the_last_pattern_that_matches_decides() -> None:
    assert "README.md" in kept("*.md", "!README.md")
    assert "README.md" not in kept("!README.md", "*.md")


def test_a_mark_at_the_start_of_the_file_is_no_part_of_a_pattern() -> None:
    assert Ignore(b"\xef\xbb\xbfa.py\n").leaves_out("a.py")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a\n" * 40_000, "larger than 64 KiB"),
        (b"a\n" * 501, "more than 500 patterns"),
        (b"x" * 513, "line 1 is longer than 512 characters"),
        (b"a.py\n\xff\xfe", "not UTF-8"),
        (b"ok\n!\n", "line 2 is no pattern (nothing stands after the exclamation mark)"),
        (b"[a-", "line 1 is no pattern"),
        (b"[]", "line 1 is no pattern"),
        (b"[z-a]", "runs backwards"),
        (b"a\\", "line 1 is no pattern"),
        (b"*" * 100 + b"b", "more than 32 wildcards"),
    ],
)
def test_a_file_that_cannot_be_followed_says_where_and_why(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableIgnoreError, match=r"^\.dockerignore cannot be followed: ") as caught:
        Ignore(content)
    assert words in str(caught.value)


def test_a_hostile_pattern_ends_soon() -> None:
    began = time.monotonic()
    ignore = Ignore(b"\n".join([b"**/" + b"*a" * 15 + b"b"] * 500))
    with pytest.raises(UnreadableIgnoreError, match="too many patterns for so many files"):
        deque((ignore.leaves_out("a" * 200) for _ in range(200)), maxlen=0)
    assert time.monotonic() - began < 20


@pytest.fixture
def submission(tmp_path: Path) -> tuple[Path, tuple[Entry, ...]]:
    files = {"Dockerfile": b"FROM x", "app.py": b"1", "data/big.bin": b"0" * 1000, ".dockerignore": b"data\n"}
    return tmp_path, put(tmp_path, files)


def put(folder: Path, files: dict[str, bytes]) -> tuple[Entry, ...]:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return tuple(Entry(path=path, bytes=len(content)) for path, content in files.items())


def packed(folder: Path, entries: tuple[Entry, ...], file: str = "Dockerfile") -> dict[str, bytes]:
    chosen = context_entries(folder, entries, file)
    sink = io.BytesIO()
    write_context(folder, chosen, file, b"FROM ours", sink)
    assert context_bytes(folder, chosen, file, b"FROM ours") == len(sink.getvalue())
    sink.seek(0)
    with tarfile.open(fileobj=sink) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers()}  # type: ignore[union-attr]


def test_a_build_gets_what_is_not_left_out(submission: tuple[Path, tuple[Entry, ...]]) -> None:
    assert packed(*submission) == {"Dockerfile": b"FROM ours", "app.py": b"1"}


def test_a_dockerfile_that_is_left_out_is_built_all_the_same_and_cannot_be_copied(tmp_path: Path) -> None:
    entries = put(tmp_path, {"Dockerfile": b"FROM x", "app.py": b"1", ".dockerignore": b"*\n!app.py\n"})

    assert packed(tmp_path, entries) == {
        "Dockerfile": b"FROM ours",
        "app.py": b"1",
        ".dockerignore": b".dockerignore\nDockerfile\n",
    }


def test_an_ignore_file_of_the_dockerfiles_own_comes_first(tmp_path: Path) -> None:
    files = {"docker/Dockerfile": b"FROM x", "app.py": b"1", "b.py": b"1"}
    files |= {
        "docker/Dockerfile.dockerignore": b"b.py\ndocker/*.dockerignore\n",
        ".dockerignore": b"app.py\n",
    }

    assert set(packed(tmp_path, put(tmp_path, files), "docker/Dockerfile")) == {"docker/Dockerfile", "app.py"}


def test_what_is_left_out_does_not_count(tmp_path: Path) -> None:
    entries = put(tmp_path, {"Dockerfile": b"FROM python:3.11-slim\n", ".dockerignore": b"data\n"})
    big = Entry(path="data/big.bin", bytes=1 << 30)

    assert plan_build(tmp_path, {"python:3.11-slim": "slim"}, (*entries, big))[0].refusals == ()
    assert "can be built from" in plan_build(tmp_path, {}, (*entries[:1], big))[0].refusals[0]


def test_an_ignore_file_that_cannot_be_followed_is_a_refusal(tmp_path: Path) -> None:
    entries = put(tmp_path, {"Dockerfile": b"FROM python:3.11-slim\n", ".dockerignore": b"[a-\n"})

    (refusal,) = plan_build(tmp_path, {"python:3.11-slim": "slim"}, entries)[0].refusals
    assert refusal.startswith(".dockerignore cannot be followed: line 1")
