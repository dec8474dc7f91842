"""A request that is sent twice with one key is done once."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from audition.domain.kept_answer import KeptAnswer
from audition.domain.people import Principal, PrincipalKind, Role
from audition.services.answer_once import reserve_key
from audition.web.api.routing import OPERATIONS
from tests.web.clients import bearer
from tests.web.test_access import API
from tests.web.test_api_verbs import narrowed, told
from tests.web.world import World

OVERRIDE = "/submissions/sub_graded/checks/dockerfile.exists/override"
BODY = {"points": 0, "reason": "It is empty."}
ALICE = Principal(
    kind=PrincipalKind.STAFF,
    subject_id="usr_alice",
    name="Alice",
    session_id="ses_1",
    roles=frozenset({Role.REVIEWER}),
)


def send(world: World, path: str, key: str = "key-1", body: Any = None, who: str = "alice") -> TestResponse:
    """POST with a key."""
    headers = bearer(world, who) | {"Idempotency-Key": key}
    return world.client().post(f"/api/v1{path}", json=body, headers=headers)


def overrides(world: World) -> int:
    """How often the check was changed."""
    place = "/api/v1/submissions/sub_graded/overrides"
    return len(told(world.client().get(place, headers=bearer(world, "alice")))["items"])


def test_the_same_key_gets_the_same_answer_and_nothing_is_done_again(busy_world: World) -> None:
    first, second = (send(busy_world, OVERRIDE, body=BODY) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert first.content_type == second.content_type
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (False, "true")
    assert overrides(busy_world) == 1


def test_another_key_is_another_request_and_so_is_no_key(busy_world: World) -> None:
    send(busy_world, OVERRIDE, "key-1", BODY)
    send(busy_world, OVERRIDE, "key-2", BODY)
    headers = bearer(busy_world, "alice")
    busy_world.client().post(f"/api/v1{OVERRIDE}", json=BODY, headers=headers)
    assert overrides(busy_world) == 3


def test_a_key_of_somebody_else_is_another_key(busy_world: World) -> None:
    place = "/submissions/sub_graded/review"
    mine, theirs = (told(send(busy_world, place, who=who), 201) for who in ("alice", "rita"))
    assert mine["mine"]["reviewer_id"] != theirs["mine"]["reviewer_id"]


@pytest.mark.parametrize(
    ("path", "body"), [(OVERRIDE, {**BODY, "points": 1}), ("/submissions/sub_graded/review", BODY)]
)
def test_a_key_that_was_used_for_something_else_is_refused(busy_world: World, path: str, body: Any) -> None:
    send(busy_world, OVERRIDE, body=BODY)
    refused = send(busy_world, path, body=body)
    assert told(refused, 422)["code"] == "idempotency-key-reused"


def test_what_a_wider_token_was_told_is_not_for_a_narrower_one(busy_world: World) -> None:
    told(send(busy_world, OVERRIDE, body=BODY, who="olga"), 201)
    token = told(narrowed(busy_world, "olga", "author"), 201)["token"]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "key-1"}
    refused = busy_world.client().post(f"/api/v1{OVERRIDE}", json=BODY, headers=headers)
    assert told(refused, 422)["code"] == "idempotency-key-reused"


def test_what_was_refused_may_be_sent_again_with_its_key(busy_world: World) -> None:
    assert send(busy_world, OVERRIDE, body={"points": 0, "reason": ""}).status_code == 422
    assert send(busy_world, OVERRIDE, body=BODY).status_code == 201


def test_a_repeat_while_the_first_is_at_work_waits_and_later_asks_people(busy_world: World) -> None:
    asked = b"/api/v1/submissions/sub_graded/review/sign\n\n"
    reserve_key(busy_world.ports, ALICE, "key-1", asked)
    again = send(busy_world, "/submissions/sub_graded/review/sign")
    assert told(again, 409)["code"] == "request-under-way"
    busy_world.clock.advance(601)
    again = send(busy_world, "/submissions/sub_graded/review/sign")
    assert told(again, 409)["code"] == "outcome-unknown"


def test_a_key_is_free_again_after_a_day(busy_world: World) -> None:
    send(busy_world, OVERRIDE, body=BODY)
    busy_world.clock.advance(24 * 3600 + 1)
    send(busy_world, OVERRIDE, body=BODY)
    assert overrides(busy_world) == 2


def test_a_secret_is_told_once_and_not_kept(busy_world: World) -> None:
    made = told(send(busy_world, "/submissions/sub_graded/shares", body={"days": 3}), 201)
    again = send(busy_world, "/submissions/sub_graded/shares", body={"days": 3})
    assert told(again, 409)["code"] == "answer-not-kept"
    with busy_world.ports.unit_of_work() as uow:
        kept = uow.answers.reserve(
            KeptAnswer(actor=ALICE.actor, key="key-1", fingerprint="", created_at=busy_world.clock.now())
        )
    assert kept is not None
    assert (kept.status, kept.body) == (201, None)
    assert made["link"]
    headers = bearer(busy_world, "alice")
    listed = busy_world.client().get("/api/v1/submissions/sub_graded/shares", headers=headers)
    assert len(told(listed)["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 129, "two words", "tab\there"])
def test_what_is_no_key_is_refused(busy_world: World, key: str) -> None:
    assert told(send(busy_world, OVERRIDE, key, BODY), 422)["code"] == "bad-idempotency-key"
    assert overrides(busy_world) == 0


def test_a_failure_of_ours_leaves_the_key_taken(busy_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how far it came, so the same key does not do it again."""

    def fail(*_: object, **__: object) -> None:
        msg = "A mistake of ours."
        raise RuntimeError(msg)

    monkeypatch.setattr("audition.web.api.reviewing.override_check", fail)
    assert send(busy_world, OVERRIDE, body=BODY).status_code == 500
    monkeypatch.undo()
    assert told(send(busy_world, OVERRIDE, body=BODY), 409)["code"] == "request-under-way"


def test_answers_that_say_a_secret_are_marked_so() -> None:
    """A document with a link, a token or a secret in it is made once; a kept copy would be another."""
    for endpoint in API:
        operation = OPERATIONS[endpoint]
        fields = getattr(operation.answer, "__dataclass_fields__", {})
        if API[endpoint][0].startswith("POST") and {"link", "token", "secret"} & set(fields):
            assert operation.has_secret or operation.is_open, endpoint
