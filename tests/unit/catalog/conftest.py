"""A small challenge folder that is in order; each test breaks one thing."""

import hashlib
from pathlib import Path

import pytest

MANIFEST = """
slug = "tiny"
title = "Tiny"
summary = "Tell ones from zeros."
industry = "Finance"
role = "ml-engineer"
skills = ["classification"]
language = "Python"
declared_hours = 1.0
attempts = 2
stages = ["unpack", "predict", "score", "judge"]
image = "tabular"
inputs = ["test.csv"]
graders = ["model-quality"]

[metric]
name = "roc_auc"
direction = "higher"

[[metric.anchors]]
name = "constant"
value = 0.5
score = 0.0

[[metric.anchors]]
name = "reference"
value = 0.8
score = 0.9

[output]
names = ["predictions.csv"]
id_column = "id"
prediction_column = "risk"
minimum = 0.0
maximum = 1.0

[answers]
file = "answers.csv"
id_column = "id"
answer_column = "target"

[weights]
model_quality = 0.7
deployment = 0.3

[limits.predict]
time_seconds = 10.0
"""

RUBRIC = """
[[items]]
id = "honest"
question = "Is it honest?"
dimension = "deployment"
levels = [{ points = 0, means = "No." }, { points = 2, means = "Yes." }]
"""

RAW = b"id,target\n1,0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of challenge "tiny"."""
    files = {
        "challenge.toml": MANIFEST,
        "brief.md": "# Tiny\n\nDo it.\n",
        "datacard.md": "# Data\n\nTwo rows.\n",
        "rubric.toml": RUBRIC,
        "privacy.toml": "[gate]\nk = 5\n",
        "sources.toml": f'[source.raw]\nfile = "raw.csv"\nlicence = "MIT"\nnote = "ours"\n'
        f'sha256 = "{hashlib.sha256(RAW).hexdigest()}"\n',
        "data/prepare.py": "def prepare(raw, public, private): ...\n",
        "data/checksums.toml": '[files]\n"public/test.csv" = "aa"\n"private/answers.csv" = "bb"\n',
        "data/raw/raw.csv": RAW.decode(),
        "starter/predict.py": "print('hello')\n",
        "submissions/accepted/good/expect.toml": 'about = "Good."\nverdict = "accepted"\n'
        'score_low = 0.5\n[findings]\n"a.b" = "passed"\n[dimensions.deployment]\nlow = 0.1\nhigh = 0.9\n',
        "submissions/accepted/good/predict.py": "print('good')\n",
        "submissions/accepted/starter/expect.toml": 'about = "It."\nverdict = "accepted"\nuse = "starter"\n',
    }
    root = tmp_path / "tiny"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
