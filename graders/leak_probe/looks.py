"""The looks: each takes the files and tells the leaks that it sees."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from audition.domain.leak import Leak, LeakKind
from graders.leak_probe import telling
from graders.leak_probe.tables import Array, Files, Integers, Table, Target, as_numbers, targets

#: A column that says more than this by itself is the answer under another name.
MOST_TOLD = 0.93
#: Rows of the hidden table that may have a twin in the training table, when twins tell the answer.
MOST_TWINS = 0.01
_TWINS_TELL = 0.3
#: Rows that so many have in common, of both sides together, are a crowd and no copies: the commonest k of k-anonymity.
_CROWD = 5
#: How far ids or places may go with the answers.
_MOST_ORDER = 0.1
_GROUP_TELLS = 0.5
_FEWEST_GROUPS = 30
_FEWEST_COLUMNS = 4
#: A number is near another within this share of its column's spread.
NEAR = 0.01
_SAME = 0.95
#: Of the answers that are not the commonest: where one is rare, a column that never varies is nearly always equal.
_SAME_OF_RARE = 0.5
_SHORTEST_LABEL = 4


def public_answers(files: Files) -> Iterator[Leak]:
    """Public tables that have the hidden ids and beside them the answers, or words that are the answers."""
    for table in files.tables:
        ids = table.columns.get(files.id_column, ())
        places = [n for n, name in enumerate(ids) if name in files.answers]
        truth = [files.answers[ids[n]] for n in places]
        if not places or len(set(truth)) < 2:  # noqa: PLR2004
            continue
        for name, cells in table.columns.items():
            if name == files.id_column:
                continue
            said = [cells[n] for n in places]
            if share := _same(said, truth):
                sentence = f"has the answer of {share:.0%} of the hidden rows that it lists."
                yield _leak(
                    LeakKind.ANSWERS, table, name, sentence, "Take the column out of the public file."
                )
            elif share := _named(said, truth):
                sentence = f"has the words of the answer in {share:.0%} of the hidden rows that it lists."
                yield _leak(LeakKind.ANSWERS, table, name, sentence, "Take these words out of the text.")


def _same(said: Sequence[str], truth: Sequence[str]) -> float:
    """Share of equal cells, if it is too large; numbers are equal however they are written."""
    one, other = as_numbers(said), as_numbers(truth)
    if one is not None and other is not None:
        equal = np.isclose(one, other)
    else:
        equal = np.array([a == b for a, b in zip(said, truth, strict=True)])
    ((commonest, _),) = Counter(truth).most_common(1)
    rare = np.array([answer != commonest for answer in truth])
    share = float(equal.mean())
    return share if share >= _SAME and equal[rare].mean() >= _SAME_OF_RARE else 0.0


def _named(said: Sequence[str], truth: Sequence[str]) -> float:
    """Share of texts that hold their own answer and no other, if it is too large."""
    labels = {label for label in set(truth) if len(label) >= _SHORTEST_LABEL and as_numbers([label]) is None}
    if len(labels) < len(set(truth)):
        return 0.0
    found = [{label for label in labels if label in text} for text in said]
    share = sum(names == {label} for names, label in zip(found, truth, strict=True)) / len(truth)
    return share if share >= _SAME else 0.0


def telling_columns(files: Files) -> Iterator[Leak]:
    """Single columns that say almost all, in the training table and in the hidden one."""
    for table, target in _with_targets(files):
        for name, cells in table.without(files.id_column, files.answer_column).columns.items():
            codes = telling.codes_of(cells)
            if codes is None:
                continue
            told = telling.told_by(codes, target)
            if told >= MOST_TOLD:
                sentence = f"says {told:.0%} of {files.answer_column} by itself."
                step = "Take it out, or keep it out of reach until the time of prediction: it is known only after."
                yield _leak(LeakKind.COLUMN, table, name, sentence, step)


def telling_ids(files: Files) -> Iterator[Leak]:
    """Ids along which answers rise or fall, and ids whose neighbours have the same answer."""
    for table, target in _with_targets(files):
        if files.id_column in table.columns:
            order = _order_of(table.columns[files.id_column])
            if not _is_explained(order, table.without(files.id_column, files.answer_column)):
                yield from _ordered(LeakKind.ID, table, files.id_column, telling.rises_with(order, target))
    train, hidden = files.train, files.hidden
    if train is None or hidden is None or files.id_column not in train.columns:
        return
    pair = targets([train.columns[files.answer_column], _truth(files, hidden)], files.form)
    if pair is not None:
        own, other = (table.columns[files.id_column] for table in (hidden, train))
        every = _order_of([*own, *other])
        nearest = _nearest(every[: len(own)], every[len(own) :])
        found = telling.goes_with(pair[0].values[nearest], pair[1])
        yield from _ordered(LeakKind.ID, hidden, files.id_column, found)


def telling_order(files: Files) -> Iterator[Leak]:
    """Tables along whose rows answers rise or fall, where no column is the reason."""
    for table, target in _with_targets(files):
        order = np.arange(len(table), dtype=float)
        if not _is_explained(order, table.without(files.answer_column)):
            yield from _ordered(LeakKind.ORDER, table, "", telling.rises_with(order, target))


def twins(files: Files) -> Iterator[Leak]:
    """Hidden rows that stand in the training table as well: the same, or nearly.

    Two rules, because two things look alike. Copies are few: a hidden row with one twin or three was not
    taken out before the split, and its twin's answer is the answer; they are a leak where they spare
    _TWINS_TELL of the wrong guesses. Data in bands (k-anonymity) consist of crowds: every row has many that
    are the same, their answers differ, and what one says of another is what all columns together say, which
    a model is asked to find; they are a leak where they spare MOST_TOLD, as a single column is. The two are
    judged apart, so that a few copies are not lost among many crowds.
    """
    train, hidden = files.train, files.hidden
    if train is None or hidden is None:
        return
    names = [
        n for n in hidden.columns if n in train.columns and n not in {files.id_column, files.answer_column}
    ]
    pair = targets([train.columns[files.answer_column], _truth(files, hidden)], files.form)
    if pair is None or len(names) < _FEWEST_COLUMNS:
        return
    for kind, width in ((LeakKind.EXACT_ROWS, 0.0), (LeakKind.NEAR_ROWS, NEAR)):
        keys = _keys(names, (train, hidden), width)
        place = {key: n for n, key in enumerate(keys[0])}
        sizes = Counter(keys[0]) + Counter(keys[1])
        few, crowds = (
            [n for n, key in enumerate(keys[1]) if key in place and (sizes[key] >= _CROWD) == is_crowd]
            for is_crowd in (False, True)
        )
        for own, most in ((few, _TWINS_TELL), (crowds, MOST_TOLD)):
            share = len(own) / max(len(hidden), 1)
            if share < MOST_TWINS:
                continue
            truth = Target(values=pair[1].values[own], is_classes=pair[1].is_classes)
            told = telling.spared(pair[0].values[[place[keys[1][n]] for n in own]], truth)
            if told < most:
                continue
            word = "the same as" if kind == LeakKind.EXACT_ROWS else "nearly the same as"
            sentence = (
                f"{share:.1%} of the rows are {word} a training row, whose answer says {told:.0%} of theirs."
            )
            yield _leak(
                kind,
                hidden,
                "",
                sentence,
                "Remove repeated rows before the split, or split by what they share.",
            )
            return


def shared_groups(files: Files) -> Iterator[Leak]:
    """Columns that name customers, patients or machines with rows on both sides, whose answers carry over."""
    train, hidden = files.train, files.hidden
    if train is None or hidden is None or _is_split_in_time(train, hidden):
        return
    pair = targets([train.columns[files.answer_column], _truth(files, hidden)], files.form)
    if pair is None:
        return
    for name in hidden.without(files.id_column, files.answer_column).columns:
        if name not in train.columns:
            continue
        both = [*train.columns[name], *hidden.columns[name]]
        levels, codes = np.unique(np.array(both, dtype=object).astype(str), return_inverse=True)
        shared = np.isin(codes[len(train) :], codes[: len(train)])
        if not _FEWEST_GROUPS <= len(levels) <= len(both) // 2 or shared.mean() < _GROUP_TELLS:
            continue
        said = telling.means(codes[: len(train)], pair[0].values, codes[len(train) :], len(levels))
        told = telling.spared(said, pair[1])
        if told >= _GROUP_TELLS:
            share = float(shared.mean())
            sentence = (
                f"{share:.0%} of the rows have theirs in the training table, whose answers say {told:.0%}."
            )
            yield _leak(
                LeakKind.GROUPS,
                hidden,
                name,
                sentence,
                "Put all rows of one of them on one side of the split.",
            )


def _with_targets(files: Files) -> Iterator[tuple[Table, Target]]:
    """The tables whose answers are known, with them."""
    if files.train is not None:
        found = targets([files.train.columns[files.answer_column]], files.form)
        if found is not None:
            yield files.train, found[0]
    if files.hidden is not None:
        found = targets([_truth(files, files.hidden)], files.form)
        if found is not None:
            yield files.hidden, found[0]


def _truth(files: Files, hidden: Table) -> list[str]:
    return [files.answers[name] for name in hidden.columns[files.id_column]]


def _ordered(kind: LeakKind, table: Table, column: str, found: tuple[float, float]) -> Iterator[Leak]:
    size, errors = found
    if size >= _MOST_ORDER and errors >= telling.MOST_CHANCE:
        what = "The order of its rows" if kind == LeakKind.ORDER else "Its order"
        sentence = f"{what} goes with the answers: correlation {size:.2f}, {errors:.0f} standard errors."
        step = "Make ids with a key and sort by them: then neither says anything."
        yield _leak(kind, table, column, sentence, step)


def _order_of(names: Sequence[str]) -> Array:
    """Where each id stands: by its number, else by its text."""
    numbers = as_numbers(names)
    if numbers is not None and np.isfinite(numbers).all():
        return numbers
    _, place = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    return place.astype(float)


def _nearest(asked: Array, known: Array) -> Integers:
    """Place of the nearest known number for each asked for."""
    order = np.argsort(known, kind="stable")
    right = np.clip(np.searchsorted(known[order], asked), 0, len(known) - 1)
    left = np.maximum(right - 1, 0)
    is_left = np.abs(asked - known[order][left]) <= np.abs(known[order][right] - asked)
    found: Integers = order[np.where(is_left, left, right)]
    return found


def _is_explained(order: Array, table: Table) -> bool:
    """Whether a column rises or falls along the order: then it says nothing that the column does not."""
    places = np.argsort(order, kind="stable")
    for cells in table.columns.values():
        along = _order_of(cells)[places]
        steps = np.diff(along)
        if len(set(cells)) > 1 and (bool((steps >= 0).all()) or bool((steps <= 0).all())):
            return True
    return False


def _is_split_in_time(train: Table, hidden: Table) -> bool:
    """Whether every hidden row is later than every training row, by some column of dates."""
    for name in hidden.columns:
        if name in train.columns and any("-" in cell[1:] for cell in hidden.columns[name][:1]):
            past, asked = as_numbers(train.columns[name]), as_numbers(hidden.columns[name])
            if past is not None and asked is not None and np.nanmin(asked) > np.nanmax(past):
                return True
    return False


def _keys(names: Sequence[str], tables: Sequence[Table], width: float) -> list[list[tuple[object, ...]]]:
    """Rows as what they are compared by: their cells, numbers in steps of a share of their spread."""
    columns: list[list[Sequence[object]]] = [[] for _ in tables]
    for name in names:
        cells: list[Sequence[object]] = [table.columns[name] for table in tables]
        numbers = as_numbers([str(cell) for some in cells for cell in some]) if width else None
        known = np.empty(0) if numbers is None else numbers[~np.isnan(numbers)]
        spread = float(known.std()) if known.size else 0.0
        if numbers is not None and spread and len(set(cells[0])) > _FEWEST_GROUPS:
            steps = np.nan_to_num(np.floor(numbers / (width * spread)), nan=-1e18)
            ends = np.cumsum([len(some) for some in cells])[:-1]
            cells = [part.tolist() for part in np.split(steps, ends)]
        for own, part in zip(columns, cells, strict=True):
            own.append(part)
    return [list(zip(*own, strict=True)) for own in columns]


def _leak(kind: LeakKind, table: Table, column: str, sentence: str, step: str) -> Leak:
    where = f"{table.file}: {column}" if column else table.file
    return Leak(kind=kind, where=where, sentence=sentence, step=step)
