"""Measuring the risk of a release: its classes, what they tell, and every attack, within bounded time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from audition.anonymize import attacks
from audition.anonymize.columns import Column, Flags, Frame, Ints, Levels, classes_of, row_count, take_rows
from audition.anonymize.intervals import Risk
from audition.anonymize.linkage import Linkage, blame, link
from audition.anonymize.measures import ClassMeasures, SensitiveMeasures, measure_classes, measure_sensitive
from audition.anonymize.policy import ColumnRule, Role, TablePolicy, Transform, released_name, with_role
from audition.anonymize.release import PEOPLE, Made, Making, Say, make_release, people_columns, quasi_names
from audition.anonymize.space import Axis, space, turned

_MOST_SEARCHED = 100_000
"""Rows among which people are looked for. Fewer rows make it easier, so a larger table is judged too strictly."""
_MORE_COLUMNS = 3
_MOST_FOR_BLAME = 100
"""People by whom columns are ranked; each is looked for once without every column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What is left of the risk of one table."""

    table: str
    rows: int
    released_rows: int
    suppressed_share: float
    before: ClassMeasures
    """Over the quasi-identifiers as they are in the source."""
    after: ClassMeasures
    number_group: int
    """Smallest group of rows that share all averaged numbers; 0 where none are averaged."""
    sensitive: tuple[SensitiveMeasures, ...]
    linkages: tuple[Linkage, ...]
    """At three levels of knowledge, the least first."""
    linked: Linkage
    """Released rows looked for in the whole source: somebody has the table that this one was made from."""
    across: tuple[Linkage, ...]
    """People looked for by all their rows, here and in tables that refer to this one; empty where each has one row."""
    singling_out: attacks.SinglingOut
    linkability: Risk
    inference: Mapping[str, Risk]
    membership: attacks.Membership


def assess(
    source: Frame,
    made: Made,
    making: Making,
    say: Say = lambda _: None,
    across: tuple[Linkage, ...] = (),
) -> Assessment:
    """Measure everything.

    Args:
        source: The raw table.
        made: Its release.
        making: With what it was made; the attacks with a control release a sample once more.
        say: Told what is being done.
        across: What was found by rows of other tables, which are not seen from here.
    """
    table, gate = making.table, making.gate
    random = np.random.default_rng(gate.seed)
    quasi = with_role(table.columns, Role.QUASI_IDENTIFIER)
    classes = classes_of(made.frame, quasi_names(table))
    say("looking for people in the release")
    linkages, linked = _link_all(made, making, random)
    say("attacking a trial release of half of the people")
    trial = make_trial(source, making, random)
    return Assessment(
        table=table.file,
        rows=row_count(source),
        released_rows=row_count(made.frame),
        suppressed_share=made.suppressed_share,
        before=measure_classes(classes_of(source, quasi), gate.k),
        after=measure_classes(classes, gate.k),
        number_group=_number_group(made, making),
        sensitive=tuple(
            measure_sensitive(name, made.frame[name], classes) for name in _released(making, Role.SENSITIVE)
        ),
        linkages=linkages,
        linked=linked,
        across=across,
        singling_out=attacks.singling_out(trial, gate.attacks, random),
        linkability=attacks.linkability(trial, gate.attacks, random),
        inference=attacks.inference(trial, gate.attacks, random),
        membership=attacks.membership(trial, gate.attacks, random),
    )


def _released(making: Making, *roles: Role) -> list[str]:
    columns = making.table.columns
    return [released_name(name, columns[name]) for name in with_role(columns, *roles)]


def _number_group(made: Made, making: Making) -> int:
    """The groups that were formed can only have grown by rounding, so equal rows are counted."""
    grouped = (Transform.GROUP_MEAN, Transform.GROUP_MEAN_OF_PERCENT)
    names = [released_name(n, r) for n, r in making.table.columns.items() if r.transform in grouped]
    return measure_classes(classes_of(made.frame, names), making.gate.k).k if names else 0


def make_trial(source: Frame, making: Making, random: np.random.Generator) -> attacks.Trial:
    """Release half of (at most `gate.rows`) people by the same policy; the other half is the control.

    Rows of one person are on one side: otherwise the control would know the release as well.
    """
    sides = _divide(source, making, random)
    chosen = np.flatnonzero(sides >= 0)
    table = _about_people(making.table)
    frame = {name: _taken(source[name], chosen, rule) for name, rule in table.columns.items()}
    members: Flags = sides[chosen] == 1
    made = make_release(frame, replace(making, table=table), members=members)
    return attacks.Trial(
        released=made.frame,
        axes=space(made.known, made.frame),
        known=made.known,
        inside=random.permutation(np.flatnonzero(members)),
        outside=random.permutation(np.flatnonzero(~members)),
    )


def _about_people(table: TablePolicy) -> TablePolicy:
    """The columns that attacks look at, and those that these are made from."""
    told = set(with_role(table.columns, *PEOPLE))
    told |= {table.columns[name].numerator for name in told} - {""}
    return replace(
        table, columns={name: rule for name, rule in table.columns.items() if name in told}, entity=""
    )


def _taken(column: Column, rows: Ints, rule: ColumnRule) -> Column:
    """Some rows, and no value of others: those cost as much to code. A flag may ask for one that nobody here has."""
    few = column.take(rows)
    return few.used() if isinstance(few, Levels) and rule.transform is not Transform.FLAG else few


def _divide(source: Frame, making: Making, random: np.random.Generator) -> Ints:
    """For each row 1 (released), 0 (control) or -1 (neither)."""
    rows = row_count(source)
    entity = source[making.table.entity] if making.table.entity else None
    owners = entity.codes.astype(np.int64) if isinstance(entity, Levels) else np.arange(rows, dtype=np.int64)
    count = int(owners.max(initial=-1)) + 1
    portion = min(1.0, making.gate.rows / max(rows, 1))
    place = random.permutation(count) / max(count, 1)
    fate = np.where(place < portion / 2, 1, np.where(place < portion, 0, -1))
    # Rows of nobody are on neither side.
    return np.asarray(np.append(fate, -1)[owners], dtype=np.int64)


def _link_all(made: Made, making: Making, random: np.random.Generator) -> tuple[tuple[Linkage, ...], Linkage]:
    names = people_columns(making.table)
    quasi = quasi_names(making.table)
    others = [name for name in names if name not in quasi]
    searched = random.permutation(len(made.origin))[:_MOST_SEARCHED]
    axes = space(made.known, take_rows(made.frame, searched))
    targets = random.permutation(len(searched))[: making.gate.attacks]
    people = made.origin[searched][targets]
    levels = {
        "the quasi-identifiers": quasi,
        f"these and {min(_MORE_COLUMNS, len(others))} more columns": [*quasi, *others[:_MORE_COLUMNS]],
        "every released column": names,
    }
    found = []
    for knows, columns in levels.items():
        chosen = [axis for axis in axes if axis.name in columns]
        if chosen:
            found.append(link(chosen, people, targets, knows))
    linked = link(*_in_source(axes, made, searched, targets), "the whole source")
    return tuple(found), _with_blame(linked, axes, people, targets)


def _in_source(axes: list[Axis], made: Made, searched: Ints, targets: Ints) -> tuple[list[Axis], Ints, Ints]:
    """Released rows to be looked for in the source, or in as much of it as is searched."""
    rows = len(axes[0].known)
    if rows <= _MOST_SEARCHED:
        return turned(axes), targets, made.origin[searched][targets]
    people = made.origin[searched]
    small = [Axis(a.name, a.is_number, a.released, a.known[people]) for a in axes]
    return small, targets, targets


def _with_blame(linked: Linkage, axes: list[Axis], people: Ints, targets: Ints) -> Linkage:
    return Linkage(
        knows=linked.knows,
        columns=linked.columns,
        expected=linked.expected,
        certain=linked.certain,
        without=blame(axes, people[:_MOST_FOR_BLAME], targets[:_MOST_FOR_BLAME]),
    )
