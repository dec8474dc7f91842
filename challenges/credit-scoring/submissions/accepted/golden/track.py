"""Record a training in MLflow's file format: python track.py data/train.csv model. No server is needed to read it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from credit.features import INPUTS, LEVELS, NUMBERS
from credit.model import load
from train import KNOTS, PENALTY, SEED, TREES

HERE = Path(__file__).resolve().parent
EXPERIMENT = HERE / "mlruns" / "1"
PACKAGES = ("numpy",)


def track(data: Path, folder: Path) -> Path:
    """Write a run for the model in a folder; the same model is the same run."""
    model = folder / "model.safetensors"
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    run = EXPERIMENT / digest[:32]
    params = {"seed": SEED, "knots": KNOTS, "penalty": PENALTY, **TREES, "inputs": len(INPUTS)}
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    now = int(datetime.now(tz=UTC).timestamp() * 1000)
    numbers = {name: value for name, value in measured.items() if isinstance(value, int | float)}
    _write(run / "params", {name: str(value) for name, value in params.items()})
    _write(run / "metrics", {name: f"{now} {value} 0" for name, value in numbers.items()})
    tags = {
        "mlflow.source.git.commit": _commit(),
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
    }
    _write(run / "tags", tags)
    artifacts = run / "artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "metrics.json", artifacts)
    _describe(artifacts, model, digest)
    return run


def _write(folder: Path, values: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (folder / name).write_text(value, encoding="utf-8")


def _commit() -> str:
    if given := os.environ.get("GITHUB_SHA"):
        return given
    argv = ["git", "rev-parse", "HEAD"]
    return subprocess.run(argv, cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def _describe(artifacts: Path, model: Path, digest: str) -> None:
    """The MLmodel file: what the model takes, gives and needs, and which file it is."""
    inputs = [{"name": name, "type": "double", "required": True} for name in NUMBERS]
    inputs += [{"name": name, "type": "string", "required": True} for name in LEVELS]
    outputs = [{"name": "probability_of_default", "type": "double"}]
    lines = [
        "flavors:",
        "  python_function:",
        "    loader_module: credit.model",
        "    data: model/model.safetensors",
        f"model_sha256: {digest}",
        f"model_version: {load(model).version}",
        "signature:",
        f"  inputs: '{json.dumps(inputs)}'",
        f"  outputs: '{json.dumps(outputs)}'",
    ]
    (artifacts / "MLmodel").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lock = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split(" ")[0] for line in lock if line.split("==")[0] in PACKAGES]
    (artifacts / "requirements.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")


if __name__ == "__main__":
    print(track(Path(sys.argv[1]), Path(sys.argv[2])))
