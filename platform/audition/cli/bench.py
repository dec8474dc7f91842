"""`audition bench`: measure what the platform costs, as ratios within one run."""

import subprocess
import sys
from dataclasses import replace

import click

from audition.cli.stack import prepared_host
from audition.host.steps import Steps
from audition.settings import Settings


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure overhead per submission next to a bare loop of the same containers (ARGUMENTS: --runs N)."""
    steps, settings = Steps(), Settings.from_env()
    folder = settings.data_dir / "bench"
    settings = replace(settings, data_dir=folder, database_url=f"sqlite:///{folder / 'audition.db'}")
    with prepared_host(steps, settings) as host:
        command = [sys.executable, "-m", "tests.bench", *arguments]
        environment = host.settings.environment()
        result = subprocess.run(command, cwd=settings.repo_dir, env=environment, check=False)  # noqa: S603  our own
    sys.exit(result.returncode)
