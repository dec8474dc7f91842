"""What was measured, in sentences for those who decide and do not compute."""

from collections.abc import Iterator

from audition.anonymize.assess import Assessment
from audition.anonymize.intervals import Rate

_RISKS = {
    "singling out": "a description of several values that fits exactly one person",
    "linkability": "two separate pieces of knowledge about a person that lead to the same row",
    "inference": "the worst of what can be learned about a person from the row that is nearest in all else",
}


def sentences(found: Assessment) -> Iterator[str]:
    """The result for one table, the commonest question first.

    Args:
        found: What was measured.
    """
    yield (
        f"{found.released_rows:,} of {found.rows:,} rows are released. {found.suppressed_share:.1%} were left out:"
        " too few others are like them."
    )
    yield (
        f"In what others may know about a person, everybody is like at least {found.after.k - 1} others; before,"
        f" {found.before.unique_share:.1%} were like nobody."
    )
    for one in (*found.linkages[-1:], *found.across):
        yield (
            f"Somebody who knows {one.knows} of a person finds that person's row for certain"
            f" {_of_hundred(one.certain)}."
        )
    yield (
        f"Somebody who has the whole table that this one was made from finds the right row"
        f" {_of_hundred(found.linked.expected)}."
    )
    worst = max(found.inference, key=lambda name: found.inference[name].high, default="")
    risks = {"singling out": found.singling_out.risk, "linkability": found.linkability}
    for name, risk in (risks | ({"inference": found.inference[worst]} if worst else {})).items():
        column = f" ({worst})" if name == "inference" else ""
        yield (
            f"{name.capitalize()}, {_RISKS[name]}{column}: {risk.value:.0%} ({risk.low:.0%} to {risk.high:.0%}) beyond"
            " what works against people who are not in the release."
        )
    yield (
        "Of two people, one in the release and one not, the right one is named"
        f" in {100 * found.membership.auc:.0f} of 100 cases; a coin is right in 50."
    )
    yield (
        "Singling out, linkability and inference are the three questions that European data protection authorities ask"
        " of anonymized data (Opinion 05/2014). These are measurements with the attacks named here, and no promise"
        " about every other one: what risk is acceptable, a person decides."
    )


def _of_hundred(rate: Rate) -> str:
    return f"in {100 * rate.value:.0f} of 100 cases ({100 * rate.low:.0f} to {100 * rate.high:.0f})"
