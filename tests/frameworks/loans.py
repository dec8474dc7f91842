"""A small challenge whose data any framework reads: loans with numbers, gaps, a category and a curved effect."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from audition.domain.challenge import Anchor, Area, ChallengeVersion, DataFile, Manifest, MetricSpec
from audition.domain.execution import Limits
from audition.domain.grade import Dimension
from audition.domain.metrics import Direction
from audition.domain.run import Stage
from audition.ports import Ports
from tests import factories
from tests.tiny import store_version

TRAIN_ROWS, TEST_ROWS = 1200, 600
_KINDS = {"car": -0.8, "house": 0.0, "shop": 1.2}
_SEED = 7
#: What the baseline is worth.
BASELINE_SCORE = 0.4


@dataclass(frozen=True, kw_only=True)
class Loans:
    """The files of the challenge as tables."""

    train: pd.DataFrame
    test: pd.DataFrame
    answers: pd.DataFrame

    @property
    def baseline(self) -> float:
        """AUC of the one column that says most, as it is."""
        return float(roc_auc_score(self.answers["defaulted"], self.test["debt"]))


def make_loans() -> Loans:
    """The same tables every time.

    Defaulting gets likelier with debt, differs between kinds, and is least likely at a middling age: whoever uses debt
    alone, or a straight line for age, stays behind. A tenth of the ages is missing.
    """
    random = np.random.default_rng(_SEED)
    rows = TRAIN_ROWS + TEST_ROWS
    debt, age = random.normal(size=rows).round(4), random.normal(size=rows).round(4)
    kind = random.choice(list(_KINDS), size=rows)
    logit = 1.2 * debt + 1.1 * (age**2 - 1) + np.vectorize(_KINDS.get)(kind)
    table = pd.DataFrame({"id": range(rows), "debt": debt, "age": age, "kind": kind})
    table["defaulted"] = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    table.loc[random.random(rows) < 0.1, "age"] = np.nan
    hidden = table[TRAIN_ROWS:]
    return Loans(
        train=table[:TRAIN_ROWS], test=hidden.drop(columns="defaulted"), answers=hidden[["id", "defaulted"]]
    )


def make_manifest(image: str, baseline: float, limits: Limits | None) -> Manifest:
    """The challenge on an image, with its limits: nothing is looked at but the model."""
    anchors = (("constant", 0.5, 0.0), ("baseline", baseline, BASELINE_SCORE), ("ceiling", 0.9, 1.0))
    return factories.make_manifest(
        image=image,
        inputs=("train.csv", "test.csv"),
        graders=("model-quality", "output-format"),
        metric=MetricSpec(
            name="roc_auc",
            direction=Direction.HIGHER,
            anchors=tuple(Anchor(name=name, value=value, score=score) for name, value, score in anchors),
        ),
        weights={Dimension.MODEL_QUALITY: 1.0},
        limits={} if limits is None else {Stage.PREDICT: limits},
    )


def store_loans(ports: Ports, loans: Loans, manifest: Manifest) -> ChallengeVersion:
    """Store the challenge and somebody who may submit to it."""
    tables = (
        (Area.PUBLIC, "train.csv", loans.train),
        (Area.PUBLIC, "test.csv", loans.test),
        (Area.PRIVATE, "answers.csv", loans.answers),
    )
    files = []
    for area, name, table in tables:
        text = table.to_csv(index=False).encode()
        files.append(DataFile(area=area, name=name, digest=ports.blobs.put(text), bytes=len(text)))
    return store_version(ports, manifest, tuple(files))
