"""`audition trace`: whose copy of a challenge's training data a leaked table is."""

from pathlib import Path

import click

from audition import bootstrap
from audition.cli.stack import prepared_host
from audition.domain.variant import MarkKind, Suspect
from audition.host.steps import Steps
from audition.services.trace_leak import Traced, trace_leak
from audition.settings import Settings

_NOBODY = 1


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--challenge", "slug", required=True, help="Whose training data it may be.")
@click.option("--version", "number", type=int, help="Which version; the newest unless given.")
@click.pass_context
def trace(context: click.Context, file: Path, slug: str, number: int | None) -> None:
    """Name the candidates behind a leaked copy (CSV or Parquet), with the probability that this is wrong.

    Ends with 1 when nobody can be named.
    """
    steps, settings = Steps(), Settings.from_env()
    prepared = prepared_host(steps, settings, [])
    with prepared as host, steps.step(f"tracing {file.name}"), file.open("rb") as leak:
        runner = bootstrap.runner(host.settings, bootstrap.equipment(host.settings, host.images), slot=999)
        found = trace_leak(runner, slug, number, leak)
    click.echo(told(found))
    context.exit(0 if found.named else _NOBODY)


def told(found: Traced) -> str:
    """What is printed."""
    said = found.trace
    lines = [
        f"{said.recognised:,} of {said.rows:,} rows are rows of the challenge; columns: {', '.join(said.columns)}"
    ]
    if said.rounded:
        lines.append(f"rounded: {', '.join(said.rounded)}")
    for one in found.named:
        who = ", ".join(f"{holder.name} <{holder.email}>" for holder in one.holders) or "given to nobody"
        lines += [
            f"copy {one.suspect.number}: {who}",
            f"  that anybody who is no source is named so: at most {one.suspect.probability:.1g}",
            *_signs(one.suspect),
        ]
    if not found.named:
        lines.append("Nobody can be named: no copy agrees more than chance allows.")
    if said.next_best is not None:
        lines += [f"next best, not named: copy {said.next_best.number} ({said.next_best.probability:.1g})"]
    return "\n".join(lines)


def _signs(suspect: Suspect) -> list[str]:
    words = []
    for sign in suspect.signs:
        if sign.kind in {MarkKind.PSEUDONYMS, MarkKind.CANARIES}:
            words.append(f"  {sign.kind}: {sign.score:.0f} of this copy alone")
        else:
            words.append(f"  {sign.kind}: {sign.score:.1f} standard deviations over {sign.places:,} places")
    return words
