"""Verbs that run Audition: all of it on one machine, or one process of it."""

import os
import signal
import sys
import threading

import click

from audition import bootstrap
from audition.cli.main import show
from audition.cli.stack import running_stack
from audition.domain.errors import UnavailableError
from audition.host.posture import UNFIT, UNFIT_EXIT
from audition.host.steps import Steps
from audition.settings import Settings
from audition.worker.clock import tick_forever


@click.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C: queue, database, web, worker, clock."""
    steps = Steps()
    with running_stack(steps, Settings.from_env()) as (host, processes):
        click.echo(f"Audition runs at {host.settings.public_url} (Ctrl-C stops it).", err=True)
        processes.wait()


@click.command()
def serve() -> None:
    """Run the web process."""
    settings = Settings.from_env()
    # gthread: each live page holds a thread, so there are many; the work itself is short.
    arguments = [
        "--worker-class=gthread",
        f"--workers={settings.web_processes}",
        f"--threads={settings.web_threads}",
        f"--bind={settings.host}:{settings.port}",
        "--timeout=120",
        "--graceful-timeout=10",
        "--log-level=warning",
        "audition.web.wsgi:application()",
    ]
    os.execv(sys.executable, [sys.executable, "-P", "-m", "gunicorn", *arguments])  # noqa: S606


@click.command()
@click.option("--slot", default=0, type=click.IntRange(0, 999), help="Number of this worker on its host.")
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
def worker(slot: int, *, burst: bool) -> None:
    """Run one worker process: it runs submissions on this host's container engine."""
    from audition.worker.runtime import work  # noqa: PLC0415  imports RQ, which the other verbs do not need

    try:
        work(Settings.from_env(), slot, is_burst=burst)
    except UnavailableError as error:
        if error.code != UNFIT:
            raise
        show(error)
        sys.exit(UNFIT_EXIT)


@click.command()
def clock() -> None:
    """Run the clock: it finds what was lost and brings it back."""
    settings = Settings.from_env()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    tick_forever(bootstrap.control_plane(settings), settings, stop)


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest schema."""
    bootstrap.migrate(Settings.from_env())
    click.echo("The database is up to date.", err=True)
