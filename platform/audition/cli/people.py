"""Verbs about people: staff accounts and invitations."""

import secrets
import sys

import click

from audition import bootstrap
from audition.domain.people import Role
from audition.services.add_staff import add_staff
from audition.services.erase_data import erase_candidate
from audition.services.invite import invite as invite_candidate
from audition.settings import Settings

_ACTOR = "cli"


@click.group()
def user() -> None:
    """Look after staff accounts."""


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="Shown to colleagues.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    default=[Role.REVIEWER.value],
    show_default=True,
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str, roles: tuple[str, ...], *, password_stdin: bool) -> None:
    """Add a staff account; without --password-stdin a password is made and printed once."""
    made = "" if password_stdin else secrets.token_urlsafe(18)
    password = made or sys.stdin.readline().rstrip("\n")
    settings = Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    bootstrap.migrate(settings)
    ports = bootstrap.control_plane(settings)
    account = add_staff(
        ports, _ACTOR, email=email, name=name, password=password, roles={Role(r) for r in roles}
    )
    click.echo(f"Added {account.email} ({', '.join(sorted(account.roles))}).", err=True)
    if made:
        click.echo(made)


@click.command()
@click.argument("email")
@click.confirmation_option(prompt="Delete everything of this candidate, for good?")
def erase(email: str) -> None:
    """Delete everything that is kept of the candidate with this address, on their request."""
    ports = bootstrap.control_plane(Settings.from_env())
    count = erase_candidate(ports, _ACTOR, email)
    click.echo(f"Deleted, with {count} submissions. The audit log stays.", err=True)


@click.command()
@click.argument("challenge")
@click.argument("email")
@click.option("--name", required=True, help="The candidate's name.")
@click.option("--days", default=14.0, show_default=True, help="How long the link works.")
@click.option("--hours", type=float, help="Time from the start on; without it, all those days.")
def invite(challenge: str, email: str, name: str, days: float, hours: float | None) -> None:
    """Invite a candidate; prints the link, which is shown only once."""
    settings = Settings.from_env()
    ports = bootstrap.control_plane(settings)
    _, secret = invite_candidate(
        ports, _ACTOR, slug=challenge, email=email, name=name, valid_days=days, clock_hours=hours
    )
    click.echo(f"{settings.public_url}/i/{secret}")
