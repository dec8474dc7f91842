"""Family J and what else needs no hostile code: many requests, cancelling, addresses in fields."""

import io
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audition.domain.errors import AuditionError, ConflictError
from audition.domain.run import Stage, Verdict
from audition.domain.submission import State, Submission
from audition.services.cancel import cancel
from audition.services.submit import Upload, submit
from audition.settings import REPO_DIR
from tests.pipeline import Pipeline
from tests.security.corpus.aftermath import Watch
from tests.security.corpus.proving_ground import HONEST, Ground, packed, principal
from tests.web.clients import bearer, browser_of, post
from tests.web.world import World, make_world

_SLOW = "import time\ntime.sleep(3)\n" + HONEST
_WAIT_SECONDS = 120.0


@pytest.mark.docker
class TestRequests:
    """Over the real database."""

    @pytest.fixture
    def quiet(self, ground: Ground) -> Iterator[Ground]:
        """What is submitted here is cancelled in the end, so that it keeps nobody from submitting."""
        yield ground
        with ground.ports.unit_of_work() as uow:
            waiting = uow.submissions.in_states([State.QUEUED])
        for submission in waiting:
            cancel(ground.ports, principal(), submission.id)
        ground.pipeline.work()

    def test_j01_one_key_a_hundred_times_is_one_submission_and_one_run(self, quiet: Ground) -> None:
        """All at once, from threads of their own."""

        def send(_: int) -> str:
            upload = Upload(
                stream=io.BytesIO(packed({"predict.py": HONEST})), name="a.zip", idempotency_key="same"
            )
            return submit(quiet.ports, principal(), upload).id

        with ThreadPoolExecutor(max_workers=20) as pool:
            ids = set(pool.map(send, range(100)))

        assert len(ids) == 1
        with quiet.ports.unit_of_work() as uow:
            mine = [
                s
                for s in uow.submissions.of_invitation(principal().subject_id)
                if s.idempotency_key == "same"
            ]
            assert [s.id for s in mine] == list(ids)
            assert uow.runs.latest(mine[0].id).number == 1

    def test_j02_a_flood_is_one_submission_and_the_rest_are_told_why(self, quiet: Ground) -> None:
        """Different keys, so each asks to be one of its own."""
        said: Counter[str] = Counter()

        def send(number: int) -> None:
            upload = Upload(stream=io.BytesIO(b"PK"), name="a.zip", idempotency_key=f"flood-{number}")
            try:
                submit(quiet.ports, principal(), upload)
                said["accepted"] += 1
            except AuditionError as error:
                said[error.code] += 1

        with ThreadPoolExecutor(max_workers=10) as pool:
            list(pool.map(send, range(200)))

        assert said == {"accepted": 1, "attempt-in-progress": 199}


@pytest.mark.docker
@pytest.mark.slow
class TestCancelling:
    """J04: whenever it comes, the end is clean and nothing is left."""

    def _started(self, pipeline: Pipeline, submission: Submission, stage: Stage) -> bool:
        with pipeline.ports.unit_of_work() as uow:
            run = uow.runs.latest(submission.id)
            return any(record.stage == stage for record in uow.runs.stages(run.id))

    def _cancel_at(self, ground: Ground, submission: Submission, stage: Stage) -> bool:
        """Cancel as soon as a stage has begun; false when that came too late."""
        until = time.monotonic() + _WAIT_SECONDS
        while not self._started(ground.pipeline, submission, stage) and time.monotonic() < until:
            time.sleep(0.01)
        try:
            cancel(ground.ports, principal(), submission.id)
        except ConflictError:
            return False
        return True

    @pytest.mark.parametrize("stage", [Stage.UNPACK, Stage.PREDICT, Stage.SCORE, Stage.JUDGE])
    def test_j04_at_every_stage(self, ground: Ground, watch: Watch, stage: Stage) -> None:
        """Before the evidence is complete it is cancelled; afterwards the request comes too late."""
        with watch.over() as troubles:
            submission = ground.pipeline.submit(principal(), packed({"predict.py": _SLOW}))
            worker = threading.Thread(target=ground.pipeline.work)
            worker.start()
            is_in_time = self._cancel_at(ground, submission, stage)
            worker.join(_WAIT_SECONDS)
            outcome = ground.outcome(submission.id)

        assert troubles == []
        assert is_in_time == (stage in {Stage.UNPACK, Stage.PREDICT})
        assert outcome.submission.state == (State.CANCELLED if is_in_time else State.GRADED)
        assert outcome.run.verdict == (None if is_in_time else Verdict.ACCEPTED)
        ends = [e for e in outcome.audit if e.action.endswith(("->cancelled", "->graded"))]
        assert len(ends) == 1

    def test_j04_before_it_starts(self, ground: Ground, watch: Watch) -> None:
        """Its hint is still in the queue, and is worth nothing."""
        with watch.over() as troubles:
            submission = ground.pipeline.submit(principal(), packed({"predict.py": HONEST}))
            cancel(ground.ports, principal(), submission.id)
            ground.pipeline.work()
            outcome = ground.outcome(submission.id)

        assert troubles == []
        assert outcome.submission.state == State.CANCELLED
        assert outcome.report.stages == ()


class TestAddresses:
    """D06: nothing that a person may send makes the platform call an address."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        """A site."""
        return make_world(tmp_path)

    @pytest.fixture
    def trap(self) -> Iterator[tuple[str, list[str]]]:
        """A listener on this host, and who has called it."""
        callers: list[str] = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.1)
            done = threading.Event()

            def listen() -> None:
                while not done.is_set():
                    try:
                        connection, address = server.accept()
                    except TimeoutError:
                        continue
                    callers.append(str(address))
                    connection.close()

            thread = threading.Thread(target=listen)
            thread.start()
            yield f"http://127.0.0.1:{server.getsockname()[1]}/", callers
            done.set()
            thread.join()

    def test_d06_addresses_in_fields_are_text(self, world: World, trap: tuple[str, list[str]]) -> None:
        """Names that other platforms give to fields that they fetch, and fields of ours."""
        url, callers = trap
        fields = dict.fromkeys(
            ("url", "repo_url", "callback", "webhook", "source", "git", "name", "key"), url
        )
        headers = bearer(world, "carol")
        api, client = world.client(), browser_of(world, "carol")
        api.post(
            "/api/v1/submissions", json=fields, headers={**headers, "X-Forwarded-Host": url, "Origin": url}
        )
        api.post(f"/api/v1/submissions?name={url}&url={url}", data=b"PK", headers=headers)
        post(client, "/c/submit", **fields)
        post(client, "/c/submit", archive=(io.BytesIO(json.dumps(fields).encode()), url), **fields)
        post(
            browser_of(world, "bob"),
            "/a/invitations",
            challenge="credit-scoring",
            email="a@example.org",
            **fields,
        )
        time.sleep(0.3)

        assert callers == []


def test_b09_no_code_of_ours_changes_owners() -> None:
    """A recursive chown of a candidate's files is how a link to a host file became theirs elsewhere."""
    word = re.compile(r"\b(?:os\.l?chown|shutil\.chown|\bchown -R)\b")
    source = [*(REPO_DIR / "platform").rglob("*.py"), *(REPO_DIR / "graders").rglob("*.py")]
    named = [path.name for path in source if word.search(path.read_text(encoding="utf-8"))]

    assert len(source) > 100
    # The look from inside tries it, to see it refused.
    assert set(named) <= {"probe.py"}
