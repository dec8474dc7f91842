"""Which lengths of time tell faults best, on the days that engineers marked; `predict.py` has what was chosen.

One marked fault is not enough to choose freely: lengths are compared here, and the simplest of the good ones taken.

    python train.py ../data/train.csv
"""

import sys
from itertools import combinations
from pathlib import Path

import pandas as pd
from predict import DAY, HOUR
from sklearn.metrics import average_precision_score

LENGTHS_HOURS = (1, 3, 6, 12, 24)


def main(path: Path) -> None:
    """Print the average precision of each pair of lengths on the marked days."""
    train = pd.read_csv(path)
    temperature = train["temperature"]
    usual = temperature.rolling(7 * DAY, min_periods=1).median()
    for pair in combinations(LENGTHS_HOURS, 2):
        recent = sum(temperature.rolling(hours * HOUR, min_periods=1).mean() for hours in pair)
        print(pair, round(average_precision_score(train["fault"], 2 * usual - recent), 3))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
