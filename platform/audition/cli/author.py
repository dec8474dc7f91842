"""Verbs of authors: check and publish challenges."""

import click

from audition import bootstrap
from audition.catalog.read import ChallengeFolder, read_challenge
from audition.cli.stack import prepared_host
from audition.domain.errors import NotFoundError
from audition.host.steps import Steps
from audition.services.publish import publish as publish_challenge
from audition.services.reference import submit_reference
from audition.settings import Settings


def find_challenge(settings: Settings, slug: str) -> ChallengeFolder:
    """Read the folder of a challenge.

    Raises:
        NotFoundError: There is no such folder.
        InvalidError: It has problems; all are listed.
    """
    folder = settings.challenges_dir / slug
    if not (folder / "challenge.toml").is_file():
        have = sorted(p.parent.name for p in settings.challenges_dir.glob("*/challenge.toml"))
        msg = f"There is no challenge {slug!r} in {settings.challenges_dir}."
        raise NotFoundError(msg, next_step=f"There are: {', '.join(have) or 'none'}.")
    return read_challenge(folder)


@click.group()
def challenge() -> None:
    """Check and publish challenges."""


@challenge.command()
@click.argument("slug")
def validate(slug: str) -> None:
    """Read a challenge folder and list every problem it has."""
    folder = find_challenge(Settings.from_env(), slug)
    click.echo(f"{slug}: no problems; {len(folder.samples)} sample submissions.")


@challenge.command()
@click.argument("slug")
def publish(slug: str) -> None:
    """Publish a challenge as an immutable version; the same content again is the same version."""
    steps, settings = Steps(), Settings.from_env()
    folder = find_challenge(settings, slug)
    prepared = prepared_host(steps, settings, [folder.manifest.image])
    with prepared as host, steps.step(f"publishing {slug}") as step:
        runner = bootstrap.runner(host.settings, bootstrap.equipment(host.settings, host.images), slot=999)
        version = publish_challenge(runner, "cli", folder, step.note)
        if submission := submit_reference(runner.ports, "cli", version):
            step.note(f"its reference was submitted as {submission.id}; services are compared with it")
    click.echo(f"{version.slug} version {version.number} {version.digest}")
