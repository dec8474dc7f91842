"""Verbs of candidates: submit and follow."""

from pathlib import Path
from uuid import uuid4

import click

from audition.catalog.archive import pack_folder
from audition.cli.client import Client
from audition.domain.errors import InvalidError

_WAIT_SECONDS = 3600.0


@click.command()
@click.argument("link")
@click.argument("source", type=click.Path(exists=True, path_type=Path), default=".")
@click.option("--watch/--no-watch", default=True, help="Follow the submission until it is graded.")
@click.option(
    "--practice", is_flag=True, help="Try whether it works here; counts for nothing, costs no attempt."
)
def submit(link: str, source: Path, *, watch: bool, practice: bool) -> None:
    """Submit SOURCE, a folder that is packed or one file, to the invitation whose LINK you got."""
    client = _client(link)
    name, data = _packed(source)
    click.echo(f"Sending {len(data):,} bytes.", err=True)
    submission = client.submit(data, name, key=uuid4().hex, is_practice=practice)
    click.echo(submission["id"])
    if watch:
        _follow(client, submission["id"])


@click.command()
@click.argument("link")
def status(link: str) -> None:
    """List the submissions of the invitation whose LINK you got."""
    for item in _client(link).get("/submissions")["items"]:
        click.echo(f"{item['id']}  {item['state']:<10} {item.get('reason', '')}")


@click.command()
@click.argument("link")
@click.argument("submission")
def pick(link: str, submission: str) -> None:
    """Let SUBMISSION be the attempt that counts of the invitation whose LINK you got."""
    chosen = _client(link).post(f"/submissions/{submission}/pick")
    click.echo(f"Attempt {chosen['attempt_number']} counts.", err=True)


def _packed(source: Path) -> tuple[str, bytes]:
    """Name and bytes of what is sent: a folder as a zip, a notebook or an archive as it is."""
    if source.is_dir():
        return f"{source.resolve().name}.zip", pack_folder(source)
    return source.name, source.read_bytes()


def _client(link: str) -> Client:
    """Turn an invitation link into a client with a token of its own.

    Raises:
        InvalidError: It is no invitation link.
    """
    url, marker, token = link.rpartition("/i/")
    if not marker or not url.startswith(("http://", "https://")):
        msg = f"{link!r} is not an invitation link."
        raise InvalidError(msg, next_step="It looks like https://…/i/… and is in your invitation.")
    session = Client(url).post("/invitations/start", {"token": token, "label": "cli"})
    return Client(url, session["token"])


def _follow(client: Client, submission_id: str) -> None:
    seen: set[str] = set()

    def tell(document: dict[str, object]) -> None:
        words = f"{document['state']}: {document.get('reason', '')}".rstrip(": ")
        if words not in seen:
            seen.add(words)
            click.echo(words, err=True)

    client.wait(submission_id, _WAIT_SECONDS, tell)
