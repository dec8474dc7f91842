"""How it is known that somebody still wants a bay: a sign of life that its own containers can see.

Theory of operation. The sign is a time: that of a file in the bay's folder for whoever sweeps, and of the folders
that its containers have mounted for the containers themselves. An attendant renews it every few seconds while the
bay waits; the run that takes the bay sets it to the run's own deadline. Once it is older than the lease, what waits
inside ends by itself (`boot.py`), though every worker may be gone, and whoever sweeps the same data folder next
takes the rest away.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: What is not renewed for this long is wanted by nobody. An attendant renews every five seconds, but making a bay on
#: a busy host keeps it from doing so for a while.
LEASE_SECONDS = 60.0
#: A bay with an older sign is not given to a run: its containers may be about to end.
FRESH_SECONDS = LEASE_SECONDS / 2
#: The places of a bay, in the order in which it moves through them.
PLACES = ("making", "free", "held", "done")
_SIGN = "sign"


def sign(bay: Path, until: float | None = None) -> None:
    """Give a sign of life.

    Args:
        bay: Its folder.
        until: Unix time from which the lease counts; None is now.
    """
    at = time.time() if until is None else until
    (bay / _SIGN).touch()
    for path in (bay / _SIGN, *bay.glob("*/*")):
        with suppress(FileNotFoundError):
            os.utime(path, (at, at))


def age(bay: Path, now: float) -> float:
    """Seconds since the last sign; since it was made, when there has been none.

    Raises:
        FileNotFoundError: It is gone.
    """
    try:
        return now - (bay / _SIGN).stat().st_mtime
    except FileNotFoundError:
        return now - bay.stat().st_mtime


def slots(folder: Path) -> tuple[Path, ...]:
    """The bay folders of all workers that share a data folder, given that of one.

    Only numbered folders are slots; any other is nobody's neighbour.
    """
    if not folder.name.isdecimal():
        return (folder,)
    parent = folder.parent
    found = {path for path in parent.iterdir() if path.name.isdecimal()} if parent.exists() else set()
    return tuple(sorted({*found, folder}))


def bays_in(folder: Path) -> Iterator[str]:
    """Ids of the bays of one slot; none is missed while it moves on."""
    for place in PLACES:
        with suppress(FileNotFoundError):
            for path in sorted((folder / place).iterdir()):
                yield bay_id(path)


def bay_id(path: Path) -> str:
    """The bay that a folder is of: `making/<bay>`, `free/<key>-<bay>`, `held/` or `done/<run>.<fence>.<bay>`."""
    return path.name.split(".gone")[0].rpartition("-")[2].rpartition(".")[2]
