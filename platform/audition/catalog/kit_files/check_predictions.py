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
    id_column, columns = output["id_column"], output["prediction_columns"]
    if not rows or set(rows[0]) != {id_column, *columns}:
        yield f"The header must be {','.join([id_column, *columns])}, followed by rows."
        return
    ids = Counter(row[id_column] for row in rows)
    for name in expected_ids:
        if ids[name] != 1:
            yield f"{id_column} {name}: {ids[name]} rows; there must be one."
    for name in sorted(set(ids) - set(expected_ids)):
        yield f"{id_column} {name}: not in the data."
    for place, row in enumerate(rows, start=1):
        for column in columns:
            if trouble := what_is_wrong(row[column] or "", output):
                yield f"Row {place}: {column} is {row[column]!r}; {trouble}."


def what_is_wrong(text: str, output: dict[str, Any]) -> str:
    """Why a cell is not allowed; empty when it is."""
    if output["form"] == "label":
        return "" if text in output["labels"] else f"one of {', '.join(output['labels'])} is expected"
    if output["form"] == "items":
        items = text.split()
        is_fine = len(items) == len(set(items)) <= output["most_items"]
        return "" if is_fine else f"at most {output['most_items']} items are expected, each once"
    if output["form"] == "text":
        return ""
    return "" if is_allowed(text, output) else "a number in range is expected"


def is_allowed(text: str, output: dict[str, Any]) -> bool:
    """Whether a cell is a finite number within the limits."""
    try:
        value = float(text)
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
