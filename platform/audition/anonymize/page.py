"""The report as one HTML page that an author and a lawyer can read: no script, nothing loaded from elsewhere."""

from collections.abc import Iterable
from html import escape

from audition.anonymize.assess import Assessment
from audition.anonymize.curve import draw_curve
from audition.anonymize.examine import Examined
from audition.anonymize.plain import sentences
from audition.anonymize.report import Report, TableReport
from audition.anonymize.tell import membership_words, rate_words, risk_words
from audition.anonymize.utility import Score, Utility

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
div { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8888; }
code { font-size: .85em; overflow-wrap: anywhere; }
.no { font-weight: bold; }
svg { max-width: 40rem; width: 100%; }
"""


def page(report: Report) -> str:
    """The whole page."""
    verdict = "passes its gate" if report.is_fit else "does NOT pass its gate and was not written"
    intro = (
        f"<p>This release <strong>{verdict}</strong>. The report names raw columns: it is for those who answer for"
        " the data, and no part of the release.</p>"
    )
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>Anonymization report</title><style>{_STYLE}</style><h1>Anonymization report</h1>",
        intro,
        _rows(
            ("", ""),
            [
                ("Made with", escape(report.tool)),
                ("Key", f"<code>{escape(report.key_id)}</code> (its id; the key stays with the author)"),
                ("Policy", f"<code>{report.policy_sha256}</code>"),
                ("Signature", f"<code>{report.signature}</code>"),
            ],
        ),
        *(_table(table) for table in report.tables),
        _links(report),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; cells are HTML already."""
    top = "".join(f"<th>{cell}" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows)
    return f"<div tabindex=0><table><thead><tr>{top}<tbody>{body}</table></div>"


def _table(table: TableReport) -> str:
    columns = [
        (
            escape(c.name),
            escape(c.released_as or "-"),
            escape(c.role),
            escape(f"{c.transform}: {c.done}"),
            escape(c.why or "no reason was written"),
        )
        for c in table.columns
    ]
    parts = [
        f"<h2>{escape(table.name)}</h2>",
        f"<p>Source <code>{table.source_sha256}</code><br>Release <code>{table.release_sha256}</code></p>",
        *([_plain(table.examined.assessment)] if table.examined else []),
        "<h3>What was done to which column, and why</h3>",
        _rows(("column", "released as", "role", "what was done", "why"), columns),
    ]
    if table.nodes:
        parts.append(f"<p>{table.nodes:,} combinations of steps of the hierarchies were looked at.</p>")
    if table.examined:
        parts += [_risk(table.examined.assessment), _gate(table.examined)]
    if table.utility:
        parts.append(_utility(table.utility))
    if table.curve and table.utility:
        parts += ["<h3>Risk and utility</h3>", draw_curve(table.curve, table.utility.metric, table.k)]
    return "\n".join(parts)


def _plain(found: Assessment) -> str:
    items = "".join(f"<li>{escape(sentence)}" for sentence in sentences(found))
    return f"<h3>In plain words</h3><ul>{items}</ul>"


def _risk(found: Assessment) -> str:
    before, after = found.before, found.after
    classes = [
        ("rows", f"{before.rows:,}", f"{after.rows:,} ({found.suppressed_share:.2%} left out)"),
        ("smallest class (k)", str(before.k), str(after.k)),
        ("rows alone in their class", f"{before.unique_share:.2%}", f"{after.unique_share:.2%}"),
        ("rows in small classes", f"{before.small_share:.2%}", f"{after.small_share:.2%}"),
        ("average risk", f"{before.average_risk:.4f}", f"{after.average_risk:.4f}"),
        *(
            (f"rows in classes of {label}", f"{dict(before.sizes)[label]:,}", f"{n:,}")
            for label, n in after.sizes
        ),
    ]
    sensitive = [
        (
            escape(s.column),
            str(s.l),
            *(f"{v:.2f}" for v in (s.entropy_l, s.recursive_c, s.t, s.alpha, s.beta, s.delta)),
        )
        for s in found.sensitive
    ]
    parts = ["<h3>Classes over the quasi-identifiers</h3>", _rows(("", "before", "after"), classes)]
    if sensitive:
        head = ("sensitive column", "l", "entropy-l", "recursive c", "t", "alpha", "beta", "delta")
        parts.append(_rows(head, sensitive))
    return "\n".join([*parts, "<h3>Attacks</h3>", _attacks(found)])


def _attacks(found: Assessment) -> str:
    rows = [
        *(
            (f"found by one who knows {escape(one.knows)}", rate_words(one.expected), rate_words(one.certain))
            for one in (*found.linkages, *found.across)
        ),
        ("found in the whole source", rate_words(found.linked.expected), rate_words(found.linked.certain)),
    ]
    learned = [(f"inference of {escape(name)}", risk_words(risk)) for name, risk in found.inference.items()]
    controlled = [
        ("singling out", risk_words(found.singling_out.risk)),
        ("linkability", risk_words(found.linkability)),
        *learned,
        ("membership (0.5 is chance)", membership_words(found.membership)),
    ]
    telling = ", ".join(f"{escape(name)} ({share:.2f})" for name, share in found.linked.without[:5])
    return (
        _rows(("record linkage", "expected", "for certain"), rows)
        + f"<p>Share of people found if a column were not known, the most telling first: {telling}.</p>"
        + _rows(("beyond the control", "risk with its 95 % interval"), controlled)
    )


def _gate(examined: Examined) -> str:
    rows = [
        (
            escape(v.measure),
            f"{v.measured:.3g}",
            f"{v.threshold:g}",
            "kept" if v.is_met else "<span class=no>not kept</span>",
            escape(v.help),
        )
        for v in examined.verdicts
    ]
    return "<h3>Gate</h3>" + _rows(
        ("threshold", "measured (upper end)", "allowed", "", "what would help"), rows
    )


def _utility(utility: Utility) -> str:
    rows = [(escape(m.model), *map(_score, (m.raw, m.released, m.loss))) for m in utility.models]
    order = "rank alike" if utility.keeps_order else "do NOT rank alike"
    lead = f"{escape(utility.metric)} on {utility.test_rows:,} test rows; the models {order} on both."
    return f"<h3>Utility</h3><p>{lead}</p>" + _rows(("model", "raw", "released", "loss"), rows)


def _score(score: Score) -> str:
    return f"{score.value:.4f} ({score.low:.4f} to {score.high:.4f})"


def _links(report: Report) -> str:
    if not report.links:
        return ""
    rows = [
        (escape(f"{c.column} → {c.refers_to}"), f"{c.references:,}", f"{c.dangling:,}", f"{c.left_out:,}")
        for c in report.links
    ]
    return "<h2>References</h2>" + _rows(("", "rows", "lead nowhere", "left out with their person"), rows)
