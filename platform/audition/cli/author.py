"""Verbs of authors: begin, check and publish challenges."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from audition import bootstrap
from audition.catalog.advice import advise
from audition.catalog.compare import differences
from audition.catalog.digest import folder_digest
from audition.catalog.read import PRIVACY_FILE, ChallengeFolder, check_challenge, read_challenge
from audition.catalog.shape import Problems
from audition.catalog.sources import RAW_FOLDER, read_sources
from audition.catalog.templates import TEMPLATES, begin_challenge
from audition.catalog.told import Told
from audition.cli.anonymize import release_and_report
from audition.cli.history import pull, stats, verify
from audition.cli.preview import previewed
from audition.cli.proving import build_files, prove, show, tell_progress
from audition.cli.stack import prepared_host
from audition.cli.versions import find_version, state_of_folder, state_of_version
from audition.domain.errors import InvalidError, NotFoundError
from audition.host.images import images_of_challenge
from audition.host.packages import fetch_source
from audition.host.steps import Steps
from audition.services.keep_proof import keep_proof, require_proof
from audition.services.prepare_data import with_limits
from audition.services.publish import publish as publish_challenge
from audition.services.reference import is_measured_here, submit_reference
from audition.settings import Settings


def find_challenge(settings: Settings, slug: str, *, is_built: bool = True) -> ChallengeFolder:
    """Read the folder of a challenge, with or without the digests of what its `prepare` makes.

    Raises:
        NotFoundError: There is no such folder.
        InvalidError: It has problems; all are listed.
    """
    return read_challenge(_folder(settings, slug), is_built=is_built)


def _folder(settings: Settings, slug: str) -> Path:
    folder = settings.challenges_dir / slug
    if not (folder / "challenge.toml").is_file():
        msg = f"There is no challenge {slug!r} in {settings.challenges_dir}."
        raise NotFoundError(msg, next_step=f"There are: {', '.join(_slugs(settings)) or 'none'}.")
    return folder


def _slugs(settings: Settings) -> list[str]:
    return sorted(path.parent.name for path in settings.challenges_dir.glob("*/challenge.toml"))


def _moment(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    """A time with its zone: "nine o'clock" is another moment on another host."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        msg = "write date, time and zone, e.g. 2026-03-01T09:00+01:00."
        raise click.BadParameter(msg)
    return found.astimezone(UTC)


@click.group()
def challenge() -> None:
    """Begin, check and publish challenges."""


@challenge.command()
@click.argument("slug")
@click.option(
    "--template", type=click.Choice(list(TEMPLATES)), default="tabular", help="What it is like; tabular."
)
@click.option("--title", default="", help="Of manifest and brief; the template's own without it.")
def new(slug: str, template: str, title: str) -> None:
    """Make a challenge folder that is complete, with data that is made up, to be changed part by part."""
    folder = begin_challenge(Settings.from_env().challenges_dir, slug, template, title)
    click.echo(folder)
    click.echo(f"Next: write brief.md, then audition challenge validate {slug}", err=True)


@challenge.command()
@click.argument("slug")
@click.option("--strict", is_flag=True, help="Count what the gate would miss as well.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text or json.")
@click.pass_context
def validate(context: click.Context, slug: str, form: str, *, strict: bool) -> None:
    """Read a challenge folder and list every problem it has, without Docker; exit code 1 when there are any."""
    found, problems = check_challenge(_folder(Settings.from_env(), slug))
    advice = advise(found) if found else ()
    is_good = not problems and not (strict and advice)
    if form == "json":
        document = {
            "is_good": is_good,
            "problems": [asdict(one) for one in problems],
            "advice": [asdict(one) for one in advice],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        _tell(slug, found, problems, advice)
    context.exit(0 if is_good else 1)


def _tell(
    slug: str, found: ChallengeFolder | None, problems: tuple[Told, ...], advice: tuple[Told, ...]
) -> None:
    for problem in problems:
        click.echo(problem)
    for one in advice:
        click.echo(f"to be proved: {one}")
    if found is None:
        click.echo(f"{slug}: {len(problems)} problem(s).", err=True)
    else:
        click.echo(f"{slug}: no problems; {len(found.samples)} sample submissions.")


@challenge.command()
@click.argument("slugs", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Of every challenge there is.")
def fetch(slugs: tuple[str, ...], *, is_all: bool) -> None:
    """Fetch the raw data of challenges that registries have as packages, by digest; nothing is opened."""
    settings, steps = Settings.from_env(), Steps()
    folders = [_folder(settings, slug) for slug in (_slugs(settings) if is_all else slugs)]
    for folder in folders:
        problems = Problems()
        sources = [source for source in read_sources(folder, problems).values() if source.fetch]
        if problems:
            raise InvalidError(f"{folder.name}: its sources cannot be read.", problems=list(problems))
        with steps.step(f"raw data of {folder.name}") as step:
            for source in sources:
                fetch_source(step, source, folder / RAW_FOLDER, settings.data_dir / "cache")


@challenge.command("anonymize")
@click.argument("slug")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--new-key", is_flag=True, help="Make the key that the policy names, once.")
def anonymize_raw(slug: str, out: Path, *, new_key: bool) -> None:
    """Attack what the challenge's privacy.toml makes of its raw tables; write report and release into OUT."""
    folder = _folder(Settings.from_env(), slug)
    release_and_report(folder / PRIVACY_FILE, folder / RAW_FOLDER, out, new_key=new_key)


@challenge.command()
@click.argument("slug")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Write the digests of what was made into data/checksums.toml.")
def build(slug: str, out: Path, *, update: bool) -> None:
    """Run the challenge's prepare in its container and write public and private files and the kit into OUT."""
    settings = Settings.from_env()
    build_files(find_challenge(settings, slug, is_built=not update), settings, out, update=update)


@challenge.command()
@click.argument("slug")
@click.option("--jobs", type=click.IntRange(1, 16), default=2, help="Samples that run at once; 2.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", help="table or json."
)
@click.pass_context
def test(context: click.Context, slug: str, jobs: int, form: str) -> None:
    """Prove a challenge: format, data, leaks, every sample, graded twice; exit code 1 when something is wrong."""
    settings = Settings.from_env()
    folder = find_challenge(settings, slug)
    digest = folder_digest(folder.path)
    proofs = prove(folder, settings, jobs, tell_progress)
    show(proofs, form)
    is_proved = not any(proof.problems for proof in proofs)
    if is_proved:
        seen = "\n".join(f"{proof.what}: {proof.said}" for proof in proofs)
        keep_proof(bootstrap.control_plane(settings), "cli", digest, seen)
        click.echo(f"{slug} is proved. Next: audition challenge publish {slug}", err=True)
    context.exit(0 if is_proved else 1)


@challenge.command()
@click.argument("slug")
@click.option("--port", type=click.IntRange(1, 65535), default=8020, help="Of the site; 8020.")
def preview(slug: str, port: int) -> None:
    """Show the challenge as a candidate will see it, on this machine, until Ctrl-C; prints the link."""
    settings = Settings.from_env()
    with previewed(find_challenge(settings, slug), settings, port) as (link, processes):
        click.echo(link)
        click.echo("Ctrl-C ends it, and nothing is left of it.", err=True)
        processes.wait()


@challenge.command()
@click.argument("slug")
@click.option("--from", "old", type=int, help="A version; the newest without it.")
@click.option("--to", "new_number", type=int, help="A version; the folder as it is now without it.")
@click.pass_context
def diff(context: click.Context, slug: str, old: int | None, new_number: int | None) -> None:
    """Tell how the folder, or a version, differs from a published version; exit code 1 when it does."""
    settings = Settings.from_env()
    ports = bootstrap.control_plane(settings)
    before = state_of_version(find_version(ports, slug, old))
    if new_number is None:
        # A version says the limits that its image had; the folder may leave them to it.
        after = state_of_folder(with_limits(bootstrap.image_limits(settings), find_challenge(settings, slug)))
    else:
        after = state_of_version(find_version(ports, slug, new_number))
    told = list(differences(before, after))
    for line in told:
        click.echo(line)
    click.echo(f"{before.name} and {after.name}: {len(told) or 'no'} line(s) of differences.", err=True)
    context.exit(1 if told else 0)


@challenge.command()
@click.argument("slug")
@click.option(
    "--unproved", is_flag=True, help="Publish although `challenge test` did not pass for this content."
)
@click.option(
    "--at", callback=_moment, help="From when on people are invited to it, e.g. 2026-03-01T09:00+01:00."
)
def publish(slug: str, at: datetime | None, *, unproved: bool) -> None:
    """Publish a proved challenge as an immutable version; the same content again is the same version."""
    steps, settings = Steps(), Settings.from_env()
    folder = find_challenge(settings, slug)
    prepared = prepared_host(steps, settings, images_of_challenge(folder.manifest.image))
    with prepared as host, steps.step(f"publishing {slug}") as step:
        ports = bootstrap.control_plane(host.settings)
        proof = "" if unproved else require_proof(ports, slug, folder_digest(folder.path))
        runner = bootstrap.runner(host.settings, bootstrap.equipment(host.settings, host.images), slot=999)
        version = publish_challenge(runner, "cli", folder, step.note, measures=True, opens_at=at)
        if proof:
            keep_proof(ports, "cli", version.id, proof)
        is_measured = is_measured_here(runner, version)
        is_open = version.published_at <= ports.clock.now()
        if is_open and not is_measured and (submission := submit_reference(runner.ports, "cli", version)):
            step.note(f"its reference was submitted as {submission.id}; services are compared with it")
        if not is_open:
            step.note(f"people are invited to it from {version.published_at:%Y-%m-%d %H:%M} UTC on")
    click.echo(f"{version.slug} version {version.number} {version.digest}")


challenge.add_command(pull)
challenge.add_command(stats)
challenge.add_command(verify)
