"""The bounds in a challenge's `privacy.toml`, beside what its own `prepare` measured in `public/privacy.json`.

`prepare` refuses a release that does not keep them, as it alone has the source opened. Who reads the proof sees both
numbers.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from audition.catalog.read import PRIVACY_FILE
from audition.catalog.shape import Problems, read_table
from audition.domain.errors import InvalidError

MEASURED_FILE = "privacy.json"
"""Public file in which `prepare` says what it measured."""
MOST_BYTES = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One threshold of the policy's gate."""

    name: str
    bound: float
    measured: float | None
    """What a measurement of this name was, the last of them; None where there is none."""

    def __str__(self) -> str:
        """Both numbers, for people."""
        found = "not measured by this name" if self.measured is None else f"{self.measured:g}"
        return f"{self.name} {found} (bound {self.bound:g})"


def read_gate(challenge: Path) -> dict[str, float]:
    """The numbers below `[gate]` of the policy; none where it has no gate."""
    gate = (read_table(challenge, PRIVACY_FILE, Problems()) or {}).get("gate")
    return dict(_numbers(gate)) if isinstance(gate, dict) else {}


def hold(gate: Mapping[str, float], measured: bytes) -> tuple[Bound, ...]:
    """Put what was measured beside each bound.

    Args:
        gate: See `read_gate`.
        measured: The bytes of `public/privacy.json`: from the author's container.

    Raises:
        InvalidError: They are no JSON object, or more than 256 KiB.
    """
    try:
        document = json.loads(measured) if len(measured) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        msg = f"public/{MEASURED_FILE} is no JSON object of at most {MOST_BYTES:,} bytes."
        raise InvalidError(msg, code="invalid-privacy-report")
    found = dict(_numbers(document))  # Of "before" and "after" the later stays.
    return tuple(Bound(name=name, bound=bound, measured=found.get(name)) for name, bound in gate.items())


def _numbers(document: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    """Every number by its own name, however deep."""
    waiting = [iter(document.items())]
    while waiting:
        name, value = next(waiting[-1], (None, None))
        if name is None:
            waiting.pop()
        elif isinstance(value, dict):
            waiting.append(iter(value.items()))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)
