"""What pages can do, programs can."""

from typing import Any

from werkzeug.test import TestResponse

from tests.web.clients import bearer
from tests.web.world import PASSWORD, World


def ask(world: World, who: str, request: str, body: object = None) -> TestResponse:
    """Send "METHOD /path" with someone's token."""
    method, path = request.split()
    return world.client().open(f"/api/v1{path}", method=method, json=body, headers=bearer(world, who))


def told(answer: TestResponse, status: int = 200) -> Any:
    """The document of an answer that went well."""
    assert answer.status_code == status, answer.text
    return answer.json


def test_a_program_marks_and_signs(busy_world: World) -> None:
    place = "/submissions/sub_graded/review"
    sheet = told(ask(busy_world, "alice", f"POST {place}"), 201)
    assert sheet["unmarked"]
    for item in list(sheet["unmarked"]):
        mark = {"level": 1, "evidence": "app.py:3", "note": "As said."}
        sheet = told(ask(busy_world, "alice", f"PUT {place}/marks/{item}", mark))
    assert sheet["unmarked"] == []
    assert sheet["mine"]["signed_at"] is None
    signed = told(ask(busy_world, "alice", f"POST {place}/sign", {"comment": "Solid."}))
    assert signed["mine"]["comment"] == "Solid."
    again = ask(busy_world, "alice", f"POST {place}/sign", {})
    assert again.status_code == 409


def test_a_program_sees_no_marks_of_others_before_it_signed(busy_world: World) -> None:
    place = "/submissions/sub_graded/review"
    item = told(ask(busy_world, "alice", f"POST {place}"), 201)["unmarked"][0]
    mark = {"level": 0, "evidence": "secret evidence", "note": ""}
    told(ask(busy_world, "alice", f"PUT {place}/marks/{item}", mark))
    assert "secret evidence" in ask(busy_world, "alice", f"GET {place}").text
    assert "secret evidence" not in ask(busy_world, "rita", f"GET {place}").text


def test_a_program_overrides_a_check_and_takes_it_back(busy_world: World) -> None:
    place = "/submissions/sub_graded/checks/dockerfile.exists/override"
    made = told(ask(busy_world, "alice", f"POST {place}", {"points": None, "reason": "Not asked for."}), 201)
    assert [(o["check"], o["points"], o["withdrawn_at"]) for o in made["items"]] == [
        ("dockerfile.exists", None, None)
    ]
    ended = told(ask(busy_world, "alice", f"DELETE {place}"))
    assert ended["items"][0]["withdrawn_at"] is not None


def test_a_program_shares_a_report_and_ends_the_link(busy_world: World) -> None:
    made = told(ask(busy_world, "alice", "POST /submissions/sub_graded/shares", {"days": 3}), 201)
    path = made["link"].removeprefix("http://localhost")
    assert busy_world.client().get(path).status_code == 200
    (listed,) = told(ask(busy_world, "alice", "GET /submissions/sub_graded/shares"))["items"]
    assert listed["opened"] == 1
    assert "token_digest" not in listed
    told(ask(busy_world, "alice", f"DELETE /submissions/sub_graded/shares/{made['id']}"))
    assert busy_world.client().get(path).status_code == 404


def test_extra_time_is_granted_before_the_start_only(world: World) -> None:
    """Bob's program does not open Dave's link, so his clock has not begun."""
    place = "POST /invitations/inv_dave/extensions"
    assert told(ask(world, "bob", place, {"hours": 6}), 201)["extra_hours"] == 6
    bearer(world, "dave")
    assert ask(world, "bob", place, {"hours": 12}).status_code == 409
    (dave,) = [i for i in told(ask(world, "bob", "GET /invitations"))["items"] if i["id"] == "inv_dave"]
    assert dave["extra_hours"] == 6
    assert dave["started_at"] is not None


def test_a_candidate_erases_everything_and_the_token_with_it(world: World) -> None:
    headers = bearer(world, "dave")
    client = world.client()
    refused = client.post("/api/v1/me/erase", json={"confirm": "yes"}, headers=headers)
    assert refused.status_code == 422
    assert told(client.post("/api/v1/me/erase", json={"confirm": "delete"}, headers=headers)) == {
        "submissions": 0
    }
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_members_that_nobody_knows_are_refused_by_name(world: World) -> None:
    body = {"challenge": "credit-scoring", "email": "x@example.org", "name": "X", "clock_hour": 4}
    answer = ask(world, "bob", "POST /invitations", body)
    assert answer.status_code == 422
    assert "clock_hour" in answer.text


def narrowed(world: World, who: str, *scopes: str) -> TestResponse:
    """Ask for a token that may do less than its owner."""
    body = {"email": f"{who}@example.org", "password": PASSWORD, "label": "ci", "scopes": list(scopes)}
    return world.client().post("/api/v1/tokens", json=body)


def test_a_narrowed_token_may_do_what_its_scope_says_and_nothing_else(world: World) -> None:
    token = told(narrowed(world, "olga", "review"), 201)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    client = world.client()
    assert told(client.get("/api/v1/me", headers=headers))["roles"] == ["reviewer"]
    statuses = [
        client.get(f"/api/v1{path}", headers=headers).status_code
        for path in ("/submissions", "/challenges", "/webhooks")
    ]
    assert statuses == [200, 403, 403]


def test_nobody_gets_a_scope_without_its_role(world: World) -> None:
    assert narrowed(world, "alice", "operate").status_code == 403
    assert narrowed(world, "alice", "anything").status_code == 422


def test_a_token_is_listed_without_its_secret_and_ended_by_its_owner_alone(world: World) -> None:
    secret = told(narrowed(world, "alice", "review"), 201)["token"]
    headers = {"Authorization": f"Bearer {secret}"}
    client = world.client()
    answer = client.get("/api/v1/tokens", headers=headers)
    (token,) = told(answer)["items"]
    assert (token["label"], token["scopes"]) == ("ci", ["review"])
    assert secret not in answer.text
    assert ask(world, "rita", f"DELETE /tokens/{token['id']}").status_code == 404
    assert client.delete(f"/api/v1/tokens/{token['id']}", headers=headers).status_code == 204
    assert client.get("/api/v1/me", headers=headers).status_code == 401
