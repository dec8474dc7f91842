"""The release gate: thresholds of the policy against what was measured, and what would help where it is not met."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from audition.anonymize.assess import Assessment
from audition.anonymize.measures import SensitiveMeasures
from audition.anonymize.policy import ColumnRule, Gate, TablePolicy, Transform, released_name

_MOST_NAMED = 3
_HINTS = {
    Transform.KEEP: "give it a transform: levels, band or round",
    Transform.FLAG: "leave it out, or make its classes larger (a larger k)",
    Transform.BAND: "make its bands wider",
    Transform.LEVELS: "fold more of its levels together (fold, or a larger least_count)",
    Transform.LATTICE: "raise gate.k, or take its finest steps away",
    Transform.CLASS_MEAN: "raise gate.k",
    Transform.ROUND: "raise round_to, or use group-mean",
    Transform.RANK_SWAP: "raise swap_share, or use group-mean",
    Transform.GROUP_MEAN: "raise gate.k or round_to",
    Transform.GROUP_MEAN_OF_PERCENT: "raise gate.k or round_to",
}
_ACROSS = "Give the tables pseudonyms of different domains, or release fewer columns or rows of each person."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One threshold, kept or not."""

    measure: str
    measured: float
    """For risks with an interval, its upper end."""
    threshold: float
    is_met: bool
    columns: tuple[str, ...] = ()
    """Those that cause it most, by their released names."""
    help: str = ""
    """What would lower it."""


def judge(found: Assessment, gate: Gate, table: TablePolicy) -> tuple[Verdict, ...]:
    """Hold every threshold that the policy has against what was measured."""
    verdicts = [
        _least(
            "k", found.after.k, gate.k, "Coarsen the quasi-identifiers, or allow more rows to be left out."
        ),
        _most(
            "suppressed_share",
            found.suppressed_share,
            gate.suppressed_share,
            "Coarsen the quasi-identifiers.",
        ),
    ]
    if found.number_group:
        verdicts.append(_least("number_group", found.number_group, gate.k, "Raise round_to of the numbers."))
    for sensitive in found.sensitive:
        verdicts += _told(sensitive, gate)
    rules = {released_name(name, rule): rule for name, rule in table.columns.items()}
    for measure, measured, columns in _risks(found):
        threshold = getattr(gate, measure)
        if threshold is not None:
            hints = "; ".join(f"{name}: {_hint(rules[name])}" for name in columns)
            verdicts.append(_most(measure, measured, threshold, hints, columns))
    if gate.record_linkage is not None:
        for one in found.across:
            what = f"record_linkage by {one.knows}"
            verdicts.append(_most(what, one.certain.high, gate.record_linkage, _ACROSS))
    return tuple(verdicts)


def _risks(found: Assessment) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """Every risk with its upper end, and the columns that cause it most."""
    telling = tuple(name for name, _ in found.linked.without[:_MOST_NAMED])
    single = tuple(name for name, _ in found.singling_out.columns[:_MOST_NAMED])
    worst = sorted(found.inference, key=lambda name: -found.inference[name].high)[:_MOST_NAMED]
    yield "singling_out", found.singling_out.risk.high, single or telling
    yield "linkability", found.linkability.high, telling
    yield "inference", found.inference[worst[0]].high if worst else 0.0, tuple(worst[:1])
    yield "record_linkage", found.linkages[-1].certain.high if found.linkages else 0.0, telling
    yield "linked_share", found.linked.expected.high, telling
    yield "membership", found.membership.high, telling


def _told(sensitive: SensitiveMeasures, gate: Gate) -> list[Verdict]:
    """Thresholds on what classes tell about a sensitive column."""
    out = []
    coarser = "Raise gate.k or coarsen the quasi-identifiers, so that classes mix more values."
    named = (sensitive.column,)
    for measure, threshold in (("l", gate.l), ("entropy_l", gate.entropy_l)):
        if threshold is not None:
            out.append(_least(measure, getattr(sensitive, measure), threshold, coarser, named))
    for measure in ("t", "beta", "delta", "alpha"):
        threshold = getattr(gate, measure)
        if threshold is not None:
            out.append(_most(measure, getattr(sensitive, measure), threshold, coarser, named))
    return out


def _least(measure: str, measured: float, least: float, hint: str, columns: tuple[str, ...] = ()) -> Verdict:
    kept = Verdict(
        measure=measure, measured=float(measured), threshold=float(least), is_met=measured >= least
    )
    return kept if kept.is_met else replace(kept, columns=columns, help=hint)


def _most(measure: str, measured: float, most: float, hint: str, columns: tuple[str, ...] = ()) -> Verdict:
    kept = Verdict(measure=measure, measured=float(measured), threshold=float(most), is_met=measured <= most)
    return kept if kept.is_met else replace(kept, columns=columns, help=hint)


def _hint(rule: ColumnRule) -> str:
    return _HINTS.get(rule.transform, "leave it out")


def sentence(verdict: Verdict) -> str:
    """A threshold that is not met, in words."""
    side = "below" if verdict.measured < verdict.threshold else "above"
    names = f", mostly by {', '.join(verdict.columns)}" if verdict.columns else ""
    return f"{verdict.measure} is {verdict.measured:.3g}, {side} {verdict.threshold:g}{names}. {verdict.help}"
