"""Streams of events: what is seen is sent when it changes, to whom it belongs, and to only so many at once."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audition.domain.errors import NotFoundError
from audition.domain.submission import State
from audition.services import look_up
from audition.web import streaming
from audition.web.context import streams
from tests.web.clients import bearer, browser_of
from tests.web.world import World

PAGE = "/s/sub_running/events"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second."""
    monkeypatch.setattr(streaming, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(streaming, "_HEARTBEAT_SECONDS", 0.05)


@contextmanager
def looking(client: FlaskClient, path: str = PAGE, seen: str = "") -> Iterator[Iterator[dict[str, str]]]:
    """Each event as it comes: its fields by name, comments under the empty one."""
    with closing(client.get(path, headers={"Last-Event-ID": seen})) as answer:
        assert answer.status_code == 200
        yield events_of(answer)


def events_of(answer: TestResponse) -> Iterator[dict[str, str]]:
    text = ""
    for piece in answer.iter_encoded():
        text += piece.decode()
        while "\n\n" in text:
            whole, _, text = text.partition("\n\n")
            fields: dict[str, list[str]] = {}
            for line in whole.splitlines():
                name, _, value = line.partition(":")
                fields.setdefault(name, []).append(value.removeprefix(" "))
            yield {name: "\n".join(values) for name, values in fields.items()}


def settle(world: World) -> None:
    with world.ports.unit_of_work() as uow:
        uow.submissions.move("sub_running", State.RUNNING, State.ERRORED, "Lost.", world.clock.now())
        uow.commit()


def test_a_change_is_sent_and_the_last_one_ends_the_stream(busy_world: World) -> None:
    with looking(browser_of(busy_world, "carol")) as events:
        assert next(events) == {"retry": "3000"}
        first = next(events)
        assert first["event"] == "stage"
        assert "data-goes-on" in first["data"]
        assert next(events) == {"": "still here"}
        settle(busy_world)
        *others, last, close = list(events)
    assert all(other == {"": "still here"} for other in others)
    assert "Our fault" in last["data"]
    assert last["id"] != first["id"]
    assert close["event"] == "close"


def test_no_proxy_keeps_what_is_sent(busy_world: World) -> None:
    with closing(browser_of(busy_world, "carol").get(PAGE)) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == ("no-store", "no")


def test_who_comes_back_is_not_told_again_what_is_known(busy_world: World) -> None:
    client = browser_of(busy_world, "carol")
    with looking(client) as events:
        next(events)
        mark = next(events)["id"]
    with looking(client, seen=mark) as events:
        assert [next(events), next(events)] == [{"retry": "3000"}, {"": "still here"}]


def test_durations_are_sent_again_although_nothing_changed(
    busy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audition.web.candidate._TIMES_PASS", 0.03)
    with looking(browser_of(busy_world, "carol")) as events:
        next(events)
        assert next(events)["id"] == next(events)["id"]


def test_a_stream_ends_after_a_while_and_the_browser_comes_back(
    busy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_MOST_SECONDS", 0.1)
    with looking(browser_of(busy_world, "carol")) as events:
        assert "close" not in [event.get("event") for event in events]


def test_a_stream_does_not_hold_up_a_server_that_ends(
    busy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    told: list[int] = []
    monkeypatch.setattr(streaming, "_ending", threading.Event())
    monkeypatch.setattr(streaming, "_LOOK_SECONDS", 600.0)
    try:
        signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
        streaming.end_with_server()
        with looking(browser_of(busy_world, "carol")) as events:
            assert [next(events).keys(), next(events)["event"]] == [{"retry"}, "stage"]
            signal.raise_signal(signal.SIGTERM)
            assert list(events) == []
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told == [signal.SIGTERM]


def test_who_may_not_look_any_more_is_sent_nothing_more(
    busy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        msg = "There is no such submission."
        raise NotFoundError(msg)

    with looking(browser_of(busy_world, "carol")) as events:
        assert [next(events).keys(), next(events)["event"]] == [{"retry"}, "stage"]
        monkeypatch.setattr(look_up, "status", gone)
        assert list(events) == []


def test_only_so_many_look_on_and_the_others_are_told_to_ask(busy_world: World) -> None:
    client = browser_of(busy_world, "carol")
    with busy_world.app.app_context():
        slots = streams()
    taken = 0
    while slots.acquire(blocking=False):
        taken += 1
    assert taken == busy_world.app.extensions["audition"].settings.web_threads // 2
    assert client.get(PAGE).status_code == 204
    slots.release()
    for _ in range(3):
        answer = client.get(PAGE)
        assert answer.status_code == 200
        answer.close()


def test_a_program_follows_a_run(busy_world: World) -> None:
    client = busy_world.client()
    with closing(client.get("/api/v1/runs/run_failed/events", headers=bearer(busy_world, "carol"))) as answer:
        _, run, close = events_of(answer)
    assert json.loads(run["data"])["id"] == "run_failed"
    assert (run["event"], close["event"]) == ("run", "close")
    foreign = client.get("/api/v1/runs/run_failed/events", headers=bearer(busy_world, "dave"))
    assert foreign.status_code == 404
