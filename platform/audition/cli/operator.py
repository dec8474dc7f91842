"""Verbs of whoever runs the machine: `doctor`, `images` and `prune`."""

import sys

import click

from audition import bootstrap
from audition.host.doctor import Level, examine, render
from audition.host.engine import ensure_engine
from audition.host.gvisor import engine_config, ensure_runsc
from audition.host.images import (
    PURPOSES,
    ImageState,
    ensure_images,
    image_names,
    image_states,
    remove_outdated,
    tag_current,
)
from audition.host.steps import Steps
from audition.services import prune as pruning
from audition.settings import Settings

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command()
def doctor() -> None:
    """Check this machine and say what level of isolation it offers."""
    lines = examine(Settings.from_env())
    click.echo(render(lines, lambda level: click.style(f"{level.value:4}", fg=_COLOURS[level])))
    if any(line.level is Level.FAIL for line in lines):
        sys.exit(1)


@click.command()
def gvisor() -> None:
    """Get gVisor's runsc from Debian's archive and say how to register it with the engine."""
    settings, steps = Settings.from_env(), Steps()
    with steps.step("gVisor") as step:
        runsc = ensure_runsc(step, settings)
    if runsc is None:
        sys.exit(1)
    click.echo(engine_config("", runsc), nl=False)
    click.echo(
        "Register it: merge the above into /etc/docker/daemon.json, then  kill -HUP $(pidof dockerd)",
        err=True,
    )


@click.group()
def images() -> None:
    """Build and list the images that submissions run in."""


@images.command("build")
@click.argument("names", nargs=-1)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(list(PURPOSES)),
    default="runs",
    show_default=True,
    help="Which set to build when no NAMES are given: what every host needs, that and the services of "
    "docker-compose.yml (tagged `current`), what challenges may name, or all.",
)
@click.option(
    "--current",
    "is_current",
    is_flag=True,
    help="Tag them `current` for docker-compose.yml, as sets with its services are anyway.",
)
def images_build(names: tuple[str, ...], purpose: str, *, is_current: bool) -> None:
    """Build the images that are missing; unchanged ones are skipped."""
    settings, steps = Settings.from_env(), Steps()
    with ensure_engine(steps, settings):
        references = ensure_images(steps, settings, names or image_names(settings, purpose))
        if is_current or "compose" in PURPOSES[purpose]:
            tag_current(settings, references)
    for name, image in references.items():
        click.echo(f"{name}\t{image}")


@images.command("list")
def images_list() -> None:
    """List every image, whether it is built, and its size."""
    for state in image_states(Settings.from_env()):
        click.echo(f"{state.name:19} {state.reference:41} {_size(state):>12}  {state.about}")


def _size(state: ImageState) -> str:
    if state.size_bytes is not None:
        return f"{state.size_bytes / 1e6:.0f} MB"
    return "not built" if state.megabytes is None else f"takes {state.megabytes} MB"


@images.command("prune")
def images_prune() -> None:
    """Remove images of ours whose inputs have changed since they were built."""
    removed = remove_outdated(Settings.from_env())
    click.echo("\n".join(removed) or "Nothing to remove.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def prune(*, dry_run: bool) -> None:
    """Throw away stored bytes that nothing has named for a week; safe while everything runs."""
    ports = bootstrap.control_plane(Settings.from_env())
    waste = pruning.measure_waste(ports) if dry_run else pruning.prune(ports)
    verb = "Would free" if dry_run else "Freed"
    click.echo(f"{verb} {waste.bytes / 1e6:.1f} MB in {waste.files} files.")
