"""Do the candidate's alerts fire when there is trouble, and only then? Judged from a real Prometheus's record (E7)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from audition.domain.alerting import (
    SHORTEST_RANGE_SECONDS,
    SLOW_FACTOR,
    AlertingEvidence,
    Situation,
    Stretch,
    TriedRule,
    time_threshold,
)
from audition.domain.contract import Contract
from audition.domain.grade import Dimension, Evidence, Outcome
from audition.domain.probe import ServiceEvidence
from audition.domain.run import Stage
from audition.grading import Result, Workspace, blocked, check, not_applicable, not_assessed
from graders.chain import RULES, is_asked
from graders.monitoring.kinds import AlertKind, kind_of, looks_at_server_errors_alone
from graders.monitoring.promql import read_expression
from graders.monitoring.rules import find_rules
from graders.probed import plural, scored, service_of, why_missing

#: Which trouble each kind of alert is asked to notice. Drift has a protocol of its own.
_PROVOKED_BY = {
    AlertKind.LATENCY: Situation.SLOW,
    AlertKind.ERRORS: Situation.ERRORS,
    AlertKind.AVAILABILITY: Situation.DOWN,
}
_TROUBLED = 0.2
"""Share of requests that must have gone wrong for errors to count as provoked."""
_SLOWER = 3.0
"""Factor on the usual time from which answers count as slow, where a rule does not say."""
_MOST_FAILED_SCRAPES = 0.2
_KEY = "monitoring.rules"


@dataclass(frozen=True, slots=True)
class _Judged:
    """One alert that was tried."""

    tried: TriedRule
    kind: AlertKind
    is_false: bool
    """It fired while nothing was wrong."""
    unprovoked: str
    """Why nothing can be said of it; empty when it was provoked."""
    after_seconds: float | None
    """From the beginning of the trouble, when it fired in it."""

    @property
    def has_acted(self) -> bool:
        return self.after_seconds is not None and not self.is_false


@check(
    "metrics.alerts.act",
    "Alerts fire when there is trouble, and only then",
    points=3,
    why="An alert that nobody has ever seen fire is a hope.",
    fix="Try each alert: slow the service down, send it what it must refuse, stop it. Then let it run in peace.",
)
def alerts_act(workspace: Workspace) -> Result:
    """Share of the provoked alerts that fired x exp(-alerts that fired in the quiet) (E7)."""
    service = service_of(workspace)
    found = service.alerting if service else None
    if service is None or found is None:
        return _not_tried(workspace)
    if found.failed_scrapes > _MOST_FAILED_SCRAPES * max(1, found.scrapes) or not found.scrapes:
        return not_assessed("Prometheus could not scrape the service often enough to try its alerts.")
    contract = workspace.evidence.inventory.contract
    judged = [_judge(tried, found, service, contract) for tried in found.rules if not tried.untried]
    provoked = [item for item in judged if not item.unprovoked]
    false = [item for item in judged if item.is_false]
    note = " ".join(_notes(found, judged))
    if not provoked:
        result = not_assessed("None of the alerts is about trouble that we made.")
        return replace(result, note=note, evidence=tuple(map(_evidence, judged)))
    acted = [item for item in provoked if item.has_acted]
    share = len(acted) / len(provoked) * math.exp(-len(false))
    sentence = " ".join(_sentences(found, provoked, acted, false))
    result = scored(share * workspace.evidence.inventory.credit(_KEY), sentence, note)
    return replace(result, evidence=tuple(map(_evidence, judged)))


def _not_tried(workspace: Workspace) -> Result:
    """Whose fault it is; nobody tries what is not there."""
    result = why_missing(workspace, "alerting")
    is_looked_for = workspace.service is not None and result.outcome == Outcome.NOT_APPLICABLE
    if not is_looked_for or find_rules(workspace).alerts:
        return result
    # Rules are read in the static stage: without it none can be tried, and none is asked for.
    is_wanted = Stage.STATIC in workspace.manifest.stages and is_asked(workspace, Dimension.OBSERVABILITY)
    if is_wanted:
        return blocked("there are no alert rules.", RULES)
    return not_applicable("There are no alert rules, and the challenge asks for none.")


def _judge(
    tried: TriedRule, found: AlertingEvidence, service: ServiceEvidence, contract: Contract
) -> _Judged:
    rule = tried.rule
    metrics = {m for text in (rule.expression, *tried.records) for m in read_expression(text).metrics}
    kind = kind_of(rule.name, tried.text, metrics, {s.metric for s in contract.monitoring.signals})
    situation = _PROVOKED_BY.get(kind)
    stretch = found.stretch(situation) if situation else None
    quiet = found.stretch(Situation.QUIET)
    return _Judged(
        tried=tried,
        kind=kind,
        # The rows of the quiet stretch need not be like the training data; the drift protocol has some that are.
        is_false=kind != AlertKind.DRIFT and quiet is not None and _fired_at(tried, quiet) is not None,
        unprovoked=_unprovoked(tried, kind, stretch, quiet, service),
        after_seconds=_fired_at(tried, stretch) if stretch else None,
    )


def _fired_at(tried: TriedRule, stretch: Stretch) -> float | None:
    """Seconds from the beginning of a stretch to the first firing in it; 0 when it fired already."""
    for firing in tried.firings:
        if firing.from_seconds < stretch.to_seconds and (
            firing.to_seconds is None or firing.to_seconds > stretch.from_seconds
        ):
            return max(0.0, firing.from_seconds - stretch.from_seconds)
    return None


def _unprovoked(
    tried: TriedRule,
    kind: AlertKind,
    stretch: Stretch | None,
    quiet: Stretch | None,
    service: ServiceEvidence,
) -> str:
    """Why an alert cannot be blamed for its silence; empty when it can."""
    if stretch is None:
        return "it is about trouble that we did not make"
    if kind == AlertKind.ERRORS:
        return _without_errors(tried.text, stretch, service)
    if kind == AlertKind.LATENCY:
        return _without_delay(tried, stretch, quiet)
    return ""


def _without_delay(tried: TriedRule, stretch: Stretch, quiet: Stretch | None) -> str:
    if 0 < tried.range_seconds < SHORTEST_RANGE_SECONDS:
        return "its range is shorter than the pulses in which the service was slow"
    threshold = time_threshold(tried)
    usual = (quiet.median_seconds if quiet else None) or 0.0
    least = usual * _SLOWER if threshold is None else threshold * SLOW_FACTOR
    seen = stretch.median_seconds or 0.0
    return "" if seen >= least else f"answers took {seen:.2f} s, which is not slow enough for it"


def _without_errors(expression: str, stretch: Stretch, service: ServiceEvidence) -> str:
    answered = stretch.good + stretch.refused + stretch.broken
    if looks_at_server_errors_alone(expression):
        is_there = stretch.broken >= _TROUBLED * max(1, answered)
        return "" if is_there else "no request made the service fail, which is to its credit"
    if stretch.refused + stretch.broken < _TROUBLED * max(1, answered):
        return "the service refused none of the bad requests"
    seen = service.signals.seen if service.signals else ()
    is_counted = any(item.signal == "errors" and item.measured for item in seen)
    # What is not counted cannot be alerted on; that has a check and a loss of its own.
    return "" if is_counted else "no metric counts refused requests"


def _sentences(
    found: AlertingEvidence, provoked: list[_Judged], acted: list[_Judged], false: list[_Judged]
) -> Iterator[str]:
    yield f"{len(acted)} of {plural(len(provoked), 'alert')} that there was reason for fired, and only then."
    silent = [item.tried.rule.name for item in provoked if item.after_seconds is None]
    if silent:
        yield f"Silent in trouble: {', '.join(silent[:5])}."
    quiet = found.stretch(Situation.QUIET)
    minutes = (quiet.to_seconds - quiet.from_seconds) * found.factor / 60 if quiet else 0.0
    if false:
        names = ", ".join(item.tried.rule.name for item in false[:5])
        yield f"Fired although nothing was wrong for {minutes:.0f} minutes of production time: {names}."


def _notes(found: AlertingEvidence, judged: list[_Judged]) -> Iterator[str]:
    yield (
        f"Prometheus {found.version}, a scrape each {found.interval_seconds:g} s,"
        f" ranges and waits of rules divided by {found.factor:g}."
    )
    untried = {item.rule.name: item.untried for item in found.rules if item.untried}
    untried |= {item.tried.rule.name: item.unprovoked for item in judged if item.unprovoked}
    for name, why in list(untried.items())[:8]:
        yield f"Not judged: {name}, for {why}."


def _evidence(item: _Judged) -> Evidence:
    rule = item.tried.rule
    when = "never fired in it" if item.after_seconds is None else f"fired {item.after_seconds:.1f} s into it"
    words = item.unprovoked or when
    false = "; fired although nothing was wrong" if item.is_false else ""
    return Evidence(summary=f"{rule.name} ({item.kind}): {words}{false}", file=rule.file, line=rule.line)
