"""Write down how each stage of a run goes, while it goes: what the live page shows."""

from dataclasses import replace

from audition.domain.execution import Exit
from audition.domain.run import Stage, StageRecord, StageStatus
from audition.services.lease import LeaseLostError
from audition.services.runner import Runner


class StageBook:
    """The stage records of one run under one fence."""

    def __init__(self, runner: Runner, run_id: str, fence: int) -> None:
        """Nothing is written yet."""
        self._runner = runner
        self._run_id = run_id
        self._fence = fence

    def begin(self, stage: Stage) -> StageRecord:
        """A stage starts now.

        Raises:
            LeaseLostError: The fence is old.
        """
        record = StageRecord(
            run_id=self._run_id,
            fence=self._fence,
            stage=stage,
            status=StageStatus.RUNNING,
            message="",
            started_at=self._runner.ports.clock.now(),
        )
        self._save(record)
        return record

    def note(self, record: StageRecord, message: str) -> None:
        """Say how far a stage is, while it runs.

        Raises:
            LeaseLostError: The fence is old.
        """
        self._save(replace(record, message=message))

    def end(self, record: StageRecord, status: StageStatus, exit_: Exit | None, message: str = "") -> None:
        """The stage ended.

        Raises:
            LeaseLostError: The fence is old.
        """
        now = self._runner.ports.clock.now()
        ended = replace(record, status=status, message=message, finished_at=now)
        if exit_ is not None:
            # A stage that is a talk of several containers has no clock of its own but this one.
            seconds = exit_.usage.wall_seconds or (now - record.started_at).total_seconds()
            usage = replace(exit_.usage, wall_seconds=seconds)
            ended = replace(ended, usage=usage, image_id=exit_.image_id, runtime=exit_.runtime)
        self._save(ended)

    def _save(self, record: StageRecord) -> None:
        with self._runner.ports.unit_of_work() as uow:
            if not uow.runs.save_stage(record):
                msg = f"Run {self._run_id} has a newer fence than {self._fence}."
                raise LeaseLostError(msg)
            uow.commit()
