"""What pages can do, programs can."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.factories import later, make_invitation, make_run
from tests.web.clients import bearer, browser_of, post
from tests.web.world import PASSWORD, World

NEWCOMER = {"challenge": "credit-scoring", "email": "new@example.org", "name": "New"}


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


def test_a_program_disputes_a_finding_and_another_answers(busy_world: World) -> None:
    place = "/submissions/sub_released/checks/dockerfile.base.pinned/dispute"
    made = told(ask(busy_world, "carol", f"POST {place}", {"text": "It has a digest."}), 201)
    assert (made["state"], made["answer"]) == ("open", "")
    assert ask(busy_world, "carol", f"POST {place}", {"text": "Again."}).status_code == 409
    (waiting,) = told(ask(busy_world, "alice", "GET /disputes"))["items"]
    assert waiting["dispute"]["text"] == "It has a digest."
    body = {"is_upheld": True, "points": 1, "answer": "So it has."}
    told(ask(busy_world, "alice", f"POST {place}/answer", body))
    second = {"is_upheld": False, "answer": "It has none."}
    assert ask(busy_world, "rita", f"POST {place}/answer", second).status_code == 409
    assert told(ask(busy_world, "alice", "GET /disputes"))["items"] == []
    by_person = {}
    for who in ("carol", "alice"):
        document = told(ask(busy_world, who, "GET /submissions/sub_released/disputes"))
        assert document["until"] is not None
        (by_person[who],) = document["items"]
    assert by_person["carol"]["answer"] == "So it has."
    assert (by_person["carol"]["reviewer_id"], by_person["alice"]["reviewer_id"]) == (None, "usr_alice")


def test_a_program_sees_each_run_and_reads_a_log_on_from_where_it_was(busy_world: World) -> None:
    with busy_world.ports.unit_of_work() as uow:
        first = uow.runs.get("run_failed")
        uow.runs.add(make_run(id="run_second", submission_id="sub_failed", number=first.number + 1))
        uow.commit()
    found = told(ask(busy_world, "carol", "GET /submissions/sub_failed/runs"))["items"]
    assert [(run["id"], run["number"]) for run in found] == [("run_failed", 1), ("run_second", 2)]
    assert "predict-stderr" in found[0]["logs"]
    assert found[0] == told(ask(busy_world, "carol", "GET /runs/run_failed"))
    place = "GET /runs/run_failed/logs/predict-stderr"
    whole, rest = (ask(busy_world, "carol", place + more).text for more in ("", "?after=7"))
    assert whole[7:] == rest
    assert whole != rest
    assert ask(busy_world, "carol", place + "?after=-1").status_code == 422
    foreign, absent = (ask(busy_world, "dave", f"GET /runs/{name}") for name in ("run_failed", "run_absent"))
    assert foreign.text.replace("run_failed", "run_absent") == absent.text


def test_an_operator_gives_a_webhook_another_secret_on_its_page_or_by_program(world: World) -> None:
    made = told(ask(world, "olga", "POST /webhooks", {"url": "https://example.org/hook"}), 201)
    place = f"/webhooks/{made['webhook']['id']}"
    renewed = told(ask(world, "olga", f"POST {place}/secret"), 201)
    assert renewed["secret"] != made["secret"]
    assert ask(world, "olga", f"POST {place}/secret").status_code == 409
    world.clock.advance(24 * 3600)
    olga = browser_of(world, "olga")
    assert "Make another secret" in olga.get(f"/ops{place}").text
    page = post(olga, f"/ops{place}/secret")
    assert page.status_code == 201
    assert page.text.count("whsec_") == 1
    assert made["secret"] not in page.text
    assert renewed["secret"] not in page.text


def walked(world: World, who: str, path: str, limit: int) -> list[list[str]]:
    """The ids of each page of a list, to its end."""
    pages, more = [], ""
    while more is not None:
        document = told(ask(world, who, f"GET {path}?limit={limit}{more and '&cursor='}{more}"))
        pages.append([item["id"] for item in document["items"]])
        more = document["next_cursor"]
    return pages


@pytest.mark.parametrize(("who", "path"), [("alice", "/submissions"), ("bob", "/invitations")])
def test_a_long_list_is_walked_in_pages_without_a_gap(busy_world: World, who: str, path: str) -> None:
    (everything,) = walked(busy_world, who, path, 200)
    for limit in (1, 2, len(everything)):
        pages = walked(busy_world, who, path, limit)
        assert [name for page in pages for name in page] == everything
        assert all(len(page) == limit for page in pages[:-1])
    assert len(set(everything)) == len(everything) > 1


def test_what_comes_in_while_a_list_is_walked_moves_no_page(world: World) -> None:
    first = told(ask(world, "bob", "GET /invitations?limit=1"))
    told(ask(world, "bob", "POST /invitations", {**NEWCOMER}), 201)
    second = told(ask(world, "bob", f"GET /invitations?limit=1&cursor={first['next_cursor']}"))
    assert {i["items"][0]["id"] for i in (first, second)} == {"inv_carol", "inv_dave"}


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=-1", "limit=many", "limit=" + "9" * 30])
def test_a_limit_that_is_none_is_refused(world: World, query: str) -> None:
    assert ask(world, "alice", f"GET /submissions?{query}").status_code == 422


def test_a_cursor_that_leads_nowhere_is_not_found(busy_world: World) -> None:
    assert ask(busy_world, "alice", "GET /submissions?cursor=sub_none").status_code == 404
    assert ask(busy_world, "bob", "GET /invitations?cursor=inv_none").status_code == 404


def test_extra_time_is_granted_to_somebody_who_was_invited_long_ago(world: World) -> None:
    """However many were invited since."""
    with world.ports.unit_of_work() as uow:
        for number in range(200):
            uow.people.add_invitation(
                make_invitation(
                    id=f"inv_{number}",
                    candidate_id="can_carol",
                    token_digest=f"{number:064}",
                    created_at=later(1 + number),
                )
            )
        uow.commit()
    answer = ask(world, "bob", "POST /invitations/inv_dave/extensions", {"hours": 2})
    assert told(answer, 201)["extra_hours"] == 2
