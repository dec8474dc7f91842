"""The golden submission keeps its own promises: its tests pass, its records are those of its files."""

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


def own_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests that the contract declares, as a platform would."""
    # Where nothing but the challenge's packages is installed, its tests of the service are skipped; here they run.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    argv = [sys.executable, *CONTRACT["pipeline"]["tests"][1:]]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_its_own_tests_pass(copy: Path) -> None:
    done = own_tests(copy)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(re.findall(r"Ran (\d+) tests", done.stderr)[0]) > 60


def test_its_tests_notice_a_changed_feature(copy: Path) -> None:
    features = copy / "credit" / "features.py"
    text = features.read_text()
    features.write_text(
        text.replace('value["monthly_income"] - value["monthly_expenses"]', 'value["monthly_income"]')
    )
    assert features.read_text() != text
    assert own_tests(copy).returncode != 0


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
