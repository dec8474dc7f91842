"""The report of a release: what was done to which column and why, risk before and after, utility, digests.

It is for the author and whoever answers for the data, and no part of the release: it names raw columns. It has the id
of the key and never the key, and is signed with it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from audition import __version__, codec
from audition.anonymize.apply import LinkCheck, write_release
from audition.anonymize.curve import Point, risk_utility
from audition.anonymize.examine import Examined, Work
from audition.anonymize.policy import TablePolicy, released_name
from audition.anonymize.release import Making, Say
from audition.anonymize.utility import Utility, measure_utility
from audition.catalog.raw import raw_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReport:
    """What became of one column."""

    name: str
    released_as: str
    """Empty where it is not released."""
    role: str
    transform: str
    done: str
    """In numbers."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """One table."""

    name: str
    source_sha256: str
    release_sha256: str
    k: int
    columns: tuple[ColumnReport, ...]
    nodes: int
    """Combinations of steps that were looked at; 0 without hierarchies."""
    examined: Examined | None
    """None where no column tells about people."""
    utility: Utility | None
    curve: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole document."""

    tool: str
    key_id: str
    policy_sha256: str
    is_fit: bool
    """Whether every threshold of the gate is kept."""
    tables: tuple[TableReport, ...]
    links: tuple[LinkCheck, ...]
    signature: str = ""
    """HMAC-SHA256 of the document without this field, with the key of the release."""


def make_report(work: Work, policy_path: Path, raw: Path, say: Say = lambda _: None) -> Report:
    """Measure utility, draw the curve, take digests, sign.

    Args:
        work: What was made and measured.
        policy_path: The policy's file, for its digest.
        raw: The folder of the raw tables, for theirs.
        say: Told what is being done.
    """
    with TemporaryDirectory(prefix="audition-release-") as folder:
        # The same bytes as `apply` writes: the key decides all of them.
        paths = write_release(work.applied, work.policy, Path(folder))
        digests = {name: raw_digest(path) for name, path in paths.items()}
    tables = tuple(
        _table(name, table, work, (raw_digest(raw / table.file), digests[name]), say)
        for name, table in work.policy.all_tables().items()
    )
    report = Report(
        tool=f"audition {__version__}",
        key_id=work.key.id,
        policy_sha256=raw_digest(policy_path),
        is_fit=all(one.is_fit for one in work.examined.values()),
        tables=tables,
        links=work.applied.links,
    )
    return replace(report, signature=work.key.signature(canonical(report)))


def canonical(report: Report) -> bytes:
    """The bytes that are signed: sorted keys, no signature."""
    # By way of the document itself: it has null where a measure is infinite.
    plain = json.loads(codec.to_json(replace(report, signature="")))
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def _table(name: str, table: TablePolicy, work: Work, digests: tuple[str, str], say: Say) -> TableReport:
    made, source = work.applied.tables[name], work.sources[name]
    making = Making(table, work.policy.gate, work.key)
    say(f"utility of {table.file}")
    utility = measure_utility(source, made, table, work.policy.gate.rows)
    return TableReport(
        name=name,
        source_sha256=digests[0],
        release_sha256=digests[1],
        k=work.policy.gate.k,
        columns=_columns(table, made.notes),
        nodes=len(made.lattice.nodes) if made.lattice else 0,
        examined=work.examined.get(name),
        utility=utility,
        curve=risk_utility(source, making, say) if utility else (),
    )


def _columns(table: TablePolicy, notes: Mapping[str, str]) -> tuple[ColumnReport, ...]:
    return tuple(
        ColumnReport(
            name=name,
            released_as=released_name(name, rule) if rule.is_released else "",
            role=rule.role,
            transform=rule.transform,
            done=notes.get(name, "not released"),
            why=rule.why,
        )
        for name, rule in table.columns.items()
    )
