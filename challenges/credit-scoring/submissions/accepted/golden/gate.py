"""Let a model pass or refuse it: python gate.py --model model.safetensors --data labelled.csv [--current other].

Ends with 0 when the model may be deployed, with 1 when it is too weak, with 2 when that cannot be told.
"""

import argparse
import sys
from pathlib import Path

from credit import quality
from credit.features import Matrix, Row, read_rows, truth
from credit.model import load

LEAST_AUC = 0.77
"""Four standard errors below the cross-validated estimate: what is weaker is broken, not unlucky."""
MOST_LOSS = 0.01
"""A model may be this much worse than the one that serves now: about one standard error."""
MOST_BRIER_RATIO = 0.95
"""Of the Brier score of a model that says the default rate to everybody: probabilities have to mean something."""


def measure(model: Path, rows: list[Row], target: Matrix) -> tuple[float, float]:
    """AUC and Brier score of a model file."""
    scores = load(model).predict(rows)
    return quality.auc(target, scores), quality.brier(target, scores)


def refusals(auc: float, brier: float, target: Matrix, current_auc: float | None) -> list[str]:
    """Everything that speaks against a model."""
    found = []
    if not auc >= LEAST_AUC:
        found.append(f"its AUC is {auc:.4f}, below {LEAST_AUC}")
    if current_auc is not None and not auc >= current_auc - MOST_LOSS:
        found.append(f"its AUC is {auc:.4f}, the current model has {current_auc:.4f}")
    rate = float(target.mean())
    if not brier <= MOST_BRIER_RATIO * rate * (1 - rate):
        found.append(f"its Brier score is {brier:.4f}, hardly better than saying {rate:.2f} to everybody")
    return found


def main(words: list[str]) -> int:
    """Decide about the model that is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--data", type=Path, required=True, help="rows with the truth, which it was not trained on"
    )
    parser.add_argument("--current", type=Path, help="the model that serves now")
    chosen = parser.parse_args(words)
    try:
        rows = read_rows(chosen.data)
        target = truth(rows)
        auc, brier = measure(chosen.model, rows, target)
        current = measure(chosen.current, rows, target)[0] if chosen.current else None
    except (OSError, ValueError, KeyError) as error:
        print(f"The gate cannot tell: {error}", file=sys.stderr)
        return 2
    against = refusals(auc, brier, target, current)
    print(f"AUC {auc:.4f}, Brier score {brier:.4f}, {len(rows)} rows: {'; '.join(against) or 'passes'}.")
    if auc < LEAST_AUC or against:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
