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


#: From the lowest up. Source: Microsoft, "Machine Learning operations maturity model"; the names are its own, shorter.
RUNGS = (
    Rung(level=1, name="DevOps without MLOps", checks=("runtime.start.ready", "service.contract.kept")),
    Rung(level=2, name="Automated training", checks=()),
    Rung(level=3, name="Automated model deployment", checks=()),
    Rung(
        level=4,
        name="Automated operations with retraining",
        checks=("drift.signal.responds", "drift.alarm.detects"),
    ),
)
_LOWEST = "No automation"
_UNSEEN = "no run of this platform shows it yet"
_NOT_LOOKED = "it was not looked at in this run"


def rate_maturity(findings: Mapping[str, Finding]) -> Maturity:
    """The level, by what it was observed, and what stands between it and the next.

    Args:
        findings: Of the run, by check.
    """
    reached: list[Rung] = []
    for rung in RUNGS:
        if not rung.checks or not all(is_shown(findings.get(check)) for check in rung.checks):
            return _maturity(reached, findings, rung)
        reached.append(rung)
    return _maturity(reached, findings, None)


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
    if not rung.checks:
        return f"{_UNSEEN}."
    open_ones = [findings.get(check) for check in rung.checks if not is_shown(findings.get(check))]
    failed = next((f for f in open_ones if f is not None and _was_looked_at(f)), None)
    return failed.sentence if failed else f"{_NOT_LOOKED}."
