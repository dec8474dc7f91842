"""The real pipeline in one process: real database, blobs, containers; the test is the worker."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import cast

from audition import bootstrap
from audition.adapters.blobs import FolderBlobs
from audition.adapters.clock import SystemClock
from audition.adapters.docker.translate import RUNC
from audition.adapters.memory import MemoryMailer, MemoryQueue, PlainPasswords
from audition.adapters.sql.engine import make_engine
from audition.adapters.sql.migrations import upgrade
from audition.adapters.sql.unit_of_work import sql_storage
from audition.adapters.tokens import RandomTokens
from audition.catalog.read import ChallengeFolder
from audition.domain.challenge import ChallengeVersion
from audition.domain.execution import Profile
from audition.domain.people import Principal, PrincipalKind, Role
from audition.domain.report import Report
from audition.domain.submission import Submission
from audition.host.recipes import read_bases
from audition.ports import Ports, Sandbox
from audition.services.compose_report import compose_report
from audition.services.execute import execute_run, grade_run
from audition.services.invite import invite
from audition.services.publish import publish
from audition.services.runner import Runner
from audition.services.sign_in import identify, sign_in_candidate
from audition.services.submit import Upload, submit
from audition.settings import Settings
from tests.turns import Undisturbed

REVIEWER = Principal(
    kind=PrincipalKind.STAFF,
    subject_id="usr_test",
    name="Reviewer",
    session_id="ses_test",
    roles=frozenset({Role.OPERATOR}),
)


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A whole Audition without web, and the queue that its worker takes hints from."""

    runner: Runner
    queue: MemoryQueue

    @property
    def ports(self) -> Ports:
        """The control plane."""
        return self.runner.ports

    def publish(self, folder: ChallengeFolder) -> ChallengeVersion:
        """Publish a challenge for real."""
        return publish(self.runner, "test", folder)

    def candidate(self, slug: str, email: str = "carol@example.org") -> Principal:
        """Invite somebody and let them start."""
        _, secret = invite(self.ports, "test", slug=slug, email=email, name="Carol")
        session = sign_in_candidate(self.ports, secret)
        principal = identify(self.ports, session, is_api=False)
        assert principal is not None
        return principal

    def submit(self, candidate: Principal, archive: bytes, name: str = "solution.zip") -> Submission:
        """Upload an archive; nothing runs yet."""
        return submit(self.ports, candidate, Upload(stream=BytesIO(archive), name=name))

    def work(self) -> None:
        """Do what the queue hints at until it is empty."""
        verbs = {"execute": execute_run, "grade": grade_run}
        while hint := self.queue.take():
            kind, run_id, fence = hint
            verbs[kind](self.runner, run_id, fence)
            self.queue.done(hint)

    def run(self, candidate: Principal, archive: bytes) -> tuple[Submission, Report]:
        """Upload, work, and return how it ended."""
        submission = self.submit(candidate, archive)
        self.work()
        with self.ports.unit_of_work() as uow:
            ended = uow.submissions.get(submission.id)
        return ended, compose_report(self.ports, REVIEWER, submission.id)


@functools.cache
def _runtimes(wanted: str) -> Mapping[Profile, str]:
    settings = replace(Settings.from_env(), runtime=RUNC if wanted == "auto" else wanted)
    return bootstrap.runtimes(settings, bootstrap.image_references(settings))


def make_pipeline(
    folder: Path, images: Mapping[str, str], slot: int = 0, runtime: str | None = None
) -> Pipeline:
    """Set one up in a folder of its own.

    Args:
        folder: For its data.
        images: Name to reference.
        slot: Of the worker that it is.
        runtime: Like AUDITION_RUNTIME, but that "auto" is runc, which every host has and which is faster.
    """
    settings = Settings.from_env()
    queue = MemoryQueue()
    url = f"sqlite:///{folder / 'audition.db'}"
    engine = make_engine(url)
    upgrade(engine)
    ports = Ports(
        unit_of_work=sql_storage(engine, queue),
        blobs=FolderBlobs(folder / "blobs"),
        queue=queue,
        clock=SystemClock(),
        tokens=RandomTokens(),
        passwords=PlainPasswords(),
        mailer=MemoryMailer(),
    )
    own = replace(settings, database_url=url, data_dir=folder)
    sandbox = bootstrap.sandbox(own, slot, _runtimes(runtime or settings.runtime))
    runner = Runner(
        ports=ports,
        sandbox=cast(Sandbox, Undisturbed(sandbox)),
        images=images,
        worker=f"test/{slot}",
        slot=slot,
        facts=sandbox.facts(),
        image_limits=bootstrap.image_limits(settings),
        warm_imports=bootstrap.warm_imports(settings),
        bases=read_bases(settings.images_dir),
    )
    return Pipeline(runner=runner, queue=queue)
