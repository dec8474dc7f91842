"""What the whole machine's processors did meanwhile, by the kernel's count: nothing that helps is left out."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Fields of the first line of /proc/stat after the name: user nice system idle iowait irq softirq steal.
#: Source: proc(5).
_IDLE, _WAITING, _FIELDS = 3, 4, 8


@dataclass
class Spent:
    """Filled at the end of the block."""

    wall_seconds: float = 0.0
    busy_seconds: float = 0.0
    """Of all processors together."""

    @property
    def busy_ratio(self) -> float:
        """Share of all processors' time, in [0, 1]."""
        return self.busy_seconds / (self.wall_seconds * (os.cpu_count() or 1))


@contextmanager
def spent() -> Iterator[Spent]:
    """Measure a block of code, whoever works meanwhile."""
    found = Spent()
    wall, busy = time.perf_counter(), _busy_seconds()
    try:
        yield found
    finally:
        found.wall_seconds = time.perf_counter() - wall
        found.busy_seconds = _busy_seconds() - busy


def _busy_seconds() -> float:
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1 : _FIELDS + 1]]
    return (sum(ticks) - ticks[_IDLE] - ticks[_WAITING]) / os.sysconf("SC_CLK_TCK")
