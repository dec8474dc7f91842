"""What the model looks at, for training, program and service alike."""

import math
from collections.abc import Mapping

NUMBERS = ("age_years", "load_percent", "vibration_mm_s", "oil_celsius", "starts_per_day")
KINDS = ("press", "lathe", "mill", "pump")
#: Where no sensor is fitted, or the cell is empty: the usual value, and a mark.
USUAL = {
    "age_years": 10.0,
    "load_percent": 60.0,
    "vibration_mm_s": 2.2,
    "oil_celsius": 60.0,
    "starts_per_day": 20.0,
}


def features(row: Mapping[str, object]) -> list[float]:
    """Numbers, a mark for each that is missing, the kind, and what engineers say.

    Raises:
        ValueError: A cell is no finite number.
    """
    values = {name: number(name, row.get(name)) for name in NUMBERS}
    filled = {name: USUAL[name] if value is None else value for name, value in values.items()}
    kind = row.get("kind")
    return [
        *(filled[name] / USUAL[name] for name in NUMBERS),
        *(float(values[name] is None) for name in NUMBERS),
        *(float(kind == known) for known in KINDS),
        filled["age_years"] / 10 * (kind == "pump"),
        float(filled["starts_per_day"] > 30),
        float(filled["load_percent"] > 85),
    ]


def number(name: str, cell: object) -> float | None:
    """A cell as a number; None where it is empty."""
    if cell is None or cell == "":
        return None
    try:
        value = math.nan if isinstance(cell, bool | list | dict) else float(str(cell))
    except ValueError:
        msg = f"{name} is {str(cell)[:40]!r}; it must be a number or null."
        raise ValueError(msg) from None
    if not math.isfinite(value):
        msg = f"{name} must be finite."
        raise ValueError(msg)
    return value
