"""The clock tells webhooks what is due, and nobody who is told slowly holds up what was lost."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from audition.adapters.memory import FixedClock, MemoryQueue
from audition.domain.people import Principal, PrincipalKind, Role
from audition.domain.submission import State
from audition.domain.webhook import DeliveryState, Topic
from audition.ports import Ports
from audition.services.manage_webhooks import add_webhook, read_deliveries
from audition.services.transition import transition
from audition.worker.clock import tick_forever
from tests import factories as make
from tests.web.world import make_ports, settings_for

#: More than anything here takes; a wait that ends by it is a failure.
PATIENCE_SECONDS = 120.0
OLGA = Principal(
    kind=PrincipalKind.STAFF,
    subject_id="usr_1",
    name="Olga",
    session_id="ses_1",
    roles=frozenset({Role.OPERATOR}),
)


class Queue(MemoryQueue):
    """Says when the first hint comes."""

    def __init__(self) -> None:
        super().__init__()
        self.was_hinted = threading.Event()

    def enqueue(self, kind: str, run_id: str, fence: int) -> None:
        """Take the hint, and say so."""
        super().enqueue(kind, run_id, fence)
        self.was_hinted.set()


class SlowReceiver(HTTPServer):
    """Takes a message, and answers when it is let."""

    was_asked: threading.Event
    may_answer: threading.Event


class _Handler(BaseHTTPRequestHandler):
    server: SlowReceiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.was_asked.set()
        self.server.may_answer.wait(PATIENCE_SECONDS)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[SlowReceiver]:
    server = SlowReceiver(("127.0.0.1", 0), _Handler)
    server.was_asked, server.may_answer = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.may_answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def ports(queue: Queue) -> Ports:
    made = make_ports(FixedClock(make.NOW), queue)
    with made.unit_of_work() as uow:
        uow.people.add_staff(make.make_staff())
        make.store_run(uow, State.GRADING)
        uow.commit()
    return made


@pytest.fixture
def stop(ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The clock, at work; set it to end that."""
    monkeypatch.setattr("audition.worker.clock.logs.configure", lambda _: None)
    settings = settings_for(tmp_path, reconcile_seconds=0.01, webhook_networks="127.0.0.0/8")
    stopping = threading.Event()
    clock = threading.Thread(target=tick_forever, args=(ports, settings, stopping))
    clock.start()
    yield stopping
    _wait_for_the_end(stopping)
    clock.join(PATIENCE_SECONDS)
    assert not clock.is_alive()


def test_what_was_lost_does_not_wait_for_somebody_who_is_told(
    ports: Ports, queue: Queue, receiver: SlowReceiver, stop: threading.Event
) -> None:
    hook = add_webhook(ports, OLGA, f"http://127.0.0.1:{receiver.server_port}/", frozenset({Topic.GRADED}))
    with ports.unit_of_work() as uow:
        submission = uow.submissions.get("sub_1")
        transition(uow, submission, State.GRADED, actor="worker", reason="Done.", at=make.NOW)
        uow.commit()
    assert receiver.was_asked.wait(PATIENCE_SECONDS)
    # The receiver has the message and does not answer; now the queue forgets what it knew.
    queue.waiting.clear()
    queue.was_hinted.clear()
    with ports.unit_of_work() as uow:
        uow.submissions.add(make.make_submission(id="sub_2"))
        uow.runs.add(make.make_run(id="run_2", submission_id="sub_2"))
        uow.commit()
    assert queue.was_hinted.wait(PATIENCE_SECONDS)
    assert queue.waiting == [("execute", "run_2", 0)]
    assert read_deliveries(ports, OLGA, hook.id)[1][0].state == DeliveryState.WAITING
    receiver.may_answer.set()
    _wait_for_the_end(stop)
    assert read_deliveries(ports, OLGA, hook.id)[1][0].state == DeliveryState.DELIVERED


def _wait_for_the_end(stop: threading.Event) -> None:
    """Let the clock end: what it has begun it ends first."""
    stop.set()
    for thread in [t for t in threading.enumerate() if t.name == "webhooks"]:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
