"""A world for services: a challenge, a candidate, staff, and a worker on a fake sandbox that plays a good run.

The programs of the stages can be replaced one by one: `world.sandbox.programs["predict"] = …`.
"""

import io
from dataclasses import dataclass, field, replace
from hashlib import sha256

from audition import codec
from audition.adapters.memory import (
    FixedClock,
    MemoryBlobs,
    MemoryDatabase,
    MemoryMailer,
    MemoryQueue,
    PlainPasswords,
    SeededTokens,
    memory_storage,
)
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import FakeEngine, FakeSandbox, Program
from audition.domain.challenge import Area, DataFile, Manifest
from audition.domain.contract import CollectedFile, Collection, Contract, Entry, Inventory
from audition.domain.drawn import Drawn
from audition.domain.evidence import Artifact
from audition.domain.grade import Dimension, Grade, GradeSheet, Outcome
from audition.domain.image import ImageEvidence, LayerFacts
from audition.domain.people import Principal, PrincipalKind, Role
from audition.domain.run import Run, Stage, StageRecord
from audition.domain.submission import State, Submission
from audition.ports import Ports
from audition.services.execute import execute_run, grade_run
from audition.services.reconcile import reconcile
from audition.services.runner import Runner
from audition.services.submit import Upload, submit
from tests import factories

IMAGES = {name: f"audition/{name}:1" for name in ("grader", "tabular", "notebook", "linters")}
INVENTORY = Inventory(
    contract=Contract(predict=("python", "predict.py")),
    entries=(Entry(path="predict.py", bytes=20),),
    total_bytes=20,
)
PREDICTIONS = b"id,probability\n1,0.5\n"

CAROL = Principal(kind=PrincipalKind.CANDIDATE, subject_id="inv_1", name="Carol", session_id="ses_c")
ALICE = Principal(
    kind=PrincipalKind.STAFF,
    subject_id="usr_1",
    name="Alice",
    session_id="ses_a",
    roles=frozenset({Role.REVIEWER}),
)


def keeps(
    inventory: Inventory = INVENTORY,
    *,
    refusals: tuple[str, ...] = (),
    lies: bool = False,
    is_full: bool = False,
) -> Program:
    """The keeper: says the inventory, and on a signal the collection of /out.

    Args:
        inventory: What it says at first.
        refusals: Why other files in /out were left.
        lies: Announce digests that the bytes do not have.
        is_full: Whether it found no room left in /out.
    """

    def play(inside: Inside) -> int:
        inside.print(codec.to_json(inventory) + b"\n")
        inside.await_signal()
        collects(inside, "out", refusals=refusals, lies=lies, is_full=is_full)
        inside.await_signal()
        return 0

    return play


def collects(
    inside: Inside, volume: str, *, refusals: tuple[str, ...] = (), lies: bool = False, is_full: bool = False
) -> None:
    """What the keeper says of a volume; see `keeps`."""
    files = sorted(inside.read(volume).items())
    collection = Collection(
        files=tuple(
            CollectedFile(
                name=name,
                bytes=len(data),
                sha256="0" * 64 if lies else sha256(data).hexdigest(),
            )
            for name, data in files
        ),
        refusals=refusals,
        is_full=is_full,
    )
    inside.print(codec.to_json(collection) + b"\n" + b"".join(data for _, data in files))


def predicts(inside: Inside) -> int:
    """The candidate's program: half a second, one file, a few words."""
    inside.sleep(0.5)
    inside.write("out", "predictions.csv", PREDICTIONS)
    inside.print(b"model loaded\n")
    inside.complain(b"a warning\n")
    return 0


def looks_at_layers(inside: Inside) -> int:
    """The container that is shown an image: a layer of ours and one of the candidate's."""
    inside.read_line()
    layers = (LayerFacts(bytes=9, files=1, is_base=True), LayerFacts(bytes=5, files=2))
    inside.print(codec.to_json(ImageEvidence(layers=layers, app_bytes=5)) + b"\n")
    return 0


def draws(inside: Inside) -> int:
    """The container that draws what people should read."""
    inside.print(codec.to_json(Drawn(html="<p>cell</p>")) + b"\n")
    return 0


def grades(*sheet: Grade, seconds: dict[str, float] | None = None) -> Program:
    """A grader container that says this, and how long each grader took."""

    def play(inside: Inside) -> int:
        inside.print(codec.to_json(GradeSheet(grades=sheet, seconds=seconds or {})) + b"\n")
        return 0

    return play


def model_grade() -> Grade:
    """What the graders with answers say of an average model."""
    finding = factories.make_finding(
        check="model.metric.primary", outcome=Outcome.PARTIAL, points=5.25, max_points=10.0
    )
    return factories.make_grade(findings=(finding,))


def deployment_grade() -> Grade:
    """What the graders without answers say of its Dockerfile."""
    return factories.make_grade(
        grader="dockerfile",
        dimension=Dimension.DEPLOYMENT,
        findings=(factories.make_finding(outcome=Outcome.PASSED, points=2.0),),
        metrics=(),
        curves=(),
    )


def good_programs() -> dict[str, Program | None]:
    """A run in which everything goes well."""
    return {
        "unpack": keeps(),
        "image": looks_at_layers,
        "predict": predicts,
        "draw": draws,
        "score": grades(model_grade()),
        "judge": grades(deployment_grade()),
    }


def upload_of(data: bytes, key: str | None = None, *, is_practice: bool = False) -> Upload:
    """An upload of these bytes."""
    return Upload(stream=io.BytesIO(data), name="solution.zip", idempotency_key=key, is_practice=is_practice)


@dataclass(kw_only=True)
class World:
    """Everything, and verbs that make tests read as sentences."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(factories.NOW))
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    sandbox: FakeSandbox = field(init=False)
    ports: Ports = field(init=False)
    runner: Runner = field(init=False)
    manifest: Manifest = field(default_factory=factories.make_manifest)
    is_empty: bool = False
    """Whether the challenge and its people are left out."""
    reference: bytes = b""
    """The archive that services are compared with; empty when there is none."""
    carol: Principal = CAROL
    alice: Principal = ALICE

    def __post_init__(self) -> None:
        """Wire everything."""
        engine = FakeEngine(images={ref: f"sha256:{name}" for name, ref in IMAGES.items()})
        self.sandbox = FakeSandbox(good_programs(), engine=engine)
        self.ports = Ports(
            unit_of_work=memory_storage(self.database, self.queue),
            blobs=self.blobs,
            queue=self.queue,
            clock=self.clock,
            tokens=SeededTokens(),
            passwords=PlainPasswords(),
            mailer=MemoryMailer(),
        )
        self.runner = self.worker("worker-a")
        if not self.is_empty:
            self._fill()

    def _fill(self) -> None:
        files = tuple(
            DataFile(area=area, name=name, digest=self.blobs.put(data), bytes=len(data))
            for area, name, data in (
                (Area.PUBLIC, "test.csv", b"id,a\n1,2\n"),
                (Area.PUBLIC, "train.csv", b"id,a,defaulted\n2,3,0\n"),
                (Area.PRIVATE, "answers.csv", b"id,defaulted\n1,1\n"),
            )
        )
        if data := self.reference:
            own = DataFile(
                area=Area.REFERENCE, name="reference.zip", digest=self.blobs.put(data), bytes=len(data)
            )
            files = (*files, own)
        manifest = self.manifest
        version = factories.make_version(
            manifest=manifest,
            manifest_digest=self.blobs.put(codec.to_json(manifest)),
            files=files,
            kit_digest=self.blobs.put(b"kit"),
        )
        with self.ports.unit_of_work() as uow:
            uow.challenges.add(version)
            uow.people.add_candidate(factories.make_candidate())
            uow.people.add_invitation(factories.make_invitation())
            uow.people.add_staff(factories.make_staff())
            uow.commit()

    def worker(self, name: str) -> Runner:
        """Another worker on the same host."""
        return Runner(
            ports=self.ports,
            sandbox=self.sandbox,
            images=IMAGES,
            worker=name,
            facts={"engine": "fake"},
        )

    def submit(self, data: bytes = b"PK archive", key: str | None = None) -> Submission:
        """Carol uploads."""
        return submit(self.ports, self.carol, upload_of(data, key))

    def submit_practice(self) -> Submission:
        """Carol uploads what is only to be tried."""
        return submit(self.ports, self.carol, upload_of(b"PK archive", is_practice=True))

    def practise(self) -> Submission:
        """Carol tries whether hers works, and it is worked off."""
        submission = self.submit_practice()
        self.work()
        return self.submission(submission.id)

    def work_one(self, runner: Runner | None = None) -> bool:
        """A worker takes the oldest hint, if there is one, and works on it."""
        hint = self.queue.take()
        if hint is None:
            return False
        kind, run_id, fence = hint
        try:
            {"execute": execute_run, "grade": grade_run}[kind](runner or self.runner, run_id, fence)
        finally:
            if hint in self.queue.taken:
                self.queue.done(hint)
        return True

    def work(self) -> None:
        """Work until nothing waits."""
        while self.work_one():
            pass

    def graded(self) -> Submission:
        """Carol's submission, worked off."""
        submission = self.submit()
        self.work()
        return self.submission(submission.id)

    def reconcile(self) -> tuple[int, int]:
        """The clock ticks: (hinted, taken back)."""
        done = reconcile(self.ports, self.runner.max_losses)
        return done.hinted, done.taken_back

    def submission(self, submission_id: str) -> Submission:
        """As it is stored now."""
        with self.ports.unit_of_work() as uow:
            return uow.submissions.get(submission_id)

    def state(self, submission: Submission) -> State:
        """Where it is now."""
        return self.submission(submission.id).state

    def run(self, submission: Submission) -> Run:
        """Its newest run."""
        with self.ports.unit_of_work() as uow:
            return uow.runs.latest(submission.id)

    def grades(self, submission: Submission) -> tuple[Grade, ...]:
        """What is published of its newest run."""
        with self.ports.unit_of_work() as uow:
            return uow.grades.of_run(uow.runs.latest(submission.id).id)

    def stage(self, submission: Submission, stage: Stage) -> StageRecord:
        """How one stage of its newest run went."""
        run_id = self.run(submission).id
        with self.ports.unit_of_work() as uow:
            return next(record for record in uow.runs.stages(run_id) if record.stage == stage)

    def artifacts(self, submission: Submission) -> tuple[Artifact, ...]:
        """What its newest run left behind."""
        run_id = self.run(submission).id
        with self.ports.unit_of_work() as uow:
            return uow.runs.artifacts(run_id)

    def history(self, submission: Submission) -> list[str]:
        """The moves that the audit log knows."""
        with self.ports.unit_of_work() as uow:
            return [entry.action for entry in uow.audit.about(submission.id)]

    def set_version(self, **manifest: object) -> None:
        """Change the challenge's manifest in place, as only a test may."""
        version = self.database.tables.challenge_versions["ver_1"]
        changed = replace(version.manifest, **manifest)  # type: ignore[arg-type]
        digest = self.blobs.put(codec.to_json(changed))
        self.database.tables.challenge_versions["ver_1"] = replace(
            version, manifest=changed, manifest_digest=digest
        )
