"""The program that prepares drift traffic: reads what is mounted, says one document, refuses with every reason."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from audition import codec
from audition.domain.drift_plan import DriftFamily, DriftKind, DriftSpec, Injection
from audition.domain.drift_traffic import MAX_BYTES, DriftTraffic
from tests import factories
from tests.services.model import make_rows
from tests.services.start import REPO

SHIFT = Injection(kind=DriftKind.MEAN_SHIFT, column="income")
TIED = Injection(kind=DriftKind.CORRELATION, column="age", partner="income", amount=-0.9)
PRIOR = Injection(kind=DriftKind.PRIOR, amount=0.9)


def made(
    root: Path,
    *others: Injection,
    primary: Injection = SHIFT,
    label: str = "defaulted",
    rows: str = "train.csv",
) -> DriftTraffic:
    """What the program says of a folder laid out as in its container."""
    family = DriftFamily(primary=primary, others=others)
    spec = DriftSpec(rows=rows, reference="train.csv", label=label, family=family)
    for folder in ("evidence", "public", "private"):
        (root / folder).mkdir(exist_ok=True)
    (root / "evidence/manifest.json").write_bytes(codec.to_json(factories.make_manifest(drift=spec)))
    with (root / "public/train.csv").open("w", newline="") as file:
        lines = [
            {"id": n, **row, "defaulted": int(row["debt"] > 900)} for n, row in enumerate(make_rows(900))
        ]
        lines[3]["income"] = ""
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    argv = [sys.executable, "-m", "graders.drift.make_traffic", str(root)]
    done = subprocess.run(argv, cwd=REPO, capture_output=True, check=True, timeout=60)
    return codec.from_json(DriftTraffic, done.stdout, what="traffic", max_bytes=MAX_BYTES)


def test_ids_and_labels_are_never_sent_and_types_are_those_of_the_file(tmp_path: Path) -> None:
    traffic = made(tmp_path, PRIOR, TIED)
    assert set(traffic.columns) == {"age", "income", "debt", "job"}
    assert traffic.problems() == []
    first = traffic.row(0)
    assert [type(first[name]) for name in ("age", "income", "job")] == [int, float, str]
    assert traffic.row(3)["income"] is None
    assert traffic.exchangeable_p > 0.5
    assert {(d.injection.kind, d.dose) for d in traffic.drifted} == {
        (DriftKind.MEAN_SHIFT, 1.0),
        (DriftKind.MEAN_SHIFT, 0.5),
        (DriftKind.MEAN_SHIFT, 2.0),
        (DriftKind.PRIOR, 1.0),
        (DriftKind.CORRELATION, 1.0),
    }


def test_every_reason_is_told_at_once_with_its_key(tmp_path: Path) -> None:
    faint = Injection(kind=DriftKind.MEAN_SHIFT, column="income", amount=0.05)
    unknown = Injection(kind=DriftKind.SCALE, column="height", amount=2.0)
    traffic = made(tmp_path, unknown, primary=faint)
    assert traffic.rows == ()
    assert any(r.startswith("drift.family.primary: PSI over 500 rows is 0.") for r in traffic.refusals)
    assert any(r.startswith("drift.family.others.0: ") and "'height'" in r for r in traffic.refusals)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": "truth"}, "has no column 'truth'"),
        ({"rows": "late.csv"}, "late.csv was not made by prepare"),
    ],
)
def test_files_that_do_not_fit_are_told(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    assert any(words in refusal for refusal in made(tmp_path, **changes).refusals)  # type: ignore[arg-type]
