"""Calls a challenge's `measure` once for each round; runs in a process of its own and imports nothing of ours.

Standard input: a line of JSON with sizes, both tables as JSON, then for each round how often each row is drawn, two
bytes a row. Standard output: a JSON list with a number for each round, or an object with the author's traceback.
"""

import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Table = dict[str, NDArray[np.float64] | NDArray[np.object_]]
#: Of a traceback the end is what tells.
_MOST_ERROR = 3500


def main() -> None:
    """Read both tables, call, say the numbers."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Whatever the author prints goes where standard error goes: nowhere.

    def say_why(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        told = "".join(traceback.format_exception(kind, error, where))[-_MOST_ERROR:]
        channel.write(json.dumps({"error": told}).encode())
        channel.close()

    sys.excepthook = say_why
    channel.write(json.dumps(_values(sys.stdin.buffer, Path(sys.argv[1]))).encode())
    channel.close()


def _values(stream: BinaryIO, path: Path) -> list[float]:
    sizes = json.loads(stream.readline())
    tables = json.loads(stream.read(sizes["tables"]))
    answers, predictions = _table(tables["answers"]), _table(tables["predictions"])
    measure = _measure(path)
    every = np.arange(sizes["rows"])
    values = []
    for _ in range(sizes["rounds"]):
        times = np.frombuffer(stream.read(2 * sizes["rows"]), dtype="<u2")
        drawn = np.repeat(every, times)
        value = measure(_drawn(answers, drawn), _drawn(predictions, drawn))
        values.append(float(value))
    return values


def _table(columns: Mapping[str, list[object]]) -> Table:
    return {name: _array(values) for name, values in columns.items()}


def _array(values: list[object]) -> NDArray[np.float64] | NDArray[np.object_]:
    is_text = any(isinstance(value, str) for value in values)
    return np.array(values, dtype=object if is_text else np.float64)


def _drawn(table: Table, rows: NDArray[np.int64]) -> Table:
    """Copies: what the author's function changes is gone with its call."""
    return {name: values[rows] for name, values in table.items()}


def _measure(path: Path) -> Callable[[Table, Table], float]:
    spec = importlib.util.spec_from_file_location("metric", path)
    if spec is None or spec.loader is None:
        msg = f"{path.name} cannot be loaded."
        raise ImportError(msg)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[Table, Table], float] = module.measure
    return found


if __name__ == "__main__":
    main()
