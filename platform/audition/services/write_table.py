"""Write rows as CSV that a spreadsheet shows and never computes."""

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | int | float | None
#: A cell that begins so is a formula to a spreadsheet. Source: OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table as CSV (RFC 4180), UTF-8 with a mark, so that spreadsheets read it as such.

    Text that would be taken for a formula gets an apostrophe before it; numbers are ours and stay numbers.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _guarded(cell: Cell) -> Cell:
    # A spreadsheet drops spaces in front before it looks.
    is_formula = isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA)
    return f"'{cell}" if is_formula else cell
