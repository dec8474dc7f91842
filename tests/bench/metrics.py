"""What metrics with their intervals take, beside scikit-learn computing the metric alone, once."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from sklearn import metrics as sk

from audition.domain.challenge import DetailSpec
from graders.model_detail import grader as detail
from graders.model_quality import amounts, classes, ranked, survival
from graders.model_quality.intervals import estimate
from graders.model_quality.statistic import Statistic
from tests.graders.model_world import asked, world
from tests.graders.workspaces import with_output

ROWS = 20_000
_ROUNDS = 1000
_TIMES = 5


def report(folder: Path, say: Callable[[str], None]) -> str:
    """Measure and lay out.

    Args:
        folder: Where a workspace can be made.
        say: Told what has been done.
    """
    lines = [
        f"Processor seconds on {ROWS:,} rows, median of {_TIMES}; intervals with {_ROUNDS} rounds where they are drawn",
        "| metric | value and interval | scikit-learn, value only | ratio |",
        "|---|---|---|---|",
    ]
    for name, (ours, theirs) in _cases().items():
        mine, other = _seconds(ours), _seconds(theirs)
        lines.append(f"| {name} | {mine:.3f} | {other:.3f} | {mine / other:.1f} |")
        say(name)
    lines.append(
        f"| all of `model-detail` on 1,200 rows, three columns | {_seconds(_detail(folder)):.3f} | - | - |"
    )
    return "\n".join(lines)


def _cases() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    random = np.random.default_rng(1)
    truth = (random.random(ROWS) < 0.2).astype(float)
    score = 1 / (1 + np.exp(-random.normal(size=ROWS) - truth))
    label = random.integers(0, 10, ROWS)
    said = np.where(random.random(ROWS) < 0.8, label, random.integers(0, 10, ROWS))
    amount = random.gamma(2, 2, ROWS)
    guess = amount + random.normal(size=ROWS)
    few = slice(0, 5000)
    when, happened = np.ceil(amount * 100), truth * 0 + (random.random(ROWS) < 0.6)
    return {
        "ROC AUC, DeLong": (
            _whole(lambda: ranked.roc_auc(truth, score)),
            lambda: sk.roc_auc_score(truth, score),
        ),
        "average precision": (
            _whole(lambda: ranked.average_precision(truth, score)),
            lambda: sk.average_precision_score(truth, score),
        ),
        "macro F1, 10 labels": (
            _whole(lambda: classes.macro_f1(label, said)),
            lambda: sk.f1_score(label, said, average="macro"),
        ),
        "RMSE": (
            _whole(lambda: amounts.rmse(amount, guess)),
            lambda: sk.root_mean_squared_error(amount, guess),
        ),
        "Harrell's C, 5,000 rows (scikit-learn: ROC AUC)": (
            _whole(lambda: survival.harrell_c(when[few], happened[few], -guess[few])),
            lambda: sk.roc_auc_score(truth[few], score[few]),
        ),
    }


def _whole(build: Callable[[], Statistic]) -> Callable[[], object]:
    return lambda: estimate(build(), rounds=_ROUNDS, confidence=0.95, seed=1)


def _detail(folder: Path) -> Callable[[], object]:
    truth, probability, columns = world()
    wanted = DetailSpec(slices=("region", "age"), groups=("sex",), false_alarm_cost=1, miss_cost=5)
    workspace = asked(folder, truth, columns, detail=wanted)
    rows = "".join(f"r{n},{value:.6g}\n" for n, value in enumerate(probability))
    ready = with_output(workspace, f"id,probability\n{rows}")
    return lambda: detail.grade(ready)


def _seconds(work: Callable[[], object]) -> float:
    work()
    found = []
    for _ in range(_TIMES):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return median(found)
