"""A small challenge with labelled rows, and an honest repository whose every command can be tried in a second."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from audition.domain.challenge import Area, ChallengeVersion, DataFile
from audition.domain.execution import Limits
from audition.domain.run import Stage
from audition.ports import Ports
from tests import factories, tiny

STAGES = (Stage.UNPACK, Stage.PREDICT, Stage.EXERCISE, Stage.SCORE, Stage.JUDGE)
GRADERS = ("model-quality", "leakage", "retraining", "reproduction", "own-tests", "consistency")
#: Of the stage and of each command; short, so that what hangs does not hold up a test.
LIMITS = Limits(time_seconds=160.0, memory_bytes=256 << 20, output_bytes=8 << 20, output_inodes=256)


def _row(number: int) -> tuple[str, int, int, str, int]:
    """Id, two numbers, a level and the truth, which depends on the numbers but not on them alone."""
    a, b = number * 37 % 101, number * 53 % 89
    home = ("own", "rent", "parents")[number % 3]
    return f"L{number}", a, b, home, int(a + b / 2 + number * 17 % 60 > 105)


def table(start: int, count: int, *, is_labelled: bool) -> str:
    """A table of the challenge as CSV."""
    columns = ["id", "a", "b", "home", "defaulted"][: 5 if is_labelled else 4]
    rows = (_row(number)[: len(columns)] for number in range(start, start + count))
    return "".join(",".join(map(str, cells)) + "\n" for cells in (columns, *rows))


CONTRACT = """
[model]
path = "model.json"

[pipeline]
gate = ["python", "gate.py", "{model}", "{data}"]
retrain = ["python", "train.py", "{data}", "{out}"]
train = ["python", "train.py", "{data}", "{out}"]
data_check = ["python", "check_data.py", "{data}"]
tests = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
"""
RISK = '''"""How risky a row is."""

import math

LARGEST = 200


def features(row):
    """The numbers of a row, scaled."""
    a, b = float(row["a"]), float(row["b"])
    if a < 0 or b < 0 or a > LARGEST:
        raise ValueError("out of range")
    return a / 100, b / 100


def risk(row, weights):
    """Probability of default, in (0, 1)."""
    a, b = features(row)
    total = weights["a"] * a + weights["b"] * b - weights["bias"]
    return 1 / (1 + math.exp(-total))
'''
TRAIN = '''"""python train.py rows.csv folder"""
import csv, json, sys
from pathlib import Path
from risk import features

rows = list(csv.DictReader(open(sys.argv[1])))
sides = {label: [features(r) for r in rows if r["defaulted"] == label] for label in "01"}
means = {label: [sum(x) / len(x) for x in zip(*side)] for label, side in sides.items()}
gaps = [one - zero for one, zero in zip(means["1"], means["0"])]
middle = sum(gap * (one + zero) / 2 for gap, one, zero in zip(gaps, means["1"], means["0"]))
model = {"a": 8 * gaps[0], "b": 8 * gaps[1], "bias": 8 * middle}
Path(sys.argv[2], "model.json").write_text(json.dumps(model))
'''
PREDICT = """
import csv, json
from risk import risk

weights = json.load(open("model.json"))
with open("/in/test.csv") as source, open("/out/predictions.csv", "w") as sink:
    sink.write("id,probability\\n")
    for row in csv.DictReader(source):
        sink.write(f"{row['id']},{risk(row, weights)}\\n")
"""
GATE = """
import csv, json, sys
from risk import risk

weights = json.load(open(sys.argv[1]))
rows = list(csv.DictReader(open(sys.argv[2])))
good = [risk(r, weights) for r in rows if r["defaulted"] == "0"]
bad = [risk(r, weights) for r in rows if r["defaulted"] == "1"]
auc = sum((x > y) + (x == y) / 2 for x in bad for y in good) / (len(bad) * len(good))
print(f"AUC {auc:.3f}")
sys.exit(0 if auc >= 0.7 else 1)
"""
CHECK = """
import csv, sys

rows = list(csv.DictReader(open(sys.argv[1])))
assert {"id", "a", "b", "home"} <= set(rows[0]), "a column is missing"
assert len({r["id"] for r in rows}) == len(rows), "an id is there twice"
assert all(r["a"] and r["b"] and r["home"] for r in rows), "a cell is empty"
assert all(0 <= float(r["a"]) <= 100 and 0 <= float(r["b"]) <= 100 for r in rows), "out of range"
assert {r["home"] for r in rows} <= {"own", "rent", "parents"}, "a level that is not known"
"""
TESTS = """
import pytest
from risk import features, risk

WEIGHTS = {"a": 2.0, "b": 1.0, "bias": 1.5}

def test_features_are_scaled():
    assert features({"a": "50", "b": "20"}) == (0.5, 0.2)
    assert features({"a": "0", "b": "0"}) == (0.0, 0.0)

@pytest.mark.parametrize("row", [{"a": -1, "b": 1}, {"a": 1, "b": -1}, {"a": 201, "b": 1}])
def test_what_is_out_of_range_is_refused(row):
    with pytest.raises(ValueError):
        features(row)

def test_risk_is_a_probability_that_grows_with_a():
    assert risk({"a": 50, "b": 50}, WEIGHTS) == pytest.approx(0.5)
    assert risk({"a": 50, "b": 10}, WEIGHTS) == pytest.approx(0.401312)
    assert risk({"a": 90, "b": 50}, WEIGHTS) == pytest.approx(0.689974)
"""
HONEST: Mapping[str, str] = {
    "audition.toml": CONTRACT,
    "risk.py": RISK,
    "train.py": TRAIN,
    "predict.py": PREDICT,
    "gate.py": GATE,
    "check_data.py": CHECK,
    "conftest.py": "import sys\nsys.path.insert(0, '.')\n",
    "tests/test_risk.py": TESTS,
}


def model_of(rows: int = 300) -> str:
    """What train.py makes of the first rows, so that the submitted model is one that it made."""
    scope: dict[str, Any] = {}
    exec(RISK, scope)
    import csv  # noqa: PLC0415
    import json  # noqa: PLC0415

    every = list(csv.DictReader(io.StringIO(table(0, rows, is_labelled=True))))
    sides = {label: [scope["features"](r) for r in every if r["defaulted"] == label] for label in "01"}
    means = {label: [sum(x) / len(x) for x in zip(*side, strict=True)] for label, side in sides.items()}
    gaps = [one - zero for one, zero in zip(means["1"], means["0"], strict=True)]
    middle = sum(g * (o + z) / 2 for g, o, z in zip(gaps, means["1"], means["0"], strict=True))
    return json.dumps({"a": 8 * gaps[0], "b": 8 * gaps[1], "bias": 8 * middle})


def archive(**changes: str | None) -> bytes:
    """The honest repository with some files changed, or left out where None stands; "__" stands for a slash."""
    named = {name.replace("__", "/"): text for name, text in changes.items()}
    files: dict[str, str | None] = {**HONEST, "model.json": model_of(), **named}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in files.items():
            if text is not None:
                made.writestr(name, text)
    return buffer.getvalue()


def store(ports: Ports, **overrides: Any) -> ChallengeVersion:
    """Store the challenge, a candidate and an invitation."""
    manifest = factories.make_manifest(
        image="tabular",
        inputs=("train.csv", "test.csv"),
        limits={Stage.PREDICT: Limits(time_seconds=60.0, memory_bytes=256 << 20), Stage.EXERCISE: LIMITS},
        **{"stages": STAGES, "graders": GRADERS, **overrides},
    )
    answers = "id,defaulted,note\n" + "".join(
        f"{cells[0]},{cells[-1]},{tiny.CANARY}\n" for cells in (_row(number) for number in range(300, 400))
    )
    contents = (
        (Area.PUBLIC, "train.csv", table(0, 300, is_labelled=True)),
        (Area.PUBLIC, "test.csv", table(300, 100, is_labelled=False)),
        (Area.PRIVATE, "answers.csv", answers),
    )
    files = tuple(
        DataFile(area=area, name=name, digest=ports.blobs.put(text.encode()), bytes=len(text))
        for area, name, text in contents
    )
    return tiny.store_version(ports, manifest, files)
