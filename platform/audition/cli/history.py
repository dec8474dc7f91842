"""Verbs of authors about what was published: how a version does, and its files."""

import csv
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from audition import bootstrap, codec
from audition.catalog.read import BRIEF_FILE, DATACARD_FILE
from audition.cli.versions import find_version
from audition.domain.challenge import Area
from audition.domain.challenge_stats import ChallengeStats, Times
from audition.domain.errors import ConflictError
from audition.services.seal_version import document_of, verify_version
from audition.services.survey_challenge import survey_challenge
from audition.settings import Settings

_PULLED = frozenset({Area.PUBLIC, Area.PRIVATE, Area.METRIC})


@click.command()
@click.argument("slug")
@click.option("--version", "number", type=int, help="A version; the newest without it.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table")
def stats(slug: str, number: int | None, form: str) -> None:
    """Tell how a version does: who came how far, scores, time taken, and how each check went."""
    ports = bootstrap.control_plane(Settings.from_env())
    found = survey_challenge(ports, find_version(ports, slug, number).id)
    if form == "json":
        click.echo(codec.to_json(found))
    elif form == "csv":
        _write_items(found)
    else:
        _show(found)


def _write_items(found: ChallengeStats) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(("check", "counted", "passed", "low", "high", "discrimination", "remark"))
    for item in found.items:
        rate = item.rate
        tells = "" if item.discrimination is None else f"{item.discrimination:.3f}"
        ends = (f"{rate.low:.3f}", f"{rate.high:.3f}")
        writer.writerow((rate.check, rate.counted, rate.passed, *ends, tells, item.remark))


def _show(found: ChallengeStats) -> None:
    funnel = found.funnel
    click.echo(f"{found.title}, version {found.number}")
    click.echo(f"{funnel.invited} invited, {funnel.started} started, {funnel.assessed} assessed")
    if found.completion is not None:
        share, low, high = found.completion
        click.echo(f"of those who started {share:.0%} came to a report ({low:.0%} to {high:.0%})")
    if found.median is not None:
        click.echo(f"half of the scores are {100 * found.median:.1f} or more; by tens: {list(found.bins)}")
    for what, times in (("first", found.to_first), ("last", found.to_last)):
        if times is not None:
            click.echo(f"start to {what} submission: {_hours(times)} (declared: {found.declared_hours:g})")
    table = Table("check", "passed", "of", "discrimination", "")
    for item in found.items:
        tells = "" if item.discrimination is None else f"{item.discrimination:+.2f}"
        table.add_row(item.rate.check, str(item.rate.passed), str(item.rate.counted), tells, item.remark)
    Console(width=None if Console().is_terminal else 120).print(table)


def _hours(times: Times) -> str:
    return f"{times.middle:.1f} hours, half of them {times.low:.1f} to {times.high:.1f}"


@click.command()
@click.argument("slug")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--version", "number", type=int, help="A version; the newest without it.")
def pull(slug: str, out: Path, number: int | None) -> None:
    """Write a published version into OUT, a new folder: manifest, digests, texts, kit, public and private files."""
    ports = bootstrap.control_plane(Settings.from_env())
    version = find_version(ports, slug, number)
    if out.exists():
        msg = f"{out} is there already, and nothing is written over."
        raise ConflictError(msg, next_step="Name a folder that does not exist.")
    files = {
        "manifest.json": codec.to_json(version.manifest),
        "digests.json": codec.to_json(document_of(version)),
        BRIEF_FILE: version.brief.encode(),
        DATACARD_FILE: version.datacard.encode(),
        f"{slug}-kit.zip": ports.blobs.get(version.kit_digest),
        **{
            file.name if file.area == Area.METRIC else f"{file.area}/{file.name}": ports.blobs.get(
                file.digest
            )
            for file in version.files
            if file.area in _PULLED
        },
    }
    for name, data in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        click.echo(f"{path}: {len(data):,} bytes")
    click.echo(f"{slug} version {version.number} {version.digest}", err=True)


@click.command()
@click.argument("slug")
@click.option("--version", "number", type=int, help="A version; the newest without it.")
@click.pass_context
def verify(context: click.Context, slug: str, number: int | None) -> None:
    """Tell whether a published version is what was published: its seal, its texts and every file of it."""
    settings = Settings.from_env()
    ports = bootstrap.control_plane(settings)
    version = find_version(ports, slug, number)
    wrong = verify_version(ports, bootstrap.variant_key(settings), version)
    for sentence in wrong:
        click.echo(sentence)
    if wrong:
        step = (
            "Grade nothing with it: restore database and blobs from a backup, or publish the challenge again."
        )
        click.echo(step, err=True)
        context.exit(1)
    count = len(document_of(version).files)
    click.echo(
        f"{slug} version {version.number} {version.digest} is as it was published: {count} digests, seal fits"
    )
