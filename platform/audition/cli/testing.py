"""`audition test`: set the machine up as `up` does, then run the whole test-suite and every check."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from audition.cli.stack import prepared_host
from audition.host.commands import apt_install, can_install_debian_packages
from audition.host.steps import HostError, Steps
from audition.settings import Settings

#: What tests start for real, by a program that shows whether it is there, and the Debian package that has it.
_PROGRAMS = {
    "chromium": ("/usr/bin/chromium", "chromium"),
    "postgres": ("/usr/lib/postgresql", "postgresql"),
}

#: Two processes share all tests, a file at a time: most of them wait for containers, and a second processor idles.
#: Not more on a larger host: a test that measures would wait too long for the machine.
_EVERYTHING = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "25")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run linters, type checks, import contracts and all tests; ARGUMENTS go to pytest instead of everything."""
    steps, settings = Steps(), Settings.from_env()
    _install_programs(steps)
    # Tests never see the data of a running demo.
    settings = replace(
        settings,
        data_dir=settings.data_dir / "test",
        database_url=f"sqlite:///{settings.data_dir / 'test' / 'audition.db'}",
    )
    with prepared_host(steps, settings) as host:
        environment = host.settings.environment()
        failed = [] if arguments else _checks(settings.repo_dir, environment)
        wanted = arguments or _EVERYTHING
        if not _run("tests", [sys.executable, "-m", "pytest", *wanted], settings.repo_dir, environment):
            failed.append("tests")
    if failed:
        click.secho(f"\nFailed: {', '.join(failed)}.", err=True, fg="red")
        sys.exit(1)
    click.secho("\nEverything passed.", err=True, fg="green")


def _install_programs(steps: Steps) -> None:
    for name, (place, package) in _PROGRAMS.items():
        with steps.step(name) as step:
            if Path(place).exists():
                step.skip()
            elif can_install_debian_packages():
                apt_install(step, package)
            else:
                raise HostError(
                    f"The tests need {name}, which is not at {place}.",
                    fix=f"Install it, on Debian: apt-get install {package}",
                )


def _checks(repo: Path, environment: dict[str, str]) -> list[str]:
    """Run everything that reads code; return the names of what failed."""
    scripts = Path(sys.executable).parent
    checks = {
        "ruff": [str(scripts / "ruff"), "check", "."],
        "format": [str(scripts / "ruff"), "format", "--check", "--quiet", "."],
        "mypy": [str(scripts / "mypy")],
        "import contracts": [str(scripts / "lint-imports")],
    }
    return [name for name, argv in checks.items() if not _run(name, argv, repo, environment)]


def _run(name: str, argv: list[str], repo: Path, environment: dict[str, str]) -> bool:
    click.secho(f"\n=== {name}", err=True, bold=True)
    started = time.monotonic()
    code = subprocess.run(argv, cwd=repo, env=environment, check=False).returncode  # noqa: S603  our own tools
    click.echo(f"=== {name}: exit {code} after {time.monotonic() - started:.0f} s", err=True)
    return code == 0
