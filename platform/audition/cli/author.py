"""Verbs of authors: begin, check and publish challenges."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from audition import bootstrap
from audition.catalog.advice import advise
from audition.catalog.read import ChallengeFolder, check_challenge, read_challenge
from audition.catalog.templates import TEMPLATES, begin_challenge
from audition.catalog.told import Told
from audition.cli.stack import prepared_host
from audition.domain.errors import NotFoundError
from audition.host.images import images_of_challenge
from audition.host.steps import Steps
from audition.services.publish import publish as publish_challenge
from audition.services.reference import is_measured_here, submit_reference
from audition.settings import Settings


def find_challenge(settings: Settings, slug: str) -> ChallengeFolder:
    """Read the folder of a challenge.

    Raises:
        NotFoundError: There is no such folder.
        InvalidError: It has problems; all are listed.
    """
    return read_challenge(_folder(settings, slug))


def _folder(settings: Settings, slug: str) -> Path:
    folder = settings.challenges_dir / slug
    if not (folder / "challenge.toml").is_file():
        have = sorted(p.parent.name for p in settings.challenges_dir.glob("*/challenge.toml"))
        msg = f"There is no challenge {slug!r} in {settings.challenges_dir}."
        raise NotFoundError(msg, next_step=f"There are: {', '.join(have) or 'none'}.")
    return folder


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
@click.argument("slug")
def publish(slug: str) -> None:
    """Publish a challenge as an immutable version; the same content again is the same version."""
    steps, settings = Steps(), Settings.from_env()
    folder = find_challenge(settings, slug)
    prepared = prepared_host(steps, settings, images_of_challenge(folder.manifest.image))
    with prepared as host, steps.step(f"publishing {slug}") as step:
        runner = bootstrap.runner(host.settings, bootstrap.equipment(host.settings, host.images), slot=999)
        version = publish_challenge(runner, "cli", folder, step.note, measures=True)
        is_measured = is_measured_here(runner, version)
        if not is_measured and (submission := submit_reference(runner.ports, "cli", version)):
            step.note(f"its reference was submitted as {submission.id}; services are compared with it")
    click.echo(f"{version.slug} version {version.number} {version.digest}")
