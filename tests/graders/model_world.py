"""A hidden set whose true probabilities are known, as a workspace with columns that describe its rows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from audition.domain.challenge import DetailSpec
from audition.grading import Workspace
from graders.model_quality.statistic import Array
from tests.graders.workspaces import make_workspace

ROWS = 1200


def world(seed: int = 1) -> tuple[Array, Array, dict[str, list[str]]]:
    """Truth drawn from probabilities that are right, and columns that have nothing to do with it."""
    random = np.random.default_rng(seed)
    probability = random.beta(0.8, 1.2, ROWS)
    truth = (random.random(ROWS) < probability).astype(float)
    columns = {
        "region": random.choice(["north", "south", "west"], ROWS).tolist(),
        "age": [str(age) for age in random.integers(18, 80, ROWS)],
        "sex": random.choice(["f", "m"], ROWS).tolist(),
    }
    return truth, probability, columns


def asked(
    root: Path,
    truth: Array,
    columns: dict[str, list[str]],
    *,
    detail: DetailSpec,
    metric: dict[str, Any] | None = None,
    output: dict[str, Any] | None = None,
) -> Workspace:
    """Columns stand in the last of the inputs, `sex` beside the answers."""
    made = make_workspace(root)
    names = [name for name in columns if name != "sex"]
    header, head = ",".join(["id", *names]), "id,defaulted,sex" if "sex" in columns else "id,defaulted"
    inputs = [",".join([f"r{n}", *(columns[c][n] for c in names)]) for n in range(truth.size)]
    answers = [
        ",".join([f"r{n}", f"{t:g}", *([columns["sex"][n]] if "sex" in columns else [])])
        for n, t in enumerate(truth)
    ]
    (made.inputs / "test.csv").write_text("\n".join([header, *inputs]) + "\n")
    (made.answers / "answers.csv").write_text("\n".join([head, *answers]) + "\n")
    spec = replace(made.manifest.metric, bootstrap_rounds=100, **(metric or {}))
    manifest = replace(
        made.manifest, metric=spec, detail=detail, output=replace(made.manifest.output, **(output or {}))
    )
    return replace(made, manifest=manifest)
