"""Notebooks: what a run is worth, whatever it says of itself, and what can be read of one that was sent."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audition.domain.contract import Contract, Inventory
from audition.domain.evidence import StageEvidence
from audition.domain.grade import Finding, Outcome
from audition.domain.notebook import Notebook
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from audition.grading.notebooks import read_run
from graders import notebook_code, notebook_run
from tests.graders.workspaces import by_check, make_workspace, with_output
from tests.notebooks import book, code, events, text

RUNS = "notebook.runs"


def workspace(root: Path, *cells: dict[str, Any], path: str = "a.ipynb") -> Workspace:
    """A submission that is this notebook."""
    made = make_workspace(root)
    place = made.submission / path
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(book(*cells))
    inventory = Inventory(contract=Contract(notebook=Notebook(path=path)))
    return replace(made, evidence=replace(made.evidence, inventory=inventory))


def ran(root: Path, said: bytes, verdict: Verdict, *, leaves: bool) -> Finding:
    """What the run of one is worth."""
    made = workspace(root)
    stage = StageEvidence(stage=Stage.PREDICT, verdict=verdict)
    made = replace(made, evidence=replace(made.evidence, stages=(stage,)), cells=read_run(said))
    return by_check(notebook_run.grader.grade(with_output(made, "id\n") if leaves else made))[RUNS]


def read(root: Path, *cells: dict[str, Any]) -> dict[str, Finding]:
    return by_check(notebook_code.grader.grade(workspace(root, *cells)))


def test_a_program_is_not_judged_as_a_notebook(tmp_path: Path) -> None:
    made = make_workspace(tmp_path)
    findings = [*notebook_run.grader.grade(made).findings, *notebook_code.grader.grade(made).findings]
    assert {finding.outcome for finding in findings} == {Outcome.NOT_APPLICABLE}


def test_a_notebook_that_runs_and_predicts_earns_all(tmp_path: Path) -> None:
    found = ran(tmp_path, events("passed", "passed", memory_bytes=3 << 20), Verdict.ACCEPTED, leaves=True)
    assert (found.outcome, found.points) == (Outcome.PASSED, 3)
    assert found.sentence == "All 2 code cells ran in 0.2 s with up to 3 MiB."


def test_cells_before_the_first_error_count(tmp_path: Path) -> None:
    said = events("passed", "passed", "passed", "failed", cells=6, error="ValueError: 3 columns")
    found = ran(tmp_path, said, Verdict.NONZERO_EXIT, leaves=True)
    assert (found.outcome, found.points) == (Outcome.PARTIAL, 1.5)
    assert "3 of 6 code cells ran, then it stopped at cell 4: ValueError: 3 columns." in found.sentence
    assert [place.summary for place in found.evidence] == ["cell 4 raised"]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.TIME_LIMIT, "ended at its time limit"),
        (Verdict.MEMORY_LIMIT, "memory limit"),
        (Verdict.SIGNALLED, "without a word"),
    ],
)
def test_what_was_ended_from_outside_earns_what_had_run(tmp_path: Path, verdict: Verdict, words: str) -> None:
    found = ran(tmp_path, events("passed", cells=4, end=False), verdict, leaves=True)
    assert found.points == 0.75
    assert words in found.sentence


@pytest.mark.parametrize("verdict", [Verdict.NONZERO_EXIT, Verdict.SIGNALLED, Verdict.TIME_LIMIT])
def test_no_words_make_up_for_how_the_container_ended(tmp_path: Path, verdict: Verdict) -> None:
    forged = events(*["passed"] * 10)
    assert ran(tmp_path, forged, verdict, leaves=True).points < 3
    assert ran(tmp_path, forged, verdict, leaves=False).points < 1.5


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(events("passed", "failed", "passed", cells=9).splitlines()), max_size=30))
def test_without_predictions_nothing_that_is_said_earns_more_than_half(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    said = events("passed", "passed", end=False) + b"\n".join(lines)
    for verdict in (Verdict.ACCEPTED, Verdict.NONZERO_EXIT):
        assert ran(tmp_path_factory.mktemp("forged"), said, verdict, leaves=False).points <= 1.5


@pytest.mark.parametrize("said", [b"", b'{"event": "end", "outcome": "unreadable"}\n'])
def test_a_kernel_that_never_began_is_no_loss(tmp_path: Path, said: bytes) -> None:
    assert ran(tmp_path, said, Verdict.NONZERO_EXIT, leaves=False).outcome == Outcome.NOT_ASSESSED


def test_a_clean_notebook_earns_every_point_of_what_can_be_read(tmp_path: Path) -> None:
    findings = read(
        tmp_path,
        text("# Risk"),
        code("data, out = '/home/Me/kit', '.'", "parameters", count=1),
        code("import pandas as pd\nfrom sklearn.model_selection import train_test_split as tts", count=2),
        code("frame = pd.read_csv(f'{data}/train.csv')\ndef late():\n    return later\n", count=3),
        code("%matplotlib inline\n!ls\nlater = [n for n in frame]; late()\nframe.head?", count=4),
        code("%%bash\nls /home/Me", count=5),
        code("%%time\nimport numpy as np\nrng = np.random.default_rng(7)", count=6),
        code(""),
    )
    assert {f.check: f.outcome for f in findings.values() if f.outcome != Outcome.PASSED} == {}


@pytest.mark.parametrize(
    ("counts", "points"), [((1, 2, 3), 1), ((None, None, None), 1), ((1, 3, 2), 0.333333), ((5, 6, 7), 0)]
)
def test_counts_tell_the_order_in_which_cells_were_run(
    tmp_path: Path, counts: tuple[int | None, ...], points: float
) -> None:
    found = read(tmp_path, *(code("1", count=count) for count in counts))["notebook.order"]
    assert found.points == points


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (("print(model)", "model = 1"), "model"),
        (("a = gone + 1",), "gone"),
        (("f = lambda: later", "later = 1"), ""),
        (("def f(x=late): ...", "late = 1"), "late"),
        (("from os import *", "path"), ""),
        (("x ==", "y = z"), ""),
        (("for i in range(3): i", "i"), ""),
        (("try:\n  1\nexcept ValueError as e:\n  print(e)",), ""),
        (("data, out, In, get_ipython, display, _",), ""),
        (("class A:\n    b = missing",), "missing"),
        (("import a.b.c", "a"), ""),
        (("{k: v for k, v in {}.items()}; (lambda q: q)(1)",), ""),
        (("match 1:\n    case {'a': x, **rest}:\n        x, rest",), ""),
    ],
)
def test_a_name_that_only_stands_below_is_hidden_state(
    tmp_path: Path, cells: tuple[str, ...], names: str
) -> None:
    found = read(tmp_path, *map(code, cells))["notebook.state"]
    assert found.outcome == (Outcome.FAILED if names else Outcome.PASSED), found.sentence
    assert names in found.sentence


@pytest.mark.parametrize(
    ("path", "is_good"),
    [
        ("/Users/me/train.csv", False),
        ("C:\\\\Users\\\\me\\\\a.csv", False),
        ("~/data/a.csv", False),
        ("/content/drive/a", False),
        ("/kaggle/input/a", False),
        ("/in/test.csv", True),
        ("../data/a.csv", True),
        ("/tmp/cache", True),
        ("https://a.org/Users/x", True),
        ("a/b", True),
    ],
)
def test_folders_of_one_machine_are_named(tmp_path: Path, path: str, *, is_good: bool) -> None:
    found = read(tmp_path, code(f"x = '{path}'"))["notebook.paths"]
    assert (found.outcome == Outcome.PASSED) == is_good


@pytest.mark.parametrize(
    ("source", "points"),
    [
        ("train_test_split(x)", 0),
        ("train_test_split(x, random_state=1)", 0.5),
        ("np.random.default_rng()", 0),
        ("np.random.default_rng(3)", 0.5),
        ("KFold(5)", None),
        ("KFold(5, shuffle=True)", 0),
        ("a.RandomForestClassifier(); b.HistGradientBoostingRegressor(random_state=0)", 0.25),
        ("np.random.seed(1); train_test_split(x)", 0.5),
        ("RandomForestClassifier(**params)", 0.5),
        ("x = 1", None),
    ],
)
def test_what_is_random_needs_a_seed(tmp_path: Path, source: str, points: float | None) -> None:
    found = read(tmp_path, code(f"x = y = np = a = b = params = 1\n{source}"))["notebook.seeds"]
    assert (None if found.outcome == Outcome.NOT_APPLICABLE else found.points) == points


def test_a_long_notebook_imports_its_logic(tmp_path: Path) -> None:
    long = code("\n".join(f"x{n} = {n}" for n in range(600)))
    assert read(tmp_path / "a", long)["notebook.modules"].points == 0.25
    made = workspace(tmp_path / "b", code("from features import f\nimport numpy"), long)
    (made.submission / "features.py").write_text("")
    assert by_check(notebook_code.grader.grade(made))["notebook.modules"].points == 0.5


def test_empty_and_endless_cells_and_megabytes_of_output_cost_a_third_each(tmp_path: Path) -> None:
    big: Any = [{"output_type": "stream", "name": "stdout", "text": "x" * (2 << 20)}]
    long = "\n".join(["a = 1"] * 81)
    assert read(tmp_path / "a", code(" "), code("1"))["notebook.tidy"].points == 0.333333
    assert read(tmp_path / "b", code(" "), code(long))["notebook.tidy"].points == 0.166667
    assert read(tmp_path / "c", code(" "), code(long, outputs=big))["notebook.tidy"].points == 0


@pytest.mark.parametrize(
    "source", ["(" * 5000, "x\0y", "-" * 20_000 + "1", "a." * 30_000 + "b", "'" * 99_999, "1\n" * 40_000]
)
def test_hostile_cells_are_read_to_an_end(tmp_path: Path, source: str) -> None:
    findings = read(tmp_path, code(source), code("ok = 1"))
    assert all(finding.points <= finding.max_points for finding in findings.values())


def test_a_notebook_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    made = workspace(tmp_path, code("1"))
    (made.submission / "a.ipynb").unlink()
    assert {f.outcome for f in notebook_code.grader.grade(made).findings} == {Outcome.NOT_ASSESSED}


OUTPUTS = "notebook.outputs"


def compared(root: Path, sent: list[dict[str, Any]], again: list[dict[str, Any]]) -> Finding:
    """What is said of outputs that were saved, and of those of the run."""
    made = workspace(root, *sent)
    executed = root / "executed.ipynb"
    added = code("data = '/in'", "injected-parameters")
    executed.write_bytes(book(again[0], added, *again[1:]))
    return by_check(notebook_run.grader.grade(replace(made, notebook=executed)))[OUTPUTS]


def told(said: str, kind: str = "stream") -> dict[str, Any]:
    """A cell with an output."""
    output = {"output_type": "stream", "name": "stdout", "text": [said]}
    if kind != "stream":
        output = {"output_type": kind, "data": {"text/plain": said, "image/png": "AA"}, "metadata": {}}
    return {**code("x"), "outputs": [output]}


@pytest.mark.parametrize(
    ("sent", "again"),
    [
        ("AUC 0.84312", "AUC  0.84297\n"),
        ("took 3.2 s", "took 41 s"),
        ("<Model at 0x7f3aab>", "<Model at 0x55d210>"),
        ("1" * 20_000 + " " * 9000, "1" * 20_000),
        ("2024-05-01 10:00:00 begun", "2026-01-01 09:30:12.5 begun"),
    ],
)
def test_what_differs_between_runs_and_says_nothing_is_passed_over(
    tmp_path: Path, sent: str, again: str
) -> None:
    found = compared(tmp_path, [told(sent), code("y")], [told(again), code("y")])
    assert (found.outcome, found.points) == (Outcome.PASSED, 0.5)


def test_cells_that_say_something_else_are_named_and_cost_their_share(tmp_path: Path) -> None:
    sent = [told("AUC 0.84"), told("12 rows", "execute_result"), code("y")]
    found = compared(tmp_path, sent, [told("AUC 0.79"), told("12 rows", "execute_result"), told("new")])
    assert (found.points, found.evidence[0].summary) == (0.25, "code cell 1 said something else")


def test_cleared_outputs_and_an_account_that_is_no_notebook_cost_nothing(tmp_path: Path) -> None:
    cleared = compared(tmp_path / "a", [code("x")], [told("1")])
    assert cleared.outcome == Outcome.NOT_APPLICABLE
    made = workspace(tmp_path / "b", told("1"))
    broken = tmp_path / "broken.ipynb"
    broken.write_text('{"cells": [7]}')
    found = by_check(notebook_run.grader.grade(replace(made, notebook=broken)))[OUTPUTS]
    assert found.outcome == Outcome.NOT_APPLICABLE
