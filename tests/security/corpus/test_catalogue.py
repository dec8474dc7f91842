"""The list of cases is complete, and docs/security.md tells the truth about it."""

import re

import pytest

from audition.settings import REPO_DIR
from tests.security.corpus.catalogue import ATTACKS, PENDING, PROBED, REFERRED, lines, rows
from tests.security.corpus.probe_submission import PROBES

PAGE = REPO_DIR / "docs" / "security.md"
_ROW = re.compile(r"^\| ([A-Z]\d\d) \|", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_no_case_is_in_two_places() -> None:
    places = ([case.id for case in ATTACKS], list(PROBED), list(REFERRED), list(PENDING))
    everything = [id_ for place in places for id_ in place]

    assert sorted(everything) == sorted(set(everything))
    assert len(rows()) == len(everything)


def test_the_page_lists_exactly_the_cases_that_there_are() -> None:
    listed = _ROW.findall(PAGE.read_text(encoding="utf-8"))

    assert sorted(listed) == sorted(rows())


def test_the_page_says_of_each_case_what_is_so() -> None:
    page = PAGE.read_text(encoding="utf-8").splitlines()
    stale = [line for line in lines() if line and line not in page]

    assert stale == [], "run `python -m tests.security.corpus.catalogue` and paste"


def test_every_probe_has_a_case() -> None:
    assert set(PROBES) == set(PROBED)


def test_there_are_cases_that_nobody_had_written_down() -> None:
    assert sum(id_.startswith("X") for id_ in rows()) >= 25


@pytest.mark.parametrize("reference", sorted({r for _, tests in REFERRED.values() for r in tests}))
def test_a_test_that_is_referred_to_exists(reference: str) -> None:
    path, _, name = reference.partition("::")

    assert re.search(rf"^ *def {name}\(", (REPO_DIR / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_test_that_the_page_names_exists() -> None:
    named = _TEST.findall(PAGE.read_text(encoding="utf-8"))

    assert len(named) > 10
    for path, name in named:
        assert (REPO_DIR / path).is_file(), path
        assert not name or f"def {name}(" in (REPO_DIR / path).read_text(encoding="utf-8"), name
