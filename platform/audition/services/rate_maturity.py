"""Rate maturity: the highest level of automation whose evidence was observed, never one that is only written down.

The levels are those of Microsoft's MLOps maturity model. A level is reached when everything that shows it was seen
to work, and every level below is reached. Files count for nothing here, however good they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from audition.domain.grade import COUNTED_OUTCOMES, Finding
from audition.domain.summary import Maturity

#: A check shows something when it earns this share of its points or more.
SHOWN_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One level and the checks that show it, all of them."""

    level: int
    name: str
    checks: tuple[str, ...]
    written: tuple[str, ...] = ()
    """Checks that it needs besides and that only files can show; alone they show nothing."""


#: From the lowest up. Source: Microsoft, "Machine Learning operations maturity model"; the names are its own, shorter.
#: Nothing is deployed from here, so level 3 is shown by what decides about it: a gate that refuses a bad model.
RUNGS = (
    Rung(level=1, name="DevOps without MLOps", checks=("runtime.start.ready", "service.contract.kept")),
    Rung(level=2, name="Automated training", checks=("pipeline.retrain.works",)),
    Rung(level=3, name="Automated model deployment", checks=("pipeline.gate.decides",)),
    Rung(
        level=4,
        name="Automated operations with retraining",
        checks=("drift.signal.responds", "drift.alarm.detects"),
        written=("drift.loop.closed",),
    ),
)
_LOWEST = "No automation"
_NOT_LOOKED = "it was not looked at in this run."


def rate_maturity(findings: Mapping[str, Finding]) -> Maturity:
    """The level, by what it was observed, and what stands between it and the next.

    Args:
        findings: Of the run, by check.
    """
    reached: list[Rung] = []
    for rung in RUNGS:
        if _open(rung, findings):
            return _maturity(reached, findings, rung)
        reached.append(rung)
    return _maturity(reached, findings, None)


def _open(rung: Rung, findings: Mapping[str, Finding]) -> list[str]:
    """The checks of a level that do not show it."""
    unseen = [check for check in rung.checks if not is_shown(findings.get(check))]
    return unseen + [c for c in rung.written if c not in findings or not earns(findings[c])]


def is_shown(finding: Finding | None) -> bool:
    """Whether a check saw something work."""
    return _was_looked_at(finding) and finding is not None and earns(finding)


def earns(finding: Finding) -> bool:
    """Whether a check earns at least half of its points."""
    return finding.outcome in COUNTED_OUTCOMES and finding.points >= SHOWN_SHARE * finding.max_points > 0


def _was_looked_at(finding: Finding | None) -> bool:
    return finding is not None and not finding.is_static and finding.outcome in COUNTED_OUTCOMES


def _maturity(reached: list[Rung], findings: Mapping[str, Finding], missing: Rung | None) -> Maturity:
    checks = tuple(check for rung in reached for check in rung.checks)
    is_known = bool(reached) or any(
        _was_looked_at(findings.get(c)) for c in (missing.checks if missing else ())
    )
    return Maturity(
        level=len(reached) if is_known else None,
        name=reached[-1].name if reached else _LOWEST if is_known else "Not assessed",
        checks=checks,
        sentence=" ".join(findings[check].sentence for check in checks),
        above=f"For level {missing.level} ({missing.name}): {_obstacle(missing, findings)}"
        if missing
        else "",
    )


def _obstacle(rung: Rung, findings: Mapping[str, Finding]) -> str:
    """The first check that was not passed, as a sentence; one that failed before one that nobody made."""
    found = [findings[check] for check in _open(rung, findings) if check in findings]
    failed = next((f for f in found if f.outcome in COUNTED_OUTCOMES), None)
    return failed.sentence if failed else _NOT_LOOKED
