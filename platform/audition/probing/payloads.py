"""How rows become the body of a request, and an answer's body becomes predictions: one table of forms."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audition.domain.probe_plan import Cell, Prediction
from audition.domain.serving import Payload, RowForm

AnyRow = Mapping[str, Any]
_JSON = {"Content-Type": "application/json"}
_CSV = {"Content-Type": "text/csv"}
#: Fields in which services put a probability or a class when a prediction is an object, the first that is there counts.
_FIELDS = ("probability", "score", "prediction", "value", "label", "class")
_MAX_LABEL = 200
_MAX_DEPTH_ERROR = "The answer is nested too deeply."


class UnreadableError(Exception):
    """The answer holds no predictions in the form of the contract; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent."""

    data: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read."""

    predictions: tuple[Prediction, ...]
    deviation: str = ""
    """How the answer differs from the contract though it can be read; empty when it does not."""


def _records(key: str, rows: Sequence[AnyRow]) -> object:
    return {key: [dict(row) for row in rows]}


def _split(key: str, rows: Sequence[AnyRow]) -> object:
    columns = _columns(rows)
    data = [[row.get(name) for name in columns] for row in rows]
    return {key: {"columns": columns, "index": list(range(len(rows))), "data": data}}


def _matrix(key: str, rows: Sequence[AnyRow]) -> object:
    columns = _columns(rows)
    return {key: [[row.get(name) for name in columns] for row in rows]}


def _tensors(key: str, rows: Sequence[AnyRow]) -> object:
    return {key: [_tensor(name, [row.get(name) for row in rows]) for name in _columns(rows)]}


def _tensor(name: str, values: list[Cell]) -> dict[str, object]:
    """One column. Open Inference Protocol v2: FP64 for numbers, BYTES for text, BOOL for truth values."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        kind = "BOOL"
    elif all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        kind = "FP64"
    else:
        kind = "BYTES"
    return {"name": name, "shape": [len(values), 1], "datatype": kind, "data": values}


def _columns(rows: Sequence[AnyRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


_FORMS: dict[RowForm, Callable[[str, Sequence[AnyRow]], object]] = {
    RowForm.RECORDS: _records,
    RowForm.SPLIT: _split,
    RowForm.MATRIX: _matrix,
    RowForm.TENSORS: _tensors,
}


def document_of(payload: Payload, rows: Sequence[AnyRow]) -> Any:  # noqa: ANN401  JSON has no narrower type
    """The JSON document for rows; of no meaning for CSV."""
    return _FORMS[payload.form](payload.request_key, rows)


def body_of(payload: Payload, rows: Sequence[AnyRow]) -> Body:
    """The request for rows. NaN and infinity become the bare words that many clients send."""
    if payload.form is not RowForm.CSV:
        return Body(json.dumps(document_of(payload, rows)).encode(), _JSON)
    text = io.StringIO()
    columns = _columns(rows)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if row.get(name) is None else row[name] for name in columns] for row in rows])
    return Body(text.getvalue().encode(), _CSV)


def read_answer(payload: Payload, body: bytes, rows: int) -> Answer:
    """Predictions of an answer, one for each row that was sent.

    Raises:
        UnreadableError: There is no list of that many predictions in it.
    """
    if payload.form is RowForm.CSV:
        return _read_csv(body, rows)
    try:
        document = json.loads(body)
    except RecursionError:
        raise UnreadableError(_MAX_DEPTH_ERROR) from None
    except ValueError:
        msg = "The answer is not JSON."
        raise UnreadableError(msg) from None
    if payload.form is RowForm.TENSORS:
        return _read_tensors(payload.answer_key, document, rows)
    return _read_list(payload.answer_key, document, rows)


def _read_list(key: str, document: object, rows: int) -> Answer:
    values, deviation = None, ""
    if isinstance(document, dict):
        values = document.get(key)
        if not isinstance(values, list):
            # The rest of the probes can work with it; the contract is not kept all the same.
            lists = [
                name for name, value in document.items() if isinstance(value, list) and len(value) == rows
            ]
            if len(lists) == 1:
                values, deviation = (
                    document[lists[0]],
                    f"Predictions are under {lists[0][:40]!r}, not under {key!r}.",
                )
    elif isinstance(document, list):
        values = document
        deviation = f"The answer is a bare list, not an object with {key!r}."
    if not isinstance(values, list):
        raise UnreadableError(f"The answer has no list {key!r}.")
    if len(values) != rows:
        raise UnreadableError(f"{rows} rows were sent and {len(values)} predictions came back.")
    return Answer(tuple(_prediction(value) for value in values), deviation)


def _read_tensors(key: str, document: object, rows: int) -> Answer:
    outputs = document.get(key) if isinstance(document, dict) else None
    first = outputs[0] if isinstance(outputs, list) and outputs else None
    data = first.get("data") if isinstance(first, dict) else None
    if not isinstance(data, list) or not data or len(data) % rows:
        raise UnreadableError(f"The answer has no tensor in {key!r} with one value a row.")
    width = len(data) // rows
    # The last of several values a row is the probability of the last class.
    values = [data[number * width + width - 1] for number in range(rows)]
    shape = first.get("shape") if isinstance(first, dict) else None
    is_shaped = (
        isinstance(shape, list) and all(isinstance(n, int) for n in shape) and math.prod(shape) == len(data)
    )
    deviation = "" if is_shaped else "The shape of the output tensor does not fit its data."
    return Answer(tuple(_prediction(value) for value in values), deviation)


def _read_csv(body: bytes, rows: int) -> Answer:
    try:
        lines = [line for line in csv.reader(io.StringIO(body.decode())) if line]
    except (UnicodeDecodeError, csv.Error):
        msg = "The answer is not CSV."
        raise UnreadableError(msg) from None
    if len(lines) == rows + 1:
        lines = lines[1:]
    if len(lines) != rows:
        raise UnreadableError(f"{rows} rows were sent and {len(lines)} lines came back.")
    return Answer(tuple(_prediction(line[-1]) for line in lines))


def _prediction(value: object) -> Prediction:
    """One prediction: a finite number, or a label. Of a list the last, of an object the field that says so."""
    if isinstance(value, list) and value:
        return _prediction(value[-1]) if not isinstance(value[-1], list | dict) else _refuse(value)
    if isinstance(value, dict):
        found = next((value[name] for name in _FIELDS if name in value), None)
        return _prediction(found) if isinstance(found, int | float | str) else _refuse(value)
    if isinstance(value, str):
        return _number_or_label(value)
    if isinstance(value, int | float):
        return _finite(value)
    return _refuse(value)


def _number_or_label(text: str) -> Prediction:
    try:
        return _finite(float(text))
    except ValueError:
        return text[:_MAX_LABEL]


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        msg = "A prediction is not a finite number."
        raise UnreadableError(msg)
    return number


def _refuse(value: object) -> Prediction:
    raise UnreadableError(f"A prediction is neither a number nor a label: {str(value)[:60]!r}.")


def agree(one: Prediction, other: Prediction, tolerance: float) -> bool:
    """Whether two predictions are the same: labels exactly, numbers up to a relative difference."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=min(tolerance, 1e-9))
