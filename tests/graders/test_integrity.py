"""Signs and traces: facts for people, without points, and without what everybody was given."""

import ast
import json
import random
import tarfile
import zipfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest

from audition.domain.grade import Finding, Outcome
from audition.domain.traces import Traces, compare
from audition.domain.variant import Canary, VariantFacts
from audition.grading import Workspace
from graders.integrity import grader
from graders.integrity.traces import traces_of
from tests.graders.workspaces import by_check, make_workspace


def code_of(module: ModuleType, most: int) -> str:
    """The largest top-level definitions of a module of Python's own, whole, up to so many characters."""
    source = Path(str(module.__file__)).read_text()
    parts = [ast.get_source_segment(source, node) or "" for node in ast.parse(source).body]
    kept, left = [], most
    for part in sorted(parts, key=len, reverse=True):
        if len(part) <= left:
            kept.append(part)
            left -= len(part)
    return "\n\n\n".join(kept) + "\n"


CHALLENGE = Path(__file__).resolve().parents[2] / "challenges/credit-scoring"
STARTER, OWN, OTHERS = (code_of(module, 25_000) for module in (random, zipfile, tarfile))
#: Without any of it; the services and names in here are as a careful candidate writes them.
HONEST = """
import os
MODEL = os.environ.get("AUDITION_MODEL", "model.bin")
DATA = os.environ["AUDITION_DATA"]
print("User-Agent is not looked at, and the answer is the same for everybody")
"""


def workspace(root: Path, **files: str | bytes) -> Workspace:
    made = make_workspace(root, inputs=("train.csv", "test.csv"))
    for name, content in files.items():
        place = made.submission / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    column = made.manifest.output.id_column
    (made.inputs / "train.csv").write_text(f"{column},a\n" + "".join(f"t{n:04},1\n" for n in range(50)))
    (made.inputs / "test.csv").write_text(f"{column},a\n" + "".join(f"row-{n:04},1\n" for n in range(50)))
    with zipfile.ZipFile(root / "kit.zip", "w") as kit:
        kit.writestr("starter/train.py", STARTER)
        kit.writestr("data/big.bin", b"x" * 5000)
    return replace(made, kit=root / "kit.zip")


def findings(root: Path, **files: str | bytes) -> dict[str, Finding]:
    found = by_check(grader.grade(workspace(root, **files)))
    assert {finding.max_points for finding in found.values()} == {0}
    return found


def traces(root: Path, **files: str | bytes) -> Traces:
    root.mkdir(exist_ok=True)
    found = grader.grade(workspace(root, **files)).traces
    assert found is not None
    return found


def test_honest_code_gives_no_sign(tmp_path: Path) -> None:
    found = findings(tmp_path, **{"serve.py": HONEST, "tests/test_it.py": "ROWS = ['row-0001']\n"})
    found.pop("integrity.data.anothers")  # Everybody has the same data here.
    assert {finding.outcome for finding in found.values()} == {Outcome.PASSED}


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("environment.looked-at", 'if os.environ.get("AUDITION_GRADERS"): pass\n'),
        ("environment.looked-at", 'if os.path.exists("/.dockerenv"): pass\n'),
        ("environment.looked-at", 'if "gVisor" in open("/proc/version").read(): pass\n'),
        ("environment.looked-at", 'open("/answers/answers.csv")\n'),
        ("environment.looked-at", 'if socket.gethostname() == "audition": pass\n'),
        ("caller.recognised", 'if request.headers["User-Agent"].startswith("python-requests"): pass\n'),
        ("caller.recognised", 'agent = headers.get("user-agent")\nif "kube-probe" in agent: pass\n'),
        ("answers.by-heart", f"KNOWN = {[f'row-{n:04}' for n in range(20)]}\n"),
    ],
)
def test_a_sign_is_told_with_its_place_and_no_word_of_blame(tmp_path: Path, check: str, code: str) -> None:
    found = findings(tmp_path, **{"serve.py": f"import os\n{code}"})[f"integrity.{check}"]
    assert found.outcome == Outcome.INFORMATIVE
    assert found.evidence[0].file == "serve.py"
    assert found.evidence[0].line is not None
    text = f"{found.title} {found.sentence} {found.evidence[0].summary}".lower()
    assert not {word for word in ("cheat", "plagiar", "gaming", "suspicious", "fraud") if word in text}


def test_a_table_with_a_prediction_for_each_row_is_told(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    spec = made.manifest.output
    table = f"{spec.id_column},{spec.prediction_column}\n" + "".join(f"row-{n:04},0.5\n" for n in range(50))
    found = findings(tmp_path, **{"cache.csv": table})["integrity.answers.by-heart"]
    assert found.outcome == Outcome.INFORMATIVE
    assert found.evidence[0].file == "cache.csv"


CANARIES = VariantFacts(
    canaries=(
        Canary(number=1, cells=("12", "B", "3400", "", "0.5"), names=("app-own000001",)),
        Canary(number=2, cells=("47", "B", "9100", "x", "1.5"), names=("app-other0002",)),
    )
)


def of_others(root: Path, **files: str | bytes) -> Finding:
    """What is said of rows of others, where the candidate has the first copy."""
    made = workspace(root, **files)
    (made.inputs / "train.csv").write_text("id,a,b,c,d,e\napp-own000001,12,B,3400,,0.5\n")
    return by_check(grader.grade(replace(made, canaries=CANARIES)))["integrity.data.anothers"]


@pytest.mark.parametrize(
    "data",
    [
        "a,b,c,d,e\n1.50,9100.0,47,x,B\n",
        '[{"a": 47, "b": "B", "c": 9100, "d": "x", "e": 1.5}]\n',
        "ROW = (47, 'B', 9100, 'x', 1.5)\n",
        "KNOWN = {'app-other0002': 1}\n",
    ],
    ids=["columns in another order", "JSON", "in code", "by its name"],
)
def test_rows_of_anothers_data_are_told_to_reviewers(tmp_path: Path, data: str) -> None:
    found = of_others(tmp_path, **{"data.txt": data})
    assert (found.outcome, found.max_points) == (Outcome.INFORMATIVE, 0)
    assert found.evidence[0].file == "data.txt"
    assert "copy 2" in found.reviewer_note
    assert "47" not in found.sentence + found.evidence[0].summary


def test_ones_own_data_and_rows_that_are_alike_are_not(tmp_path: Path) -> None:
    own = "id,a,b,c,d,e\napp-own000001,12,B,3400,,0.5\n"
    alike = "47,B,9100,x,1.25\n47,B,x,1.5\n"
    assert of_others(tmp_path, **{"train.csv": own, "alike.csv": alike}).outcome == Outcome.PASSED


def test_where_everybody_has_the_same_data_nobody_has_anothers(tmp_path: Path) -> None:
    assert findings(tmp_path)["integrity.data.anothers"].outcome == Outcome.NOT_APPLICABLE


def test_what_everybody_was_given_leaves_no_trace(tmp_path: Path) -> None:
    column = make_workspace(tmp_path).manifest.output.id_column
    data = f"{column},a\n" + "".join(f"t{n:04},1\n" for n in range(50))
    found = traces(tmp_path, **{"train.py": STARTER, "big.bin": b"x" * 5000, "data/train.csv": data})
    assert found == Traces()


def test_submissions_that_share_only_the_starter_share_nothing(tmp_path: Path) -> None:
    one = traces(tmp_path / "a", **{"train.py": STARTER + OWN})
    other = traces(tmp_path / "b", **{"train.py": STARTER + OTHERS})
    assert compare(one, other).share < 0.05


def test_samples_of_a_challenge_that_grew_from_one_starter_share_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "kit.zip", "w") as kit:
        for path in (CHALLENGE / "starter").rglob("*"):
            kit.write(path, Path("starter") / path.relative_to(CHALLENGE / "starter"))
    accepted = CHALLENGE / "submissions/accepted"
    samples = [accepted / name for name in ("baseline", "reference", "golden")]
    found = [traces_of(sample, tmp_path / "kit.zip", tmp_path) for sample in samples]
    for one, other in combinations(found, 2):
        assert (compare(one, other).prints, compare(one, other).files) == (0, ())
    assert traces_of(CHALLENGE / "starter", tmp_path / "kit.zip", tmp_path) == Traces()


def test_a_copy_in_a_notebook_beside_much_else_is_seen(tmp_path: Path) -> None:
    part = code_of(zipfile, 12_000)
    cells = [
        {"cell_type": "code", "source": ["%pip install x\n", "!ls\n"]},
        {"cell_type": "code", "source": part.splitlines(keepends=True)},
        {"cell_type": "markdown", "source": "# words"},
    ]
    one = traces(tmp_path / "a", **{"model.py": part})
    other = traces(tmp_path / "b", **{"n.ipynb": json.dumps({"cells": cells}), "more.py": OTHERS})
    found = compare(one, other)
    assert found.share > 0.9
    assert found.prints > 20


def test_an_equal_model_is_seen_whatever_its_name(tmp_path: Path) -> None:
    one = traces(tmp_path / "a", **{"model.bin": b"weights" * 100})
    other = traces(tmp_path / "b", **{"models/final.pkl": b"weights" * 100, "small.txt": "x"})
    assert [file.path for file in compare(one, other).files] == ["model.bin"]
    assert compare(one, other).share == 0


def test_an_equal_cell_is_seen_in_whatever_notebook_and_a_short_or_given_one_is_not(tmp_path: Path) -> None:
    own, given = "fit(table, depth=3)\n" * 40, "explore(table)\n" * 40

    def notebook(*sources: str) -> str:
        return json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]})

    def traced(name: str, *sources: str) -> Traces:
        made = workspace(tmp_path / name, **{f"{name}.ipynb": notebook(*sources)})
        with zipfile.ZipFile(tmp_path / name / "kit.zip", "w") as kit:
            kit.writestr("starter/look.ipynb", notebook(given))
        found = replace(made, kit=tmp_path / name / "kit.zip")
        return grader.grade(found).traces or Traces()

    one = traced("one", "import pandas", given, own)
    other = traced("other", own.replace("\n", "\n\n"), "import pandas", given, "print(1)\n" * 60)
    assert [file.path for file in compare(one, other).files] == ["one.ipynb, code cell 3"]


def test_samples_are_compared_only_where_both_have_looked() -> None:
    whole = Traces(prints=tuple(range(0, 1000, 2)))
    sample = Traces(prints=tuple(range(0, 100, 2)), is_sample=True)
    assert compare(whole, sample).share == 1
    assert compare(sample, Traces(prints=tuple(range(500, 600)))).share == 0


@pytest.mark.parametrize(
    "content",
    ["{", '{"cells": 3}', '{"cells": [1, {"cell_type": "code", "source": {"a": 1}}]}', "[" * 100_000],
)
def test_a_hostile_notebook_leaves_no_trace_and_breaks_nothing(tmp_path: Path, content: str) -> None:
    assert traces(tmp_path, **{"n.ipynb": content}).prints == ()
