"""Success rates of attacks with their intervals, and what is left of them beyond what a control shows."""

import math
from dataclasses import dataclass

_Z = 1.959964
"""Of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something succeeded, with Wilson's interval (Wilson, JASA 22, 1927); all in [0, 1]."""

    value: float
    low: float
    high: float
    tries: int


@dataclass(frozen=True, slots=True)
class Risk:
    """What an attack gains from the release: how much more often it succeeds on people in it than on others."""

    value: float
    low: float
    high: float
    attack: Rate
    control: Rate


def wilson(successes: float, tries: int) -> Rate:
    """A rate with its interval of 95 %; of no tries nothing is known, and the interval says so."""
    if not tries:
        return Rate(0.0, 0.0, 1.0, 0)
    share = successes / tries
    spread = _Z * math.sqrt(share * (1 - share) / tries + (_Z / (2 * tries)) ** 2)
    middle, scale = share + _Z**2 / (2 * tries), 1 + _Z**2 / tries
    return Rate(share, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale), tries)


def beyond_control(attack: Rate, control: Rate) -> Risk:
    """The residual risk (attack - control) / (1 - control), its error propagated to first order.

    Source: Giomi et al., "A unified framework for quantifying privacy risk in synthetic data", PoPETs 2023(2), eq. 1
    and appendix; a rate's centre and error are those of its Wilson interval.
    """
    centre, error = _centre(attack)
    other, other_error = _centre(control)
    free = max(1 - other, 1e-9)
    spread = math.hypot(error / free, other_error * (centre - 1) / free**2)
    value = (centre - other) / free
    plain = (attack.value - control.value) / max(1 - control.value, 1e-9)
    return Risk(_bounded(plain), _bounded(value - spread), _bounded(value + spread), attack, control)


def _centre(rate: Rate) -> tuple[float, float]:
    return (rate.low + rate.high) / 2, (rate.high - rate.low) / 2


def _bounded(value: float) -> float:
    return min(1.0, max(0.0, value))
