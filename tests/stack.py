"""A whole running Audition, for measurements and browsers: real web, queue, worker and clock on a free port."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audition import bootstrap
from audition.catalog.read import ChallengeFolder, read_challenge
from audition.cli.client import Client
from audition.cli.stack import Host, start_processes
from audition.domain.people import Role
from audition.domain.probe_plan import Pace
from audition.domain.run import Stage
from audition.host.processes import Processes
from audition.host.steps import Steps
from audition.ports import Ports
from audition.services.add_staff import add_staff
from audition.services.publish import publish
from audition.settings import Settings
from tests.ports import free_port

SLUG = "credit-scoring"
OPERATOR = "op@stack.example"
PASSWORD = "correct horse battery staple"
#: Pure Python and quick: what is measured is the platform, not the candidate.
_PREDICT = """\
import csv
rows = csv.DictReader(open("/in/test.csv"))
with open("/out/predictions.csv", "w") as out:
    out.write("id,probability_of_default\\n")
    out.writelines(f"{row['id']},0.5\\n" for row in rows)
"""


def trivial_archive() -> bytes:
    """The smallest submission that is accepted."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("predict.py", _PREDICT)
    return buffer.getvalue()


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What is running, and somebody with every right on it."""

    settings: Settings
    ports: Ports
    images: dict[str, str]
    staff: Client

    def candidate(self, name: str) -> Client:
        """Somebody new who has started."""
        body = {"challenge": SLUG, "email": f"{name}@stack.example", "name": name}
        invitation = self.staff.post("/invitations", body)
        session = Client(self.staff.url).post("/invitations/start", {"token": invitation["token"]})
        return Client(self.staff.url, session["token"])


def without_linters(challenge: ChallengeFolder) -> ChallengeFolder:
    """The challenge with four stages and the graders that judge what those leave: what the figures are taken of.

    Linters and services take as long as they take; with them a figure would say nothing about the platform.
    """
    stages = (Stage.UNPACK, Stage.PREDICT, Stage.SCORE, Stage.JUDGE)
    graders = ("model-quality", "output-format", "dockerfile")
    return replace(challenge, manifest=replace(challenge.manifest, stages=stages, graders=graders))


def in_a_hurry(challenge: ChallengeFolder, *slow: Stage) -> ChallengeFolder:
    """The challenge at the pace of tests: images are built once, measurements are short, slow stages are left out.

    Its own models do not predict.

    Args:
        challenge: As it is.
        slow: Of the stages that take minutes, `exercise` and `drift`, those that are kept.
    """
    pace = Pace(
        cost_requests=50, cost_windows=2, level_seconds=1.0, step_seconds=1.0, steps=2, burst_seconds=1.0
    )
    manifest = challenge.manifest
    left_out = {Stage.EXERCISE, Stage.DRIFT} - set(slow)
    stages = tuple(stage for stage in manifest.stages if stage not in left_out)
    detail = replace(manifest.detail, samples=())
    return replace(
        challenge, manifest=replace(manifest, pace=pace, rebuilds=False, stages=stages, detail=detail)
    )


@contextmanager
def running_stack(
    folder: Path, change: Callable[[ChallengeFolder], ChallengeFolder] = lambda same: same, **choices: Any
) -> Iterator[Stack]:
    """Start everything in a folder of its own, with the challenge published.

    Args:
        folder: Where everything that grows is kept.
        change: What is done to the challenge before it is published.
        choices: Settings.
    """
    port = free_port()
    settings = replace(
        Settings.from_env(),
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'audition.db'}",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        upload_rate="100000 per hour",
    )
    settings = replace(settings, **choices)
    bootstrap.migrate(settings)
    images = bootstrap.image_references(settings)
    ports = bootstrap.control_plane(settings)
    runner = bootstrap.runner(settings, bootstrap.equipment(settings, images), slot=999)
    publish(runner, "test", change(read_challenge(settings.challenges_dir / SLUG)))
    add_staff(ports, "test", email=OPERATOR, name="Op", password=PASSWORD, roles={Role.OPERATOR})
    with Processes(folder / "logs") as processes:
        start_processes(Steps(), Host(settings=settings, images=images), processes)
        body = {"email": OPERATOR, "password": PASSWORD}
        token = Client(settings.public_url).post("/tokens", body)["token"]
        yield Stack(settings=settings, ports=ports, images=images, staff=Client(settings.public_url, token))
