"""May this host take a job now? One that cannot do it would only lose it, and after a few losses a person is needed.

Looked at before each job: an engine that is away for a minute delays the queue by a minute, and a full disk stops this
host alone; the others go on.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from audition.domain.errors import UnavailableError
from audition.domain.fleet import Place


class Readiness:
    """What is looked at."""

    def __init__(self, check_engine: Callable[[], None], places: Sequence[Path], min_free_bytes: int) -> None:
        """Prepare.

        Args:
            check_engine: Raises UnavailableError when the engine gives no sign of life.
            places: Folders that work writes to. One that cannot be seen from here is not looked at.
            min_free_bytes: What each must have free.
        """
        self._check_engine = check_engine
        self._places = tuple(places)
        self._min_free_bytes = min_free_bytes

    def places(self) -> tuple[Place, ...]:
        """How much room there is."""
        return tuple(_measured(place) for place in self._places if place.is_dir())

    def trouble(self) -> str:
        """Why this host should take no job now and what to do, in one sentence or two; empty when it may."""
        try:
            self._check_engine()
        except UnavailableError as error:
            return error.detail
        return next((text for place in self._places if (text := self._shortage(place))), "")

    def _shortage(self, place: Path) -> str:
        try:
            free = shutil.disk_usage(place).free
        except OSError:
            return ""
        if free >= self._min_free_bytes:
            return ""
        mib = 1 << 20
        text = f"{place} has {free // mib:,} MiB free, and {self._min_free_bytes // mib:,} are wanted"
        return f"{text}. Make room (audition images prune), or change AUDITION_MIN_FREE_BYTES."


def _measured(place: Path) -> Place:
    usage = shutil.disk_usage(place)
    return Place(path=str(place), free_bytes=usage.free, total_bytes=usage.total)
