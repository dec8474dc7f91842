"""What was measured, for a terminal."""

from audition.anonymize.attacks import Membership
from audition.anonymize.examine import Examined
from audition.anonymize.gate import Verdict
from audition.anonymize.intervals import Rate, Risk
from audition.anonymize.linkage import Linkage

_WORST = 5


def told(examined: Examined) -> str:
    """One table's risks and its gate, as lines."""
    found = examined.assessment
    worst = sorted(found.inference.items(), key=lambda item: -item[1].high)[:_WORST]
    lines = [
        f"{found.table}: {found.released_rows:,} of {found.rows:,} rows, {found.suppressed_share:.2%} left out",
        f"  k before / after                {found.before.k} / {found.after.k}",
        f"  rows alone before / after       {found.before.unique_share:.2%} / {found.after.unique_share:.2%}",
        *(f"  {_linked(one)}" for one in (*found.linkages, *found.across, found.linked)),
        f"  singling out                    {risk_words(found.singling_out.risk)}",
        f"  linkability                     {risk_words(found.linkability)}",
        *(f"  inference of {name:<18} {risk_words(risk)}" for name, risk in worst),
        f"  membership (0.5 is chance)      {membership_words(found.membership)}",
        "  gate:",
        *(f"    {gate_words(verdict)}" for verdict in examined.verdicts),
    ]
    return "\n".join(lines)


def rate_words(rate: Rate) -> str:
    """A share with its interval."""
    return f"{rate.value:.3f} ({rate.low:.3f}-{rate.high:.3f})"


def risk_words(risk: Risk) -> str:
    """A risk with its interval, and what it was made from."""
    return (
        f"{risk.value:.3f} ({risk.low:.3f}-{risk.high:.3f}); "
        f"attack {risk.attack.value:.3f}, control {risk.control.value:.3f}"
    )


def membership_words(membership: Membership) -> str:
    """The area with its interval."""
    return f"{membership.auc:.3f} ({membership.low:.3f}-{membership.high:.3f})"


def _linked(linkage: Linkage) -> str:
    return f"found, knowing {linkage.knows}: {rate_words(linkage.expected)}; for certain {linkage.certain.value:.3f}"


def gate_words(verdict: Verdict) -> str:
    """A threshold and whether it is kept."""
    mark = "kept    " if verdict.is_met else "NOT KEPT"
    names = f" by {', '.join(verdict.columns)}: {verdict.help}" if verdict.help else ""
    return f"{mark} {verdict.measure} {verdict.measured:.3g}, threshold {verdict.threshold:g}{names}"
