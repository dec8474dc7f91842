"""The program: `python -m graders.leak_probe`. It reads what `prepare` made and says one `LeakReport`."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from audition import codec
from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.leak import Leak, LeakReport
from graders.leak_probe import looks
from graders.leak_probe.tables import MOST_ROWS, Files, read_files

#: What each look is called when it is told.
LOOKS: dict[str, Callable[[Files], Iterator[Leak]]] = {
    "hidden answers in public files": looks.public_answers,
    "columns that say it alone": looks.telling_columns,
    "ids": looks.telling_ids,
    "order of rows": looks.telling_order,
    "rows on both sides, the same or nearly": looks.twins,
    "groups on both sides": looks.shared_groups,
}


def probe(files: Files) -> LeakReport:
    """Look for everything."""
    leaks = tuple(leak for look in LOOKS.values() for leak in look(files))
    return LeakReport(leaks=leaks, looked_at=tuple(LOOKS), not_looked_at=tuple(_gaps(files)))


def _gaps(files: Files) -> Iterator[str]:
    if files.train is None:
        yield f"no public table has {files.answer_column!r} of other rows: nothing is compared with it"
    if files.hidden is None:
        yield f"no input has the hidden rows under {files.id_column!r}: nothing is compared with them"
    for table in files.tables:
        if not table.is_whole:
            yield f"{table.file} has more than {MOST_ROWS:,} rows: the first are looked at"


def main(root: Path) -> int:
    """Read what is mounted, say the report on stdout.

    Args:
        root: The folder under which everything is mounted.
    """
    at = [root.joinpath(*p.parts[1:]) for p in (places.MANIFEST_FILE, places.PUBLIC, places.PRIVATE)]
    manifest = codec.from_json(Manifest, at[0].read_bytes(), what="manifest.json")
    report = probe(read_files(at[1], at[2], manifest))
    sys.stdout.buffer.write(codec.to_json(report) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2] or ["/"])))
