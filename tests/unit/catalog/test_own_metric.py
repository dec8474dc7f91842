"""A metric that the challenge brings: what has to be said of it, and what is looked for in its file."""

from pathlib import Path

import pytest

from audition.catalog.kit import build_kit
from audition.catalog.read import read_challenge
from tests.unit.catalog.test_packing import names_in
from tests.unit.catalog.test_read import edit, problems_of

PROGRAM = "def measure(answers, predictions):\n    return 0.5\n"


@pytest.fixture
def own(folder: Path) -> Path:
    """The folder, with a metric of its own."""
    edit(folder, "challenge.toml", 'name = "roc_auc"', 'name = "money_kept"')
    edit(folder, "challenge.toml", "[output]", '[metric.own]\nlabel = "Money kept"\nlow = 0.0\n\n[output]')
    (folder / "metric.py").write_text(PROGRAM)
    return folder


def test_it_is_read_and_stands_in_the_kit(own: Path) -> None:
    challenge = read_challenge(own)
    assert challenge.metric == own / "metric.py"
    assert challenge.manifest.metric.facts.label == "Money kept"
    assert "tiny/checks/metric.py" in names_in(build_kit(challenge, {}))


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("def measure(:\n", "metric.py: line 1: is not Python"),
        ("def score(answers, predictions): ...\n", "metric.py: has no function measure"),
        ("def measure(answers): ...\n", "metric.py: line 1: measure takes answers and predictions."),
        ("", "metric.py: is empty"),
    ],
)
def test_what_is_wrong_with_its_file_is_told_before_it_runs(own: Path, program: str, told: str) -> None:
    (own / "metric.py").write_text(program)
    assert any(told in problem for problem in problems_of(own))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"money_kept"', '"mae"', "metric.name: 'mae' is one of ours"),
        ('"money_kept"', '"Money kept"', "metric.name: 'Money kept': use lower-case words"),
        ('"Money kept"', '""', "metric.own.label: is empty"),
        ("low = 0.0", 'form = "survival"', "metric.own.form: 'survival' goes with our metrics only."),
        ("low = 0.0", "low = 1.0\nhigh = 0.0", "metric.own.low: low must be less than high"),
        ("low = 0.0", "low = 0.7", "metric.anchors.constant: 0.5 is no value of money_kept"),
    ],
)
def test_what_is_wrong_with_what_is_said_of_it_is_told(own: Path, old: str, new: str, told: str) -> None:
    edit(own, "challenge.toml", old, new)
    assert any(told in problem for problem in problems_of(own))


def test_its_place_beside_the_answers_is_its_own(own: Path) -> None:
    edit(own, "data/checksums.toml", '"private/answers', '"private/metric.py" = "cc"\n"private/answers')
    assert any("makes private/metric.py" in problem for problem in problems_of(own))


def test_a_file_that_nothing_uses_is_told(folder: Path) -> None:
    (folder / "metric.py").write_text(PROGRAM)
    assert any("metric.py: is not used" in problem for problem in problems_of(folder))


def test_an_unknown_name_says_that_one_may_bring_ones_own(folder: Path) -> None:
    edit(folder, "challenge.toml", 'name = "roc_auc"', 'name = "money_kept"')
    assert any("bring your own with [metric.own]" in problem for problem in problems_of(folder))
