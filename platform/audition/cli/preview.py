"""Show a challenge as a candidate will see it: published into a data folder that is thrown away, and served here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from audition.catalog.read import ChallengeFolder
from audition.cli.proving import benches
from audition.cli.stack import check_port, wait_for_site
from audition.host.processes import Processes
from audition.host.steps import Steps
from audition.services.invite import invite
from audition.services.publish import publish
from audition.settings import Settings


@contextmanager
def previewed(folder: ChallengeFolder, settings: Settings, port: int) -> Iterator[tuple[str, Processes]]:
    """The link of an invitation to the challenge, while the site is up; nothing that is submitted there runs.

    Args:
        folder: The challenge.
        settings: The operator's choices.
        port: Of the site, on this machine.

    Raises:
        HostError: The port is taken, or the site does not start.
    """
    settings = replace(
        settings, host="127.0.0.1", port=port, public_url=f"http://127.0.0.1:{port}", web_processes=1
    )
    check_port(settings)
    steps = Steps()
    with benches(steps, settings, folder.manifest.image, 1) as (own, [bench]):
        with steps.step("building the version") as step:
            publish(bench.runner, "preview", folder, step.note)
        slug = folder.manifest.slug
        _, secret = invite(bench.ports, "preview", slug=slug, email="you@preview.invalid", name="You")
        with Processes(own.data_dir / "logs") as processes:
            with steps.step(f"web on {own.public_url}"):
                argv = [sys.executable, "-P", "-m", "audition", "serve"]
                processes.start("web", argv, own.environment())
                wait_for_site(own, processes)
            yield f"{own.public_url}/i/{secret}", processes
