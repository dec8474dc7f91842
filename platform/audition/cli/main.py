"""The command line: `audition VERB`. Verbs are imported when they are used, so that `--help` is quick.

Results go to stdout, narration to stderr. Exit codes: 0 ok, 1 checks failed, 2 usage or bad input, 3 refused,
4 platform or network, 5 not found, 78 this host does not keep candidates in, so its worker takes no jobs.
"""

import importlib
import logging
import sys

import click

from audition import NOISY, __version__
from audition.domain.errors import (
    AuditionError,
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
)

#: Verb to where its command is. One file a persona.
_VERBS = {
    "demo": "audition.cli.demo:demo",
    "up": "audition.cli.running:up",
    "test": "audition.cli.testing:test",
    "bench": "audition.cli.bench:bench",
    "doctor": "audition.cli.operator:doctor",
    "gvisor": "audition.cli.operator:gvisor",
    "images": "audition.cli.operator:images",
    "serve": "audition.cli.running:serve",
    "worker": "audition.cli.running:worker",
    "clock": "audition.cli.running:clock",
    "db": "audition.cli.running:db",
    "user": "audition.cli.people:user",
    "invite": "audition.cli.people:invite",
    "erase": "audition.cli.people:erase",
    "prune": "audition.cli.operator:prune",
    "challenge": "audition.cli.author:challenge",
    "trace": "audition.cli.tracing:trace",
    "anonymize": "audition.cli.anonymize:anonymize",
    "check": "audition.cli.checking:check",
    "submit": "audition.cli.candidate:submit",
    "status": "audition.cli.candidate:status",
    "pick": "audition.cli.candidate:pick",
}
_EXIT_CODES: tuple[tuple[type[AuditionError], int], ...] = (
    (InvalidError, 2),
    (DeniedError, 3),
    (ConflictError, 3),
    (NotFoundError, 5),
    (AuditionError, 4),
)


class _LazyGroup(click.Group):
    """A group that imports a verb's module only when the verb is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _VERBS:
            return None
        module, _, attribute = _VERBS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101  the table above is ours
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="audition")
def cli() -> None:
    """Assess ML engineers by real work: hidden-data quality and deployment, graded from evidence."""


def main() -> None:
    """Run a verb; an error is a message with a way out, never a stack trace."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        cli(prog_name="audition")
    except AuditionError as error:
        show(error)
        sys.exit(next(code for kind, code in _EXIT_CODES if isinstance(error, kind)))


def show(error: AuditionError) -> None:
    """Print an error: what was wrong, every problem, and what to do."""
    click.secho(f"\naudition: {error.detail}", err=True, fg="red")
    for problem in error.problems:
        click.echo(f"  - {problem}", err=True)
    if error.next_step:
        click.echo(f"  What to do: {error.next_step}", err=True)
