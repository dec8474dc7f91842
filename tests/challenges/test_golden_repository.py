"""The golden submission keeps its own promises: its commands run, its records are those of its files."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.challenges.conftest import PACK, Prepared

GOLDEN = PACK / "submissions" / "accepted" / "golden"
CONTRACT = tomllib.loads((GOLDEN / "audition.toml").read_text())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository in a place where it may write."""
    return shutil.copytree(GOLDEN, tmp_path / "golden", ignore=shutil.ignore_patterns("__pycache__"))


def command(folder: Path, name: str, **values: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the contract as a platform would."""
    words = [word.format(**values) for word in CONTRACT["pipeline"][name]]
    # Where nothing but the challenge's packages is installed, its tests of the service are skipped; here they run.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    argv = [sys.executable, *words[1:]]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_its_own_tests_pass(copy: Path) -> None:
    done = command(copy, "tests")
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(re.findall(r"Ran (\d+) tests", done.stderr)[0]) > 60


def test_its_tests_notice_a_changed_feature(copy: Path) -> None:
    features = copy / "credit" / "features.py"
    text = features.read_text()
    features.write_text(
        text.replace('value["monthly_income"] - value["monthly_expenses"]', 'value["monthly_income"]')
    )
    assert features.read_text() != text
    assert command(copy, "tests").returncode != 0


def test_training_again_gives_the_same_predictions(copy: Path, prepared: Prepared) -> None:
    out = copy / "again"
    done = command(copy, "train", data=prepared.public / "train.csv", out=out)
    assert done.returncode == 0, done.stderr[-2000:]
    for name in ("model", "again"):
        copied = out / "model.safetensors" if name == "again" else copy / "model" / "model.safetensors"
        shutil.copy(copied, copy / f"{name}.safetensors")
    compare = (
        "import numpy as np, pathlib; from credit import tensors; "
        "one, other = (tensors.read(pathlib.Path(n))[0] for n in ('model.safetensors', 'again.safetensors')); "
        "assert one.keys() == other.keys(); [np.testing.assert_allclose(one[k], other[k], rtol=1e-6) for k in one]"
    )
    subprocess.run([sys.executable, "-c", compare], cwd=copy, check=True)


def test_its_gate_passes_the_model_and_refuses_one_of_shuffled_labels(copy: Path, prepared: Prepared) -> None:
    data = prepared.public / "train.csv"
    assert command(copy, "gate", model=copy / "model" / "model.safetensors", data=data).returncode == 0
    lines = data.read_text().splitlines()
    rows = [line.rpartition(",") for line in lines[1:]]
    turned = [row[2] for row in rows][7:] + [row[2] for row in rows][:7]
    shuffled = [f"{row[0]},{label}" for row, label in zip(rows, turned, strict=True)]
    (copy / "shuffled.csv").write_text("\n".join([lines[0], *shuffled]) + "\n")
    assert command(copy, "retrain", data=copy / "shuffled.csv", out=copy / "bad").returncode == 0
    refused = command(copy, "gate", model=copy / "bad" / "model.safetensors", data=data)
    assert refused.returncode == 1, refused.stdout
    assert "below" in refused.stdout


def test_its_data_check_accepts_the_kit(copy: Path, prepared: Prepared) -> None:
    for name in ("train.csv", "test.csv"):
        done = command(copy, "data_check", data=prepared.public / name)
        assert (done.returncode, done.stdout) == (0, "The batch may be used.\n")


def test_its_lock_has_the_hashes_of_its_files(prepared: Prepared) -> None:
    lock = yaml.safe_load((GOLDEN / "dvc.lock").read_text())
    places = {"data/train.csv": prepared.public / "train.csv"}
    for stage in lock["stages"].values():
        for entry in (*stage["deps"], *stage["outs"]):
            data = places.get(entry["path"], GOLDEN / entry["path"]).read_bytes()
            assert hashlib.md5(data).hexdigest() == entry["md5"], entry["path"]
            assert len(data) == entry["size"]


def test_its_card_says_what_was_measured() -> None:
    card = (GOLDEN / "MODEL_CARD.md").read_text()
    measured = json.loads((GOLDEN / "model" / "metrics.json").read_text())
    assert f"| ROC AUC | {measured['roc_auc']} |" in card
    for part in measured["slices"]:
        assert f"| {part['column']} | {part['level']} | {part['rows']:,} | {part['roc_auc']:.3f} |" in card


def test_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*") if path.is_file()) < 1 << 20
