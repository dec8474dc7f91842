"""The pack's own models, run as processes: they read, predict and are as good as the anchors say."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.challenges.conftest import PACK, Prepared

ACCEPTED = PACK / "submissions" / "accepted"


def predict(folder: Path, prepared: Prepared, out: Path) -> None:
    """Run a folder's command."""
    command = tomllib.loads((folder / "audition.toml").read_text())["predict"]
    environment = os.environ | {
        "AUDITION_IN": str(prepared.public),
        "AUDITION_OUT": str(out),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    subprocess.run([sys.executable, *command[1:]], cwd=folder, env=environment, check=True)


def run(folder: Path, prepared: Prepared, out: Path) -> float:
    """AUC on the hidden outcomes of what a folder's command writes."""
    predict(folder, prepared, out)
    written = pd.read_csv(out / "predictions.csv")
    answers = pd.read_csv(prepared.private / "answers.csv").merge(written, validate="one_to_one")
    assert len(answers) == len(written)
    return float(roc_auc_score(answers["defaulted"], answers["probability_of_default"]))


@pytest.fixture(scope="module")
def scores(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """AUC on the hidden outcomes of the committed models."""
    folders = (PACK / "starter", ACCEPTED / "baseline", ACCEPTED / "reference", ACCEPTED / "golden")
    return {folder.name: run(folder, prepared, tmp_path_factory.mktemp("out")) for folder in folders}


def test_the_committed_models_are_as_good_as_the_pack_says(scores: dict[str, float]) -> None:
    said = {"starter": 0.689, "baseline": 0.779, "reference": 0.822, "golden": 0.826}
    assert scores == pytest.approx(said, abs=0.002)


def test_baseline_and_reference_reach_their_anchors(scores: dict[str, float]) -> None:
    metric = tomllib.loads((PACK / "challenge.toml").read_text())["metric"]
    anchors = {anchor["name"]: anchor["value"] for anchor in metric["anchors"]}
    assert anchors["constant"] < scores["starter"] < anchors["baseline"] <= scores["baseline"]
    for name in ("reference", "golden"):
        assert anchors["reference"] <= scores[name] < anchors["ceiling"]


def test_the_reference_can_be_trained_again(prepared: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    shutil.copytree(ACCEPTED / "reference", folder)
    (folder / "model.joblib").unlink()
    train = str(prepared.public / "train.csv")
    subprocess.run([sys.executable, "train.py", train], cwd=folder, check=True)
    assert run(folder, prepared, tmp_path) == pytest.approx(0.822, abs=0.002)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The reference's HTTP service on a free port; gives its address."""
    monkeypatch.syspath_prepend(str(ACCEPTED / "reference"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    handler = importlib.import_module("serve").Handler
    monkeypatch.setattr(handler, "log_message", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    for name in ("serve", "features"):
        sys.modules.pop(name, None)


def post(address: str, document: object) -> tuple[int, dict[str, object]]:
    """Status and body of POST /predict."""
    request = urllib.request.Request(f"{address}/predict", json.dumps(document).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_service_says_what_the_program_says(service: str, prepared: Prepared, tmp_path: Path) -> None:
    run(ACCEPTED / "reference", prepared, tmp_path)
    expected = pd.read_csv(tmp_path / "predictions.csv")["probability_of_default"][:20]
    rows = json.loads(pd.read_csv(prepared.public / "test.csv")[:20].to_json(orient="records"))
    status, body = post(service, {"rows": rows})
    assert status == 200
    assert body["probability_of_default"] == pytest.approx(list(expected))


@pytest.mark.parametrize("document", [None, [], {"rows": []}, {"rows": [{"term_months": 12}]}])
def test_the_service_refuses_what_it_cannot_read(service: str, document: object) -> None:
    status, body = post(service, document)
    assert status == 400
    assert body["error"]
