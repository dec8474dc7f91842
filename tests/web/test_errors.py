"""Errors, as pages and as problem documents."""

import logging
from collections.abc import Callable

import pytest

from audition.domain.errors import UnavailableError
from tests.web.clients import bearer, browser_of, post
from tests.web.world import World


def _break(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    for verb in ("inbox", "newest_rows"):
        monkeypatch.setattr(f"audition.web.reviewer.list_inbox.{verb}", fail)


def test_an_internal_error_shows_a_reference_and_no_trace(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser_of(world, "alice")
    _break(monkeypatch, ValueError("secret of the inside"))
    with caplog.at_level(logging.ERROR):
        answer = client.get("/r")
    assert answer.status_code == 500
    assert "It was not your doing." in answer.text
    assert "secret of the inside" not in answer.text
    assert "Traceback" not in answer.text
    reference = answer.text.split("the reference ")[1].split(".")[0]
    assert reference.startswith("err_")
    assert reference in caplog.text
    assert "secret of the inside" in caplog.text


def test_an_internal_error_of_the_api_is_a_problem_document(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer(world, "alice")
    _break(monkeypatch, ValueError("secret of the inside"))
    answer = world.client().get("/api/v1/submissions", headers=headers)
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["fault"] == "platform"
    assert answer.json["code"] == "internal-error"
    assert "secret" not in answer.text


def test_a_database_that_is_down_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser_of(world, "alice")
    _break(monkeypatch, UnavailableError("The database does not answer."))
    answer = client.get("/r")
    assert answer.status_code == 503
    assert "The database does not answer." in answer.text
    assert "our fault" in answer.text


@pytest.mark.parametrize(
    ("send", "status", "code"),
    [
        (lambda w: w.client().get("/api/v1/absent"), 404, "not-found"),
        (lambda w: w.client().delete("/api/v1/me"), 405, "method-not-allowed"),
        (lambda w: w.client().get("/api/v1/me"), 401, "not-signed-in"),
        (lambda w: w.client().post("/api/v1/tokens", json={"email": 1}), 422, "invalid-document"),
        (lambda w: w.client().post("/api/v1/tokens", data=b"{"), 422, "invalid-document"),
        (lambda w: w.client().post("/api/v1/tokens", data=bytes(1 << 20)), 413, "upload-too-large"),
        (
            lambda w: w.client().get("/api/v1/challenge", headers=bearer(w, "alice")),
            403,
            "candidate-required",
        ),
    ],
)
def test_the_api_speaks_problem_documents(
    world: World, send: Callable[[World], object], status: int, code: str
) -> None:
    answer = send(world)
    assert answer.status_code == status  # type: ignore[attr-defined]
    assert answer.content_type == "application/problem+json"  # type: ignore[attr-defined]
    document = answer.json  # type: ignore[attr-defined]
    assert document["code"] == code
    assert document["status"] == status
    assert set(document) >= {"type", "title", "status", "detail", "code", "fault", "errors", "next"}


def test_every_problem_of_a_body_is_named(world: World) -> None:
    answer = world.client().post("/api/v1/tokens", json={"email": 1})
    assert answer.json is not None
    said = " ".join(error["detail"] for error in answer.json["errors"])
    assert "email" in said
    assert "password" in said


def test_a_405_names_the_methods(world: World) -> None:
    answer = world.client().delete("/c/kit")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_401_names_the_scheme(world: World) -> None:
    assert world.client().get("/api/v1/me").headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_invitation_form_lists_what_is_wrong(world: World) -> None:
    form = {"challenge": "credit-scoring", "email": "no", "name": "", "valid_days": "x"}
    answer = post(browser_of(world, "bob"), "/a/invitations", **form)
    assert answer.status_code == 422
    for part in ("email:", "name:", "valid_days:"):
        assert part in answer.text


def test_a_used_up_window_is_a_page_with_a_next_step(world: World) -> None:
    world.clock.advance(13 * 86400)
    answer = world.client().get("/i/carol-link-token")
    assert answer.status_code == 409
    assert "This invitation ended on" in answer.text
    assert "Ask the person who invited you" in answer.text
