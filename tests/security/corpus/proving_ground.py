"""A small challenge on the real engine that attacks are run against, and what one of them leaves behind."""

import io
import json
import os
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audition import codec
from audition.domain.challenge import Area, ChallengeVersion, DataFile
from audition.domain.evidence import ArtifactKind, RunEvidence
from audition.domain.execution import Limits
from audition.domain.people import AuditEntry, Principal, PrincipalKind
from audition.domain.report import Report
from audition.domain.run import Run, Stage
from audition.domain.submission import State, Submission
from audition.ports import Ports
from audition.services.compose_report import compose_report
from audition.services.containers import expected_specs
from audition.services.redact import for_candidate
from audition.services.stock import _NOBODY
from tests import factories
from tests.pipeline import REVIEWER, Pipeline, make_pipeline

ROWS = 60
#: In the answers only. Attacks look for it by its parts, so that no archive holds it whole.
CANARY = "answer-canary-58c1e0"
CANARY_PARTS = ("answer-canary", "-58c1e0")
#: In the environment of the worker only.
SECRET = "worker-secret-93bf77"
SECRET_PARTS = ("worker-secret", "-93bf77")
#: Slots that nothing else on this host uses, not even this suite in another checkout: their user ids tell our
#: processes from those of others.
SLOT = 500 + os.getpid() % 120 * 4
CONTROL_SLOT = SLOT + 1
_QUICK, _PATIENT = "inv_quick", "inv_patient"

#: An honest submission of middling quality; many attacks end with it, to look innocent.
HONEST = """
import csv
with open("/in/test.csv") as source, open("/out/predictions.csv", "w") as sink:
    sink.write("id,probability\\n")
    for row in csv.DictReader(source):
        sink.write(f"{row['id']},{float(row['a']) / 100}\\n")
"""
LIMITS = Limits(
    memory_bytes=192 << 20,
    pids=48,
    scratch_bytes=4 << 20,
    scratch_inodes=256,
    output_bytes=8 << 20,
    output_inodes=64,
    log_bytes=64 << 10,
    flood_bytes=1 << 20,
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Everything that is known of a submission that has ended."""

    submission: Submission
    run: Run
    report: Report
    seen: Report
    """The report as its candidate sees it."""
    audit: tuple[AuditEntry, ...]
    evidence: RunEvidence | None
    stdout: str
    stderr: str

    @property
    def quality(self) -> float | None:
        """The metric on the hidden answers; None when it could not be measured."""
        return next((metric.value for metric in self.report.metrics), None)

    @property
    def said(self) -> str:
        """All that we say about it: reasons, messages, findings."""
        findings = [f.sentence for f in self.report.findings]
        grades = [g.invalid_output + g.note for g in self.report.grades]
        stages = [s.message for s in self.report.stages]
        refused = self.evidence.refused_outputs if self.evidence else ()
        return "\n".join([self.submission.state_reason, *stages, *findings, *grades, *refused])

    @property
    def printed(self) -> Any:
        """What it printed as JSON."""
        return json.loads(self.stdout)


def packed(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


class Ground:
    """A pipeline of its own with the challenge in it."""

    def __init__(
        self, folder: Path, images: Mapping[str, str], slot: int, runtime: str | None = None
    ) -> None:
        """Make the database and store the challenge twice: with four seconds to predict, and with forty."""
        self.folder = folder
        self.slot = slot
        self.pipeline: Pipeline = make_pipeline(folder, images, slot, runtime)
        self.versions = {
            _QUICK: _store(self.ports, _QUICK, seconds=4.0),
            _PATIENT: _store(self.ports, _PATIENT, seconds=40.0),
        }

    @property
    def ports(self) -> Ports:
        """The control plane."""
        return self.pipeline.ports

    @property
    def instance(self) -> str:
        """The label of everything that this pipeline starts."""
        sweeper = self.pipeline.runner.sandbox._sweeper  # type: ignore[attr-defined]
        return str(sweeper._instance)

    def hidden_digests(self) -> frozenset[str]:
        """Blobs that hold answers."""
        return frozenset(f.digest for v in self.versions.values() for f in v.files_in(Area.PRIVATE))

    def stock(self) -> None:
        """Have containers wait for the next patient run."""
        specs = expected_specs(self.pipeline.runner, self.versions[_PATIENT], _NOBODY)
        until = time.monotonic() + 120
        while not self.pipeline.runner.sandbox.stock(specs, 1):
            # None is made just after one was taken.
            assert time.monotonic() < until, "no containers wait"
            time.sleep(0.1)

    def attack(self, archive: bytes, *, is_endless: bool = False) -> Outcome:
        """Submit an archive and see it through; an endless one gets four seconds."""
        who = principal(_QUICK if is_endless else _PATIENT)
        submission = self.pipeline.submit(who, archive)
        self.pipeline.work()
        return self.outcome(submission.id)

    def honest(self) -> float:
        """The metric of an honest submission, now."""
        outcome = self.attack(packed({"predict.py": HONEST}))
        assert outcome.submission.state == State.GRADED, outcome.said
        assert outcome.quality is not None, outcome.said
        return outcome.quality

    def outcome(self, submission_id: str) -> Outcome:
        """Read everything back from storage."""
        with self.ports.unit_of_work() as uow:
            submission = uow.submissions.get(submission_id)
            run = uow.runs.latest(submission_id)
            audit = uow.audit.about(submission_id)
            artifacts = uow.runs.artifacts(run.id)
        blobs = {a.kind: self.ports.blobs.get(a.digest) for a in artifacts if a.kind != ArtifactKind.OUTPUT}
        document = blobs.get(ArtifactKind.EVIDENCE)
        report = compose_report(self.ports, REVIEWER, submission_id)
        return Outcome(
            submission=submission,
            run=run,
            report=report,
            seen=for_candidate(report),
            audit=audit,
            evidence=codec.from_json(RunEvidence, document, what="evidence") if document else None,
            stdout=blobs.get(ArtifactKind.STDOUT, b"").decode(errors="replace"),
            stderr=blobs.get(ArtifactKind.STDERR, b"").decode(errors="replace"),
        )

    def close(self) -> None:
        """Leave nothing on the engine."""
        self.pipeline.runner.sandbox.clear()
        self.pipeline.runner.sandbox.sweep(lambda _run, _fence: True)


def principal(invitation_id: str = _PATIENT) -> Principal:
    """A candidate of the range."""
    return Principal(
        kind=PrincipalKind.CANDIDATE, subject_id=invitation_id, name="Eve", session_id=f"ses_{invitation_id}"
    )


def _store(ports: Ports, invitation_id: str, *, seconds: float) -> ChallengeVersion:
    manifest = factories.make_manifest(
        image="tabular",
        limits={Stage.PREDICT: replace(LIMITS, time_seconds=seconds)},
        unpacked_bytes=8 << 20,
        unpacked_entries=300,
    )
    files = tuple(
        DataFile(area=area, name=name, digest=ports.blobs.put(text.encode()), bytes=len(text))
        for area, name, text in _data()
    )
    version = factories.make_version(
        id=f"ver_{invitation_id}",
        number=int(seconds),
        digest=f"{int(seconds):064d}",
        manifest=manifest,
        manifest_digest=ports.blobs.put(codec.to_json(manifest)),
        files=files,
        kit_digest=ports.blobs.put(b"no kit"),
    )
    now = ports.clock.now()
    candidate = factories.make_candidate(id=f"can_{invitation_id}", email=f"{invitation_id}@example.org")
    invitation = factories.make_invitation(
        id=invitation_id,
        candidate_id=candidate.id,
        challenge_version_id=version.id,
        token_digest=f"{int(seconds):064d}",
        attempts=100_000,
        created_at=now,
        expires_at=now.replace(year=now.year + 1),
    )
    with ports.unit_of_work() as uow:
        uow.challenges.add(version)
        uow.people.add_candidate(candidate)
        uow.people.add_invitation(invitation)
        uow.commit()
    return version


def _data() -> tuple[tuple[Area, str, str], ...]:
    # The rows' labels follow `a`, with enough noise that an honest prediction is far from perfect.
    labels = {n: int((n * 7919 % 100) / 100 * 0.7 + n / ROWS * 0.5 > 0.6) for n in range(ROWS)}
    test = "id,a\n" + "".join(f"{n},{n}\n" for n in labels)
    answers = "id,defaulted,note\n" + "".join(f"{n},{label},{CANARY}\n" for n, label in labels.items())
    return (Area.PUBLIC, "test.csv", test), (Area.PRIVATE, "answers.csv", answers)
