"""The model: weights in a JSON file, which holds no code."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from features import features

_KEPT = json.loads(Path(__file__).resolve().with_name("model.json").read_text(encoding="utf-8"))
WEIGHTS: list[float] = _KEPT["weights"]
BIAS: float = _KEPT["bias"]


def risk(row: Mapping[str, object]) -> float:
    """The risk of one machine, in (0, 1).

    Raises:
        ValueError: A cell is no finite number.
    """
    odds = BIAS + math.fsum(weight * value for weight, value in zip(WEIGHTS, features(row), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
