"""The demo: the main job from nothing to reports, over the HTTP API as a real client would."""

import json
import os
import secrets
import time
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from audition import bootstrap
from audition.catalog.archive import read_files
from audition.catalog.read import ChallengeFolder
from audition.cli.author import find_challenge
from audition.cli.client import Client
from audition.cli.stack import Host, running_stack
from audition.domain.challenge import Manifest
from audition.domain.errors import ConflictError
from audition.domain.people import Role
from audition.domain.probe_plan import Pace
from audition.host.steps import Step, Steps
from audition.services.add_staff import add_staff
from audition.services.publish import publish
from audition.settings import Settings

_CHALLENGE = "credit-scoring"
#: Sample and the made-up person who submits it. They are graded one after the other: a report to look at comes at once,
#: a whole one some minutes later, and the one that takes longest while that is read.
_SAMPLES = {
    "nonzero_exit/raises": "Finley Failing",
    "accepted/reference": "Robin Reference",
    "accepted/golden": "Gale Golden",
    "accepted/baseline": "Bailey Baseline",
}
_OPERATOR = "operator@demo.example"
_WAIT_SECONDS = 1200.0
#: Images are built once, and services are looked at in a hurry: what is timed is noisier than in earnest.
_PACE = Pace(
    cost_requests=100, cost_windows=2, level_seconds=2.0, step_seconds=2.0, steps=3, burst_seconds=2.0
)


class _Memory:
    """What the demo did before, so that a second start does nothing twice; readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}

    def remember(self, key: str, value: object) -> None:
        self.known[key] = value
        fresh = self._path.with_suffix(".new")
        # Created for the owner only from the first moment: it holds a password.
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            json.dump(self.known, stream, indent=1)
        fresh.replace(self._path)


@click.command()
@click.option("--once", is_flag=True, help="Exit when the reports are there.")
def demo(*, once: bool) -> None:
    """Set everything up, run four sample submissions of a real challenge, and say where each report is."""
    started = time.monotonic()
    steps, settings = Steps(), Settings.from_env()
    folder = find_challenge(settings, _CHALLENGE)
    folder = replace(folder, manifest=replace(folder.manifest, pace=_PACE, rebuilds=False))
    with running_stack(steps, settings) as (host, processes):
        memory = _Memory(host.settings.data_dir / "demo.json")
        _publish(steps, host, folder, memory)
        staff = _sign_in(steps, host, memory)
        documents = _run_samples(steps, staff, folder, memory)
        _show(host, staff, documents, memory, folder.manifest, time.monotonic() - started)
        if not once:
            click.echo("\nThe site stays up until Ctrl-C.", err=True)
            processes.wait()


def _publish(steps: Steps, host: Host, folder: ChallengeFolder, memory: _Memory) -> None:
    content = _content(host, folder)
    with steps.step(f"publishing {_CHALLENGE}") as step:
        if memory.known.get("published") == content:
            step.skip()
            return
        runner = bootstrap.runner(host.settings, bootstrap.equipment(host.settings, host.images), slot=999)
        # Measuring the reference takes minutes; here it is submitted before those that are compared with it.
        version = publish(runner, "demo", folder, step.note)
        step.note(f"version {version.number}, {version.digest[:12]}")
        memory.remember("published", content)


def _content(host: Host, folder: ChallengeFolder) -> str:
    """What a publication is made of: the folder's files and the image that `prepare` runs on."""
    digest = sha256(host.images[folder.manifest.image].encode())
    for name, data in sorted(read_files(folder.path).items()):
        digest.update(name.encode() + b"\0" + sha256(data).digest())
    return digest.hexdigest()


def _sign_in(steps: Steps, host: Host, memory: _Memory) -> Client:
    with steps.step("staff account") as step:
        if "password" in memory.known:
            step.skip()
        else:
            password = secrets.token_urlsafe(18)
            memory.remember("password", password)
            ports = bootstrap.control_plane(host.settings)
            try:
                add_staff(
                    ports,
                    "demo",
                    email=_OPERATOR,
                    name="Demo operator",
                    password=password,
                    roles={Role.OPERATOR},
                )
            except ConflictError:
                step.skip("there already; its password is the one it was made with")
    if "token" not in memory.known:
        body = {"email": _OPERATOR, "password": memory.known["password"], "label": "demo"}
        memory.remember("token", Client(host.settings.public_url).post("/tokens", body)["token"])
    return Client(host.settings.public_url, memory.known["token"])


def _run_samples(
    steps: Steps, staff: Client, folder: ChallengeFolder, memory: _Memory
) -> dict[str, dict[str, Any]]:
    """Submit what was not submitted before, and see one after the other through."""
    with steps.step("submitting the samples") as step:
        known = {name: _submit(staff, folder, name, memory) for name in _SAMPLES}
        if not any(is_new for _, is_new in known.values()):
            step.skip()
        step.note(f"watch them at {staff.url}/sign-in as {_OPERATOR}, password {memory.known['password']}")
    documents = {}
    for name, (submission_id, _) in known.items():
        with steps.step(f"grading {name}") as step:
            documents[name] = _see_through(step, staff, submission_id)
    return documents


def _see_through(step: Step, staff: Client, submission_id: str) -> dict[str, Any]:
    """Wait for a report and release it; what happens meanwhile is said, and then what it is worth and where it is."""
    said: set[str] = set()

    def tell(document: dict[str, Any]) -> None:
        lines = [": ".join(filter(None, (at["stage"], at["message"]))) for at in document["stages"]]
        for line in lines if not document["is_settled"] else ():
            if line not in said:
                said.add(line)
                step.note(line)

    document = staff.wait(submission_id, _WAIT_SECONDS, tell)
    if document["state"] == "graded":
        document = staff.post(f"/submissions/{submission_id}/release")
    report = staff.get(f"/submissions/{submission_id}/report")
    score = "no score" if report["score"] is None else f"{_score(report)} of 100"
    step.note(f"{score}, {_ending(report, document)}: {_page(staff.url, document)}")
    return document


def _score(report: dict[str, Any]) -> str:
    return "-" if report["score"] is None else f"{100 * report['score']:.0f}"


def _ending(report: dict[str, Any], document: dict[str, Any]) -> str:
    return str(report["verdict"] or document["state"])


def _page(url: str, document: dict[str, Any]) -> str:
    return f"{url}/r/{document['id']}"


def _submit(staff: Client, folder: ChallengeFolder, name: str, memory: _Memory) -> tuple[str, bool]:
    """The submission of a sample, and whether it is new."""
    if name in memory.known:
        return memory.known[name], False
    person = _SAMPLES[name]
    address = f"{person.lower().replace(' ', '.')}@demo.example"
    body = {"challenge": _CHALLENGE, "email": address, "name": person}
    invitation = staff.post("/invitations", body)
    session = Client(staff.url).post("/invitations/start", {"token": invitation["token"]})
    candidate = Client(staff.url, session["token"])
    sample = next(sample for sample in folder.samples if sample.name == name)
    archive_name = f"{name.replace('/', '-')}.zip"
    submission = candidate.submit(sample.pack(), archive_name, key=invitation["id"])
    memory.remember(f"link {name}", invitation["link"])
    memory.remember(name, submission["id"])
    return submission["id"], True


def _show(  # noqa: PLR0913  all that is told
    host: Host,
    staff: Client,
    documents: dict[str, dict[str, Any]],
    memory: _Memory,
    manifest: Manifest,
    seconds: float,
) -> None:
    stages = [stage.value for stage in manifest.stages]
    table = Table("submission", "score", "verdict", *(f"{stage} s" for stage in stages), "report")
    for name, document in documents.items():
        report = staff.get(f"/submissions/{document['id']}/report")
        times = _stage_seconds(report)
        table.add_row(
            name,
            _score(report),
            _ending(report, document),
            *(times.get(stage, "-") for stage in stages),
            _page(staff.url, document),
        )
    Console(width=None if Console().is_terminal else 200).print(table)
    click.echo(f"Sign in at {host.settings.public_url}/sign-in as {_OPERATOR}")
    click.echo(f"password: {memory.known['password']}")
    click.echo(f"A candidate's own view: {memory.known['link accepted/reference']}")
    click.echo(f"Done in {seconds:.1f} s.", err=True)


def _stage_seconds(report: dict[str, Any]) -> dict[str, str]:
    def seconds(stage: dict[str, Any]) -> str:
        if not stage["finished_at"]:
            return "-"
        started = datetime.fromisoformat(stage["started_at"])
        return f"{(datetime.fromisoformat(stage['finished_at']) - started).total_seconds():.2f}"

    return {stage["stage"]: seconds(stage) for stage in report["stages"]}
