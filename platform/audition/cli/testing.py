"""`audition test`: set the machine up as `up` does, then run the whole test-suite and every check."""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
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

#: What waits: for containers, for a page, or for the machine to be its own.
_WAITS = "docker or browser or slow or alone"
#: Two processes share it, a file at a time, and leave much of two processors idle. Not more on a larger host: a test
#: that measures would wait too long for the machine.
_WAITING = (
    *("-m", f"not heavy and ({_WAITS})"),
    *("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "25"),
)
#: All others compute. They go in a third one meanwhile, and step back for whatever runs in a container.
_COMPUTING = ("-m", f"not heavy and not ({_WAITS})", "--durations", "10")
_STEPS_BACK = ("nice", "-n", "5")
_PYTEST = (sys.executable, "-m", "pytest")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run linters, type checks, import contracts and all tests; ARGUMENTS go to pytest instead of everything."""
    steps, settings = Steps(), Settings.from_env()
    # Tests never see the data of a running demo.
    settings = replace(
        settings,
        data_dir=settings.data_dir / "test",
        database_url=f"sqlite:///{settings.data_dir / 'test' / 'audition.db'}",
    )
    with ThreadPoolExecutor(max_workers=1) as pool:
        # Reading code needs no engine: it is done while that starts and images are built.
        looking = None if arguments else pool.submit(_checks, settings.repo_dir, settings.environment())
        _install_programs(steps)
        with prepared_host(steps, settings) as host:
            failed = _told(looking.result()) if looking else []
            computing = None if arguments else pool.submit(_computing, host.settings)
            if not _tests(arguments or _WAITING, host.settings):
                failed.append("tests")
            if computing:
                failed += _told([computing.result()])
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """How a look at the code went."""

    name: str
    code: int
    seconds: float
    said: str


def _checks(repo: Path, environment: dict[str, str]) -> list[_Look]:
    """Run everything that reads code, and keep what it says."""
    scripts = Path(sys.executable).parent
    checks = {
        "ruff": [str(scripts / "ruff"), "check", "."],
        "format": [str(scripts / "ruff"), "format", "--check", "--quiet", "."],
        "mypy": [str(scripts / "mypy")],
        "import contracts": [str(scripts / "lint-imports")],
    }
    return [_look(name, argv, repo, environment) for name, argv in checks.items()]


def _look(name: str, argv: list[str], repo: Path, environment: dict[str, str]) -> _Look:
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603  our own tools
        argv,
        cwd=repo,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return _Look(
        name=name, code=done.returncode, seconds=time.monotonic() - started, said=done.stdout.rstrip()
    )


def _told(looks: list[_Look]) -> list[str]:
    """Print what was said; return the names of what failed."""
    for look in looks:
        _announce(look.name)
        if look.said:
            click.echo(look.said)
        _conclude(look.name, look.code, look.seconds)
    return [look.name for look in looks if look.code != 0]


def _computing(settings: Settings) -> _Look:
    """Run the tests that wait for nothing, and keep what they say."""
    argv = [*_STEPS_BACK, *_PYTEST, *_COMPUTING]
    return _look("tests that wait for nothing", argv, settings.repo_dir, settings.environment())


def _tests(arguments: Sequence[str], settings: Settings) -> bool:
    _announce("tests")
    started = time.monotonic()
    code = subprocess.run(  # noqa: S603  our own tools
        [*_PYTEST, *arguments], cwd=settings.repo_dir, env=settings.environment(), check=False
    ).returncode
    _conclude("tests", code, time.monotonic() - started)
    return code == 0


def _announce(name: str) -> None:
    click.secho(f"\n=== {name}", err=True, bold=True)


def _conclude(name: str, code: int, seconds: float) -> None:
    click.echo(f"=== {name}: exit {code} after {seconds:.0f} s", err=True)
