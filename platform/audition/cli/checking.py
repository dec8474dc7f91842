"""The verb that looks at a submission on the candidate's own machine: no Docker, no server, no account."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from audition import codec
from audition.catalog.archive import pack_folder
from audition.domain.contract import DISCOVERED_CREDIT, Inventory
from audition.grading.inventory import take_inventory
from audition.grading.outlook import outlook

_MOST_BYTES = 256 << 20
_MOST_ENTRIES = 2000
_PROBLEMS = 1


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path), default=".")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def check(context: click.Context, source: Path, *, as_json: bool) -> None:
    """Check SOURCE, a folder or an archive, as the platform would read it."""
    inventory = inspect(source)
    if as_json:
        click.echo(json.dumps(_document(inventory), indent=2))
    else:
        _tell(inventory)
    context.exit(_PROBLEMS if inventory.refusals else 0)


def inspect(source: Path) -> Inventory:
    """Take the inventory of a folder, packed as `audition submit` packs it, or of an archive.

    Raises:
        InvalidError: The folder holds links or other things that cannot be packed.
    """
    with TemporaryDirectory(prefix="audition-check-") as folder:
        archive, target = Path(folder, "archive"), Path(folder, "submission")
        target.mkdir()
        archive.write_bytes(pack_folder(source) if source.is_dir() else source.read_bytes())
        return take_inventory(archive, target, max_bytes=_MOST_BYTES, max_entries=_MOST_ENTRIES)


def _document(inventory: Inventory) -> dict[str, Any]:
    plain = codec.to_plain(inventory)
    return {
        "is_accepted": not inventory.refusals,
        "problems": plain["refusals"],
        "contract": plain["contract"],
        "discovered": [
            {**item, "sentence": found.sentence}
            for item, found in zip(plain["discovered"], inventory.discovered, strict=True)
        ],
        "outlook": list(outlook(inventory)) if inventory.entries else [],
    }


def _tell(inventory: Inventory) -> None:
    """For people: problems first, then what was guessed, then what will happen."""
    for problem in inventory.refusals:
        click.secho(f"✗ {problem}", fg="red")
    if inventory.entries:
        _tell_list(
            f"Found, because audition.toml does not say it (earns {DISCOVERED_CREDIT:.0%} of its points):",
            _guesses(inventory),
        )
        _tell_list(
            "What will be done with it, as far as the challenge asks for it:", list(outlook(inventory))
        )
    count = len(inventory.refusals)
    if count:
        click.secho(f"\n{count} problem{'s' if count > 1 else ''}: it would be refused.", fg="red")
    else:
        click.secho("\nNo problem found: it would be accepted.", fg="green")


def _guesses(inventory: Inventory) -> list[str]:
    return [
        f"{found.key} = {found.value}   by {found.source}{_place(found.file, found.line)}"
        for found in inventory.discovered
    ]


def _place(file: str, line: int | None) -> str:
    return f", {file}:{line}" if line else f", {file}" if file else ""


def _tell_list(title: str, lines: list[str]) -> None:
    if lines:
        click.echo(f"\n{title}")
        for line in lines:
            click.echo(f"  {line}")
