"""A problem names file, line and key."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from audition.catalog.read import check_challenge
from audition.catalog.shape import unknown_keys
from audition.catalog.told import Told, line_of, locate
from audition.domain.challenge import Anchor
from tests.unit.catalog.test_read import edit

TEXT = 'a = 1\n\n[metric]\nname = "x"\n\n[[metric.anchors]]\nvalue = 1\n\n[[metric.anchors]]\nvalve = 2\n'


@dataclass
class Held:
    """Dataclasses by name."""

    by_name: Mapping[str, Anchor]


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        ("c.toml: a: is bad.", 1),
        ("c.toml: metric.name: is bad: very.", 4),
        ("c.toml: metric.anchors: give two.", 6),
        ("c.toml: metric.anchors.1.valve: there is no such key", 10),
        ("c.toml: metric.anchors.1.value: Field required", 9),
        ("c.toml: metric.direction: Field required", 3),
        ("c.toml: slug: Field required", 0),
        ("c.toml: is not valid TOML: Expected '=' (at line 7, column 3).", 7),
        ("c.toml: is missing; add this file.", 0),
        ("brief.md: is empty; write it.", 0),
    ],
)
def test_a_problem_gets_the_line_of_its_key_or_of_what_should_hold_it(problem: str, line: int) -> None:
    [told] = locate([problem], lambda _: TEXT)
    assert told.line == line
    place = f"{told.file}:{line}" if line else told.file
    assert str(told) == problem.replace(told.file, place, 1)


def test_problems_of_a_file_come_by_line_and_files_as_they_came() -> None:
    said = ["c.toml: metric.name: b.", "brief.md: is empty; write it.", "c.toml: a: a."]
    found = [(told.file, told.key) for told in locate(said, lambda _: TEXT)]
    assert found == [("c.toml", "a"), ("c.toml", "metric.name"), ("brief.md", "")]


def test_a_sentence_that_names_no_file_is_told_as_it_is() -> None:
    assert locate(["something"], lambda _: "") == (Told(file="", line=0, key="", what="something"),)
    assert line_of({}, "a.b") == 0


def test_a_folder_tells_lines(folder: Path) -> None:
    edit(folder, "challenge.toml", "attempts = 2", "attempts = 0")
    edit(folder, "data/checksums.toml", '"private/', '"secret/')
    challenge, told = check_challenge(folder)
    assert challenge is None
    assert {(one.file, one.line, one.key) for one in told} == {
        ("challenge.toml", 10, "attempts"),
        ("data/checksums.toml", 3, "files.secret/answers.csv"),
    }


def test_keys_below_a_mapping_are_looked_at() -> None:
    said = {"by_name": {"first": {"name": "x", "valve": 1}}}
    assert [key for key, _ in unknown_keys(Held, said)] == ["by_name.first.valve"]
