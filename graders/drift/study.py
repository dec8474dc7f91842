"""Everything that the drift checks ask of the evidence, computed once."""

from collections.abc import Sequence
from dataclasses import dataclass

from audition.domain.drift import DriftEvidence, DriftRun
from audition.domain.drift_plan import DriftKind, smallest_p
from audition.domain.drift_validity import can_still_decide
from graders.drift.alarms import (
    Alarms,
    FalseAlarms,
    Notices,
    alarms_of,
    can_alarm,
    false_alarms,
    mean_time_ratio,
    notices,
)
from graders.drift.contrast import FULL_P, Contrast, contrast
from graders.drift.series import Candidate, Tier, Track, read_tracks
from graders.drift.shape import Attribution, Shape, attribute, shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What the evidence shows."""

    evidence: DriftEvidence
    candidates: tuple[Candidate, ...]
    tracks: tuple[Track, ...]
    alarms: tuple[Alarms, ...]
    declared: Contrast
    everything: Contrast
    false: FalseAlarms
    seen: Notices
    bonus: Notices

    @property
    def can_alarm(self) -> bool:
        """Whether anything was declared that could call somebody."""
        return can_alarm(self.evidence.signals, self.evidence.drift_alerts)

    @property
    def mean_time_ratio(self) -> float | None:
        """MTR, for experts."""
        return mean_time_ratio(self.false, self.seen)

    def best(self) -> tuple[Contrast, int] | None:
        """The candidate that earns most, and the comparison that it comes from."""
        found = [
            (looked, number)
            for looked in (self.declared, self.everything)
            if (number := looked.best()) is not None
            if looked is self.declared or looked.candidates[number].tier != Tier.DECLARED
        ]
        return max(found, key=lambda pair: pair[0].credit(pair[1]), default=None)

    def is_conclusive(self) -> bool:
        """Whether enough valid runs are left to tell drift from chance."""
        drifting = int(self.everything.is_drift.sum())
        placebos = self.everything.is_drift.size - drifting
        return smallest_p(drifting, placebos) <= FULL_P

    def is_lost_to_service(self) -> bool:
        """Whether the runs that the service itself spoiled are alone too many to tell drift from chance."""
        theirs = {run.number for run in self.evidence.invalid if not run.is_ours}
        return not can_still_decide(self.evidence.plan, theirs)

    def attribution(self) -> Attribution:
        """Which column the declared signals name; if they name none, which anything names."""
        found = attribute(self.declared, self.evidence.columns)
        return found if found.ranked else attribute(self.everything, self.evidence.columns)

    def shape(self) -> Shape | None:
        """How the best candidate behaves; None when nothing moved that is about data."""
        best = self.best()
        if best is None or best[0].credit(best[1]) == 0:
            return None
        looked, number = best
        if looked.candidates[number].tier == Tier.OTHER:
            return None
        column = self.candidates.index(looked.candidates[number])
        return shape_of(self.alarms, self.tracks, column, float(looked.statistic[number]))

    def drifted_column(self) -> str:
        """The column that the primary drift changed; hidden from candidates."""
        primary = [run.plan for run in self.evidence.runs if run.plan.is_contrast and run.plan.injection]
        return primary[0].injection.column if primary and primary[0].injection else ""


def make_study(evidence: DriftEvidence) -> Study:
    """Compute it all."""
    runs = evidence.runs
    candidates, tracks = read_tracks(runs, evidence.families, evidence.signals)
    alarms = tuple(alarms_of(run, evidence.families, evidence.signals) for run in runs)
    return Study(
        evidence=evidence,
        candidates=candidates,
        tracks=tracks,
        alarms=alarms,
        declared=contrast(runs, tracks, candidates, declared=True),
        everything=contrast(runs, tracks, candidates, declared=False),
        false=false_alarms(alarms),
        seen=notices(alarms),
        bonus=notices(alarms, is_bonus=True),
    )


def first_run(runs: Sequence[DriftRun], *, drifts: bool) -> int | None:
    """The run to draw: of the contrast, with recovery if there is one."""
    fitting = [
        number
        for number, run in enumerate(runs)
        if run.plan.is_contrast and (run.plan.kind != DriftKind.NONE) == drifts
    ]
    return max(fitting, key=lambda number: (runs[number].plan.has_recovery, -number), default=None)
