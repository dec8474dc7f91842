"""What runs in a grader container: `python -m audition.variants make|trace`.

Both read the manifest and the public tables, and the key of the version from the environment. `make` writes copies
into /out and says `VariantFacts`; `trace` reads a leaked table and says a `Trace`.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from audition import codec
from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.errors import InvalidError
from audition.domain.variant import (
    KEY_VARIABLE,
    RANGE_VARIABLE,
    Canary,
    Trace,
    VariantFacts,
    VariantSpec,
    copy_name,
)
from audition.variants.accuse import trace
from audition.variants.codes import withstands
from audition.variants.draws import Key
from audition.variants.layout import Layout, lay_out
from audition.variants.table import read_table, write_csv
from audition.variants.write import make_copy


def main(argv: list[str], root: Path = Path("/")) -> int:
    """Run one verb; the folder stands for the root of the container."""
    verbs: dict[str, Callable[[Path], VariantFacts | Trace]] = {"make": _make, "trace": _trace}
    if len(argv) != 1 or argv[0] not in verbs:
        sys.stderr.write(f"usage: python -m audition.variants {'|'.join(verbs)}\n")
        return 2
    try:
        said = verbs[argv[0]](root)
    except InvalidError as error:
        problems = (*error.problems,) or (f"{error.detail} {error.next_step}".strip(),)
        said = VariantFacts(refusals=problems) if argv[0] == "make" else Trace(refusals=problems)
    sys.stdout.buffer.write(codec.to_json(said) + b"\n")
    return 0


def _make(root: Path) -> VariantFacts:
    spec, layout = _layout(root)
    _refuse_links(root, spec, layout)
    first, last = map(int, os.environ[RANGE_VARIABLE].split("-"))
    canaries: list[Canary] = []
    for number in range(first, last + 1):
        copy = make_copy(layout, number)
        (root / str(places.OUT).lstrip("/") / copy_name(number)).write_bytes(write_csv(copy.table))
        canaries.extend(copy.canaries)
    return facts_of(layout, tuple(canaries))


def facts_of(layout: Layout, canaries: tuple[Canary, ...] = ()) -> VariantFacts:
    """What is told of a layout."""
    return VariantFacts(
        rows=len(layout.table),
        copy_rows=layout.copy_rows,
        code_rows=len(layout.pool),
        code_values=len(layout.marked_rows),
        withstands=withstands(len(layout.bias), layout.spec.copies, layout.spec.false_accusation),
        canaries=canaries,
    )


def _trace(root: Path) -> Trace:
    _, layout = _layout(root)
    return trace(layout, read_table(root / str(places.LEAK_FILE).lstrip("/")))


def _layout(root: Path) -> tuple[VariantSpec, Layout]:
    manifest = codec.from_json(
        Manifest, (root / str(places.MANIFEST_FILE).lstrip("/")).read_bytes(), what="manifest"
    )
    if manifest.variants is None:
        msg = "The challenge has no [variants]."
        raise InvalidError(msg, code="variants")
    key = Key(bytes.fromhex(os.environ[KEY_VARIABLE]))
    table = read_table(root / str(places.PUBLIC / manifest.variants.file).lstrip("/"))
    return manifest.variants, lay_out(table, manifest.variants, key)


def _refuse_links(root: Path, spec: VariantSpec, layout: Layout) -> None:
    """A name that stands in another public table too means something outside this one.

    Raises:
        InvalidError: There are such names.
    """
    problems = []
    for path in sorted((root / str(places.PUBLIC).lstrip("/")).glob("*.csv")):
        if path.name == spec.file:
            continue
        other = read_table(path)
        for name in spec.pseudonyms:
            if name in other.names and set(other.column(name)) & set(layout.table.column(name)):
                step = "They must stay what they are: leave the column out."
                problems.append(
                    f"variants.pseudonyms: names in {name!r} stand in {path.name} as well. {step}"
                )
    if problems:
        msg = "Names cannot be made anew."
        raise InvalidError(msg, code="variants", problems=problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
