"""The program that prepares a challenge's drift traffic when it is published: `python -m graders.drift.make_traffic`.

It reads the manifest and the files that `prepare` made, measures whether the family may be used, and says one
`DriftTraffic`. Everything that is wrong is said at once, in `refusals`, each with the key and what to do.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audition import codec
from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.drift_plan import BONUS_KINDS, DriftFamily, DriftSpec, Injection
from audition.domain.drift_traffic import MAX_ROWS, Calibrated, DriftedRows, DriftTraffic
from audition.domain.errors import InvalidError
from graders.drift.publish import LEAST_PSI, calibrate, exchangeability
from graders.drift.table import Table
from graders.drift.traffic import Slice, cells_of, doses_of, drifted

Lines = Sequence[Mapping[str, str]]
#: Of everything that is drawn here: the same challenge gives the same traffic.
_SEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What traffic is made of."""

    held_out: Slice
    reference: Table


def make_traffic(spec: DriftSpec, data: Data) -> DriftTraffic:
    """Measure a family and make its rows; with `refusals` and without rows when it cannot be used."""
    refusals: list[str] = []
    found = exchangeability(data.reference, data.held_out.table)
    if not found.is_exchangeable:
        refusals.append(f"drift.rows: {found.sentence()}")
    calibrated = tuple(_calibrated(spec.family, data, refusals))
    made = tuple(_drifted(spec.family, data, refusals))
    table = data.held_out.table
    if refusals:
        return DriftTraffic(columns=table.names, rows=(), calibrated=calibrated, refusals=tuple(refusals))
    columns = [cells_of(table, name, is_whole=name in data.held_out.whole) for name in table.names]
    return DriftTraffic(
        columns=table.names,
        rows=tuple(zip(*columns, strict=True)),
        drifted=made,
        calibrated=calibrated,
        exchangeable_p=found.uniform_p,
    )


def _calibrated(family: DriftFamily, data: Data, refusals: list[str]) -> Iterator[Calibrated]:
    for key, injection in _named(family):
        try:
            found = calibrate(injection, data.held_out, data.reference, _SEED)
        except InvalidError as error:
            refusals.append(f"{key}: {error.detail}")
            continue
        if not found.is_visible and injection.kind not in BONUS_KINDS:
            refusals.append(
                f"{key}: PSI over 500 rows is {found.psi:.2f} where it is largest ({found.column!r}), and must exceed"
                f" {LEAST_PSI} so that a monitor of inputs can see it. Raise the amount or choose another column."
            )
        yield Calibrated(injection=injection, psi=found.psi, column=found.column, is_visible=found.is_visible)


def _drifted(family: DriftFamily, data: Data, refusals: list[str]) -> Iterator[DriftedRows]:
    for number, (injection, dose) in enumerate(doses_of(family)):
        random = np.random.default_rng([_SEED, number])
        try:
            yield drifted(injection, dose, data.held_out, data.reference, random)
        except InvalidError as error:
            if not any(error.detail in refusal for refusal in refusals):
                refusals.append(f"drift.family: {injection.kind.value}: {error.detail}")


def _named(family: DriftFamily) -> Iterator[tuple[str, Injection]]:
    yield "drift.family.primary", family.primary
    for number, injection in enumerate(family.others):
        yield f"drift.family.others.{number}", injection


def read_data(manifest: Manifest, spec: DriftSpec, folders: Sequence[Path]) -> Data:
    """The files that the manifest names.

    Args:
        manifest: Of the challenge.
        spec: Its drift.
        folders: Where files may be, public and private.

    Raises:
        InvalidError: A file or a column is missing; `problems` has each with its key.
    """
    rows = _lines(spec.rows, folders, "drift.rows")[:MAX_ROWS]
    training = _lines(spec.reference, folders, "drift.reference")
    columns = [name for name in rows[0] if name not in {manifest.output.id_column, spec.label}]
    problems = [f"drift.rows: {spec.rows} has no column {spec.label!r}."] * (spec.label not in rows[0])
    problems += [
        f"drift.reference: {spec.reference} has no column {n!r}." for n in columns if n not in training[0]
    ]
    if problems:
        msg = "The files for drift traffic do not fit together."
        raise InvalidError(msg, code="unfit-traffic", problems=problems)
    table, whole = table_of(rows, columns, training)
    return Data(
        held_out=Slice(table=table, labels=_labels([line[spec.label] for line in rows]), whole=whole),
        reference=table_of(training, columns, rows)[0],
    )


def _lines(name: str, folders: Sequence[Path], key: str) -> Lines:
    for folder in folders:
        if (folder / name).is_file():
            with (folder / name).open(encoding="utf-8-sig", newline="") as file:
                lines = [
                    {column: value or "" for column, value in line.items()} for line in csv.DictReader(file)
                ]
            if lines:
                return lines
    msg = f"{name} was not made by prepare, or has no rows."
    raise InvalidError(msg, code="unfit-traffic", problems=[f"{key}: {msg}"])


def table_of(lines: Lines, columns: Sequence[str], others: Lines) -> tuple[Table, tuple[str, ...]]:
    """Rows as columns, and the names of those whose numbers are all written without a decimal point.

    Args:
        lines: The rows.
        columns: Which to take.
        others: Rows of another file: a column is numeric only when it is in both.
    """
    numeric = [n for n in columns if all(_is_number(line[n]) for line in (*lines, *others))]
    whole = tuple(n for n in numeric if all(line[n].lstrip("+-").isdigit() for line in lines if line[n]))
    table = Table(
        numeric={name: np.array([float(line[name] or "nan") for line in lines]) for name in numeric},
        categorical={
            name: np.array([line[name] for line in lines], dtype=np.str_)
            for name in columns
            if name not in numeric
        },
    )
    return table, whole


def _labels(texts: Sequence[str]) -> "np.typing.NDArray[np.float64] | None":
    """Labels as 0 and 1; None when there are not exactly these two."""
    values = {text: float(text) for text in set(texts) if _is_number(text) and text}
    if sorted(values.values()) != [0.0, 1.0] or not set(texts) <= set(values):
        return None
    return np.array([values[text] for text in texts])


def _is_number(text: str) -> bool:
    """Whether a text is a finite number, or nothing."""
    try:
        return not text or bool(np.isfinite(float(text)))
    except ValueError:
        return False


def main(root: Path) -> int:
    """Read what is mounted, say the traffic on stdout.

    Args:
        root: The folder under which everything is mounted.
    """
    at = [root.joinpath(*place.parts[1:]) for place in (places.MANIFEST_FILE, places.PUBLIC, places.PRIVATE)]
    manifest = codec.from_json(Manifest, at[0].read_bytes(), what="manifest.json")
    if manifest.drift is None:
        sys.stderr.write("The manifest has no [drift].\n")
        return 2
    try:
        traffic = make_traffic(manifest.drift, read_data(manifest, manifest.drift, at[1:]))
    except InvalidError as error:
        traffic = DriftTraffic(columns=(), rows=(), refusals=tuple(error.problems) or (error.detail,))
    sys.stdout.buffer.write(codec.to_json(traffic) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2] or ["/"])))
