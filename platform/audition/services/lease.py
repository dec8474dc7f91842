"""Hold the lease on a run while working on it, and learn when to stop.

A thread renews the lease. When a renewal is refused another worker has the run: from then on nothing that this
one writes counts, so it must end its containers and go. When the database is away until the lease has run out, the
same holds, for somebody may have taken over. How long that is, a clock says that nobody sets: rounds of the thread
would not count the time for which the whole process stood still.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from audition.domain.errors import AuditionError, ConflictError
from audition.domain.run import Run
from audition.ports import UnitOfWork
from audition.services.runner import Runner

_log = logging.getLogger(__name__)
#: How often a request to cancel is looked for.
_TICK_SECONDS = 1.0


class Lease:
    """A context in which the lease on a run is kept."""

    def __init__(self, runner: Runner, run: Run, elapsed: Callable[[], float] = time.monotonic) -> None:
        """Nothing starts before the context is entered.

        Args:
            runner: Who holds it.
            run: As it was claimed.
            elapsed: Seconds since whenever.
        """
        self._runner = runner
        self._elapsed = elapsed
        self._renewed_at = elapsed()
        self._run_id = run.id
        self.fence = run.fence
        self.is_lost = False
        self._is_cancel_requested = run.is_cancel_requested
        self._is_cancellable = True
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True, name="lease")

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody asked to cancel while that could still be done."""
        return self._is_cancel_requested and self._is_cancellable

    def begin_grading(self) -> None:
        """From here on a request to cancel comes too late: the evidence is complete."""
        self._is_cancellable = False

    def should_stop(self) -> bool:
        """Whether the work must end: the lease is gone, or somebody asked to cancel."""
        return self.is_lost or self.is_cancelled

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop renewing; the lease itself ends with the run's last write."""
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._done.wait(_TICK_SECONDS) and not self.is_lost:
            began = self._elapsed()
            is_due = began - self._renewed_at >= self._runner.lease_renew_seconds
            try:
                self._look(is_due=is_due)
            except AuditionError as error:
                _log.warning("lease of %s not renewed: %s", self._run_id, error)
                self.is_lost = self._elapsed() - self._renewed_at >= self._runner.lease_seconds
            else:
                # When it was asked for, not when it was granted: in doubt the lease is over early.
                self._renewed_at = began if is_due else self._renewed_at

    def _look(self, *, is_due: bool) -> None:
        with self._runner.ports.unit_of_work() as uow:
            run = uow.runs.get(self._run_id)
            self._is_cancel_requested = run.is_cancel_requested
            if is_due:
                now = self._runner.ports.clock.now()
                until = now + timedelta(seconds=self._runner.lease_seconds)
                self.is_lost = not uow.runs.renew(self._run_id, self.fence, until)
                uow.commit()
            else:
                self.is_lost = run.fence != self.fence


def check_fence(uow: UnitOfWork, run: Run) -> None:
    """Stop here when somebody has claimed the run since.

    Raises:
        LeaseLostError: The fence is old.
    """
    if uow.runs.get(run.id).fence != run.fence:
        msg = f"Run {run.id} has a newer fence than {run.fence}."
        raise LeaseLostError(msg)


class LeaseLostError(ConflictError):
    """Another worker has the run: stop, and write nothing more."""


class CancelledError(ConflictError):
    """Somebody asked to cancel the run."""


def check_lease(lease: Lease) -> None:
    """Stop here when the work must not go on.

    Raises:
        LeaseLostError: The lease is gone.
        CancelledError: A person asked for it.
    """
    if lease.is_lost:
        msg = "The lease on this run is lost."
        raise LeaseLostError(msg)
    if lease.is_cancelled:
        msg = "The run was cancelled."
        raise CancelledError(msg)
