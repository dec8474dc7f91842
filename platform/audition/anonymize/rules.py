"""Reading `privacy.toml`: every problem at once, each with file, line, key and what to do."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from audition.anonymize.columns import Frame
from audition.anonymize.detectors import DETECTORS
from audition.anonymize.policy import ColumnRule, Gate, Policy, Role, TablePolicy, Transform, released_name
from audition.catalog.shape import Problems, shape
from audition.domain.errors import InvalidError
from audition.grading.toml_lines import key_lines

_T = Transform
_NUMBER_KEYS = ("bottom", "top", "round_to")
#: What each transform uses beside role, transform, release_as and why; the first tuple must be given.
_KEYS: Mapping[Transform, tuple[tuple[str, ...], tuple[str, ...]]] = {
    _T.DROP: ((), ()),
    _T.KEEP: ((), ()),
    _T.PSEUDONYM: (("domain",), ("prefix", "digits")),
    _T.FLAG: (("positive",), ()),
    _T.BAND: (("starts",), ("labels",)),
    _T.LEVELS: ((), ("fold", "code", "least_count", "other")),
    _T.LATTICE: ((), ("widths", "prefixes", "steps")),
    _T.CLASS_MEAN: ((), _NUMBER_KEYS),
    _T.ROUND: (("round_to",), _NUMBER_KEYS),
    _T.RANK_SWAP: ((), ("swap_share", *_NUMBER_KEYS)),
    _T.GROUP_MEAN: ((), _NUMBER_KEYS),
    _T.GROUP_MEAN_OF_PERCENT: (("numerator",), _NUMBER_KEYS),
    _T.SHIFT: ((), ("per", "most_days")),
    _T.TEXT: ((), ("detect",)),
}
_ALWAYS = {"role", "transform", "release_as", "why"}
_COARSE = (_T.BAND, _T.LEVELS, _T.FLAG, _T.KEEP)
_NUMERIC = (_T.GROUP_MEAN, _T.GROUP_MEAN_OF_PERCENT, _T.ROUND, _T.RANK_SWAP)
#: What may become of a column with each role. A target is never coarsened: grading would be wrong.
_ALLOWED: Mapping[Role, tuple[Transform, ...]] = {
    Role.IDENTIFIER: (_T.PSEUDONYM,),
    Role.QUASI_IDENTIFIER: (*_COARSE, _T.LATTICE, _T.CLASS_MEAN),
    Role.LINKING_NUMBER: _NUMERIC,
    Role.SENSITIVE: (*_COARSE, *_NUMERIC),
    Role.DATE: (_T.SHIFT,),
    Role.TEXT: (_T.TEXT,),
    Role.TARGET: (_T.FLAG, _T.KEEP, _T.LEVELS),
    Role.FEATURE: (*_COARSE, *_NUMERIC),
}
_SHARES = ("suppressed_share", "linked_share", "singling_out", "linkability", "inference", "record_linkage")
_LONGEST_PSEUDONYM = 64
_SHORTEST_PSEUDONYM = 8


def read_policy(path: Path) -> Policy:
    """Read and check a policy.

    Raises:
        InvalidError: With every problem of the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise InvalidError(f"{path}: is missing.", next_step="Draft one: audition anonymize plan.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidError(f"{path}: is not valid TOML: {error}.", next_step="Correct that place.") from None
    problems = Problems()
    policy = shape(Policy, data, path.name, problems)
    if policy is not None:
        _check(policy, path.name, problems)
    if problems or policy is None:
        found = with_lines(problems, path.name, text)
        raise InvalidError(
            f"{path}: {len(found)} problem{'s' * (len(found) > 1)}.",
            problems=found,
            next_step="Correct these places; docs/anonymization.md describes every key.",
        )
    return policy


def with_lines(problems: list[str], file: str, text: str) -> list[str]:
    """Problems that begin "file: key: …" with the line of the key, or of what should hold it, after the file."""
    lines = key_lines(text)
    out = []
    for problem in problems:
        match = re.match(rf"{re.escape(file)}: ([^ ]+?): ", problem)
        path = match[1] if match else ""
        while path and path not in lines:
            path = path.rpartition(".")[0]
        out.append(problem.replace(f"{file}:", f"{file}:{lines[path]}:", 1) if path else problem)
    return sorted(out, key=lambda said: int((re.match(r"[^:]+:(\d+):", said) or ["", "0"])[1]))


def _check(policy: Policy, file: str, problems: Problems) -> None:
    _check_tables(policy, file, problems)
    for name, table in policy.tables.items():
        _check_columns(table.columns, f"tables.{name}.columns", file, problems)
    _check_columns(policy.columns, "columns", file, problems)
    _check_gate(policy.gate, file, problems)


def _check_tables(policy: Policy, file: str, problems: Problems) -> None:
    tables = policy.all_tables()
    if not tables:
        problems.say(file, "columns", "name the columns of the table, each as [columns.NAME].")
    if policy.columns and not policy.release.file:
        problems.say(file, "release.file", 'name the raw table, e.g. "customers.csv".')
    for name, table in tables.items():
        if table.entity and table.entity not in table.columns:
            problems.say(
                file, f"tables.{name}.entity", f"{table.entity!r} is no column; name one with a rule."
            )
    for number, link in enumerate(policy.links):
        ends = [_find(tables, end) for end in (link.column, link.refers_to)]
        if any(end is None or end.transform is not _T.PSEUDONYM for end in ends):
            problems.say(file, f"links[{number}]", 'name two pseudonymized columns as "table.column".')
        elif len({end.domain for end in ends if end}) > 1:
            problems.say(
                file, f"links[{number}]", "give both columns the same domain, or nothing will match."
            )


def _find(tables: Mapping[str, TablePolicy], end: str) -> ColumnRule | None:
    table, _, column = end.partition(".")
    return tables[table].columns.get(column) if table in tables else None


def _check_columns(columns: Mapping[str, ColumnRule], path: str, file: str, problems: Problems) -> None:
    for name, rule in columns.items():
        for key, what in _wrong_with(rule, columns):
            problems.say(file, f"{path}.{name}.{key}", what)
    names = [released_name(name, rule) for name, rule in columns.items() if rule.is_released]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.say(file, path, f"two columns are released as {name!r}; give one another release_as.")


def _wrong_with(rule: ColumnRule, columns: Mapping[str, ColumnRule]) -> list[tuple[str, str]]:
    """Every key of a rule that is wrong, with what to do."""
    told = []
    if rule.is_released and rule.transform not in _ALLOWED[rule.role]:
        allowed = ", ".join(("drop", *_ALLOWED[rule.role]))
        told.append(("transform", f"{rule.transform} does not suit {rule.role}; write one of {allowed}."))
    must, may = _KEYS[rule.transform]
    told += [(key, f"is needed by {rule.transform}; write it.") for key in must if not getattr(rule, key)]
    given = {f.name for f in fields(rule) if getattr(rule, f.name) != _default(f.name)}
    told += [
        (key, f"is not used by {rule.transform}; remove it.")
        for key in sorted(given - {*must, *may} - _ALWAYS)
    ]
    for is_wrong, key, what in _SENSE:
        if is_wrong(rule):
            told.append((key, what))
    if rule.numerator and rule.numerator not in columns:
        told.append(("numerator", f"{rule.numerator!r} is no column here; name the one to divide."))
    if unknown := set(rule.detect) - set(DETECTORS):
        told.append(("detect", f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(DETECTORS)}."))
    return told


_DEFAULTS = ColumnRule(role=Role.FEATURE)
_SENSE: tuple[tuple[Callable[[ColumnRule], bool], str, str], ...] = (
    (lambda r: list(r.starts) != sorted(set(r.starts)), "starts", "write rising numbers."),
    (
        lambda r: bool(r.labels) and len(r.labels) != len(r.starts) + 1,
        "labels",
        "write one more than there are starts: the first is for what lies below.",
    ),
    (
        lambda r: r.bottom is not None and r.top is not None and r.bottom >= r.top,
        "bottom",
        "must be below top.",
    ),
    (lambda r: r.round_to < 0, "round_to", "must not be below 0."),
    (lambda r: not 0 < r.swap_share <= 1, "swap_share", "write a share above 0, at most 1."),
    (
        lambda r: not _SHORTEST_PSEUDONYM <= r.digits <= _LONGEST_PSEUDONYM,
        "digits",
        f"write {_SHORTEST_PSEUDONYM} to {_LONGEST_PSEUDONYM}.",
    ),
    (lambda r: r.most_days < 7, "most_days", "write at least 7."),  # noqa: PLR2004  shifts are whole weeks
    (
        lambda r: r.transform is _T.LATTICE and sum(map(bool, (r.widths, r.prefixes, r.steps))) != 1,
        "transform",
        "lattice needs one of widths, prefixes and steps; write it.",
    ),
    (
        lambda r: any(b <= a or b % a for a, b in zip(r.widths, r.widths[1:], strict=False)),
        "widths",
        "each must be a multiple of the one before, or classes would not nest.",
    ),
    (
        lambda r: any(b >= a for a, b in zip(r.prefixes, r.prefixes[1:], strict=False)),
        "prefixes",
        "write falling numbers.",
    ),
)


def _default(key: str) -> object:
    return getattr(_DEFAULTS, key)


def _check_gate(gate: Gate, file: str, problems: Problems) -> None:
    if gate.k < 1:
        problems.say(file, "gate.k", f"is {gate.k}; write at least 1, 5 is usual.")
    for key in _SHARES:
        value = getattr(gate, key)
        if value is not None and not 0 <= value <= 1:
            problems.say(file, f"gate.{key}", f"is {value:g}; write a share from 0 to 1.")
    if gate.membership is not None and not 0.5 <= gate.membership <= 1:  # noqa: PLR2004  chance
        problems.say(file, "gate.membership", f"is {gate.membership:g}; write 0.5 (chance) to 1.")
    for key in ("attacks", "rows"):
        if getattr(gate, key) < 100:  # noqa: PLR2004  below, intervals are as wide as the question
            problems.say(file, f"gate.{key}", "write at least 100.")


def refuse_unclassified(frame: Frame, table: TablePolicy, where: str) -> None:
    """Fail closed: every column of the table has a rule, and every rule a column.

    Raises:
        InvalidError: With every column that differs.
    """
    unknown, absent = sorted(set(frame) - set(table.columns)), sorted(set(table.columns) - set(frame))
    problems = [f"{where}: column {name!r} has no rule: nothing is released." for name in unknown]
    problems += [f"{where}: there is no column {name!r}, for which there is a rule." for name in absent]
    if problems:
        raise InvalidError(
            f"{table.file}: the policy does not fit the table.",
            problems=problems,
            next_step="Look at each column and give it a rule; audition anonymize plan drafts them.",
        )
