"""Check the form of a predictions file: python checks/check_predictions.py FILE.csv.

Needs Python only. It looks at names, ids and numbers, as the grader does, and cannot say how good
the predictions are.
"""

import csv
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KIT = Path(__file__).resolve().parent.parent
MOST_SHOWN = 20


def read_rows(path: Path) -> list[dict[str, str]]:
    """All rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def find_problems(
    rows: list[dict[str, str]], expected_ids: list[str], output: dict[str, Any]
) -> Iterator[str]:
    """Everything that is wrong, one line each; row 1 is the first after the header."""
    id_column, column = output["id_column"], output["prediction_column"]
    if not rows or set(rows[0]) != {id_column, column}:
        yield f"The header must be {id_column},{column}, followed by rows."
        return
    ids = Counter(row[id_column] for row in rows)
    for name in expected_ids:
        if ids[name] != 1:
            yield f"{id_column} {name}: {ids[name]} rows; there must be one."
    for name in sorted(set(ids) - set(expected_ids)):
        yield f"{id_column} {name}: not in the data."
    for place, row in enumerate(rows, start=1):
        if not is_allowed(row[column], output):
            yield f"Row {place}: {column} is {row[column]!r}; a number in range is expected."


def is_allowed(text: str | None, output: dict[str, Any]) -> bool:
    """Whether a cell is a finite number within the limits."""
    try:
        value = float(text or "")
    except ValueError:
        return False
    low = -math.inf if output["minimum"] is None else output["minimum"]
    high = math.inf if output["maximum"] is None else output["maximum"]
    return math.isfinite(value) and low <= value <= high


def main() -> int:
    """Print what is wrong; 0 when nothing is."""
    output = json.loads((KIT / "checks" / "output.json").read_text(encoding="utf-8"))
    expected = [row[output["id_column"]] for row in read_rows(KIT / "data" / "sample_submission.csv")]
    problems = list(find_problems(read_rows(Path(sys.argv[1])), expected, output))
    for line in problems[:MOST_SHOWN]:
        print(line)
    print(f"{len(problems)} problem(s)." if problems else "The form is right.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
