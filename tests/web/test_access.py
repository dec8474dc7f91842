"""Who gets what from every route. A new route without a row here fails the suite.

Carol owns `sub_running` and `sub_released`, Dave `sub_graded`. What is not yours does not exist: 404.
"""

import io

import pytest
from werkzeug.test import TestResponse

from tests.web.clients import bearer, browser_of, csrf_of
from tests.web.world import LINKS, PASSWORD, World

PEOPLE = ("nobody", "alice", "bob", "olga", "carol", "dave")
_INVITATION = {"challenge": "credit-scoring", "email": "new@example.org", "name": "New", "valid_days": "7"}
_SIGN_IN = {"email": "alice@example.org", "password": PASSWORD}

#: Method and path, form data, and the status for each of PEOPLE. A missing sign-in leads to the form: 303.
PAGES: dict[str, tuple[str, dict[str, object], tuple[int, ...]]] = {
    "staff.front": ("GET /", {}, (303, 303, 303, 303, 303, 303)),
    "staff.sign_in": ("POST /sign-in", dict(_SIGN_IN), (303, 303, 303, 303, 303, 303)),
    "staff.sign_out": ("POST /sign-out", {}, (303, 303, 303, 303, 303, 303)),
    "static": ("GET /static/app.css", {}, (200, 200, 200, 200, 200, 200)),
    "operator.health": ("GET /healthz", {}, (200, 200, 200, 200, 200, 200)),
    "operator.readiness": ("GET /readyz", {}, (200, 200, 200, 200, 200, 200)),
    "operator.overview": ("GET /ops", {}, (303, 403, 403, 200, 403, 403)),
    # The site of the tests is this machine's own; with another address, or a token, see `test_operations`.
    "operator.metrics": ("GET /metrics", {}, (200, 200, 200, 200, 200, 200)),
    # No worker was heard of, so for whoever may there is none to drain.
    "operator.drain_worker": (
        "POST /ops/workers",
        {"worker": "host/0", "order": "drain"},
        (303, 403, 403, 404, 403, 403),
    ),
    "operator.rerun_submission": ("POST /ops/sub_graded/rerun", {}, (303, 403, 403, 303, 403, 403)),
    "operator.cancel_submission": ("POST /ops/sub_running/cancel", {}, (303, 403, 403, 303, 403, 403)),
    "arrival.landing": (f"GET /i/{LINKS['carol']}", {}, (200, 200, 200, 200, 200, 200)),
    "arrival.start": (f"POST /i/{LINKS['carol']}/start", {}, (303, 303, 303, 303, 303, 303)),
    "candidate.home": ("GET /c", {}, (303, 403, 403, 403, 200, 200)),
    # Neither has a clock of their own.
    "candidate.pause": ("POST /c/pause", {}, (303, 403, 403, 403, 409, 409)),
    "candidate.resume": ("POST /c/resume", {}, (303, 403, 403, 403, 409, 409)),
    "candidate.kit": ("GET /c/kit", {}, (303, 403, 403, 403, 200, 200)),
    "candidate.submit_form": ("GET /c/submit", {}, (303, 403, 403, 403, 200, 200)),
    "candidate.upload": ("POST /c/submit", {"archive": "sol.zip"}, (303, 403, 403, 403, 409, 409)),
    "candidate.attempts": ("GET /s", {}, (303, 403, 403, 403, 200, 200)),
    "candidate.live": ("GET /s/sub_running", {}, (303, 403, 403, 403, 200, 404)),
    "candidate.live_fragment": ("GET /s/sub_running/live", {}, (303, 403, 403, 403, 200, 404)),
    "candidate.live_events": ("GET /s/sub_released/events", {}, (303, 403, 403, 403, 200, 404)),
    "candidate.cancel_submission": ("POST /s/sub_running/cancel", {}, (303, 403, 403, 403, 303, 404)),
    "candidate.pick": ("POST /s/sub_released/pick", {}, (303, 403, 403, 403, 303, 404)),
    "candidate.report": ("GET /s/sub_released/report", {}, (303, 403, 403, 403, 200, 404)),
    "candidate.log": ("GET /s/sub_failed/logs/predict-stderr", {}, (303, 403, 403, 403, 200, 404)),
    "candidate.part": ("GET /s/sub_released/report/findings", {}, (303, 403, 403, 403, 200, 404)),
    "candidate.export": (
        "GET /s/sub_released/exports/junit.xml",
        {},
        (303, 403, 403, 403, 200, 404),
    ),
    "own_data.page": ("GET /me", {}, (303, 403, 403, 403, 200, 200)),
    "own_data.export": ("GET /me/export", {}, (303, 403, 403, 403, 200, 200)),
    # Both have a submission at work, which has to end first.
    "own_data.erase": ("POST /me/erase", {"confirm": "delete"}, (303, 403, 403, 403, 409, 409)),
    "reviewer.export": ("GET /r/sub_graded/exports/report.json", {}, (303, 200, 403, 200, 403, 403)),
    "reviewer.inbox": ("GET /r", {}, (303, 200, 403, 200, 403, 403)),
    "reviewer.report": ("GET /r/sub_graded", {}, (303, 200, 403, 200, 403, 403)),
    "reviewer.log": ("GET /r/sub_graded/logs/predict-stdout", {}, (303, 200, 403, 200, 403, 403)),
    "reviewer.part": ("GET /r/sub_graded/findings", {}, (303, 200, 403, 200, 403, 403)),
    "reviewer.notebook": ("GET /r/sub_graded/notebook", {}, (303, 200, 403, 200, 403, 403)),
    "reviewer.texts": ("GET /r/sub_graded/texts", {}, (303, 200, 403, 200, 403, 403)),
    "reviewer.release_report": ("POST /r/sub_graded/release", {}, (303, 303, 403, 303, 403, 403)),
    "reviewer.rerun_submission": ("POST /r/sub_graded/rerun", {}, (303, 303, 403, 303, 403, 403)),
    "reviewer.regrade_submission": ("POST /r/sub_graded/regrade", {}, (303, 303, 403, 303, 403, 403)),
    "marking.begin": ("POST /r/sub_graded/reviews", {}, (303, 303, 403, 303, 403, 403)),
    "marking.sheet": ("GET /r/sub_graded/mark", {}, (303, 200, 403, 200, 403, 403)),
    # Nobody of them has a review yet, so for those who may mark there is none to change.
    "marking.save": ("POST /r/sub_graded/mark/image", {"level": 1}, (303, 404, 403, 404, 403, 403)),
    "marking.sign": ("POST /r/sub_graded/mark", {}, (303, 404, 403, 404, 403, 403)),
    "cohorts.cohort": ("GET /r/cohort/ver_1", {}, (303, 200, 403, 200, 403, 403)),
    "cohorts.export": ("GET /r/cohort/ver_1/exports/cohort.csv", {}, (303, 200, 403, 200, 403, 403)),
    "cohorts.reviewers": ("GET /r/cohort/ver_1/reviewers", {}, (303, 200, 403, 200, 403, 403)),
    "cohorts.compare": (
        "GET /r/compare?s=sub_graded&s=sub_released",
        {},
        (303, 200, 403, 200, 403, 403),
    ),
    "cohorts.code": (
        "GET /r/compare/code?s=sub_graded&s=sub_released",
        {},
        (303, 200, 403, 200, 403, 403),
    ),
    "overriding.form": (
        "GET /r/sub_graded/checks/dockerfile.exists",
        {},
        (303, 200, 403, 200, 403, 403),
    ),
    "overriding.save": (
        "POST /r/sub_graded/checks/dockerfile.exists",
        {"points": "0", "reason": "It is empty."},
        (303, 303, 403, 303, 403, 403),
    ),
    # Nobody has changed anything yet.
    "overriding.withdraw": (
        "POST /r/sub_graded/checks/dockerfile.exists/withdraw",
        {},
        (303, 404, 403, 404, 403, 403),
    ),
    # Carol's report was released; Dave's is not his to see from here.
    "disputing.form": (
        "GET /s/sub_released/report/disputes/dockerfile.base.pinned",
        {},
        (303, 403, 403, 403, 200, 404),
    ),
    "disputing.save": (
        "POST /s/sub_released/report/disputes/dockerfile.base.pinned",
        {"text": "It has a digest."},
        (303, 403, 403, 403, 303, 404),
    ),
    "answering.waiting": ("GET /r/disputes", {}, (303, 200, 403, 200, 403, 403)),
    # Nobody disputes anything there.
    "answering.answer": (
        "POST /r/sub_graded/checks/dockerfile.exists/answer",
        {"answer": "No.", "decision": "rejected"},
        (303, 404, 403, 404, 403, 403),
    ),
    "sharing.create": ("POST /r/sub_graded/shares", {"days": 7}, (303, 201, 403, 201, 403, 403)),
    # There is no such link; one that there is opens for everybody.
    "sharing.revoke": ("POST /r/sub_graded/shares/shr_none/end", {}, (303, 404, 403, 404, 403, 403)),
    "share.view": ("GET /x/no-such-token", {}, (404,) * 6),
    "auditing.log": ("GET /ops/audit", {}, (303, 403, 403, 200, 403, 403)),
    "auditing.export": ("GET /ops/audit/audit.csv", {}, (303, 403, 403, 200, 403, 403)),
    "webhooks.listing": ("GET /ops/webhooks", {}, (303, 403, 403, 200, 403, 403)),
    "webhooks.add": (
        "POST /ops/webhooks",
        {"url": "https://example.org/hook", "topics": "submission.graded"},
        (303, 403, 403, 201, 403, 403),
    ),
    # There is none yet.
    "webhooks.log": ("GET /ops/webhooks/whk_none", {}, (303, 403, 403, 404, 403, 403)),
    "webhooks.end": ("POST /ops/webhooks/whk_none/end", {}, (303, 403, 403, 404, 403, 403)),
    "webhooks.renew": ("POST /ops/webhooks/whk_none/secret", {}, (303, 403, 403, 404, 403, 403)),
    "webhooks.send_again": (
        "POST /ops/webhooks/whk_none/deliveries/msg_none/redeliver",
        {},
        (303, 403, 403, 404, 403, 403),
    ),
    "author.versions": ("GET /a", {}, (303, 403, 200, 200, 403, 403)),
    "author.challenge": ("GET /a/credit-scoring", {}, (303, 403, 200, 200, 403, 403)),
    "author.invitations": ("GET /a/invitations", {}, (303, 403, 200, 200, 403, 403)),
    # Nobody has started before somebody opens a link, and nobody does here.
    "author.extra_time": (
        "POST /a/invitations/inv_dave/time",
        {"hours": "12"},
        (303, 403, 303, 303, 403, 403),
    ),
    "author.create_invitation": ("POST /a/invitations", dict(_INVITATION), (303, 403, 201, 201, 403, 403)),
}

#: The same for the API, where a missing token is a 401.
API: dict[str, tuple[str, dict[str, object], tuple[int, ...]]] = {
    "api.create_token": ("POST /tokens", dict(_SIGN_IN), (201, 201, 201, 201, 201, 201)),
    "api.tokens": ("GET /tokens", {}, (401, 200, 200, 200, 200, 200)),
    "api.end_token": ("DELETE /tokens/ses_none", {}, (401, 404, 404, 404, 404, 404)),
    "api.description": ("GET /openapi.json", {}, (200, 200, 200, 200, 200, 200)),
    "api.invitations": ("GET /invitations", {}, (401, 403, 200, 200, 403, 403)),
    "api.create_invitation": (
        "POST /invitations",
        {**_INVITATION, "valid_days": 7},
        (401, 403, 201, 201, 403, 403),
    ),
    "api.extend_invitation": (
        "POST /invitations/inv_dave/extensions",
        {"hours": 12},
        (401, 403, 201, 201, 403, 403),
    ),
    "api.start_invitation": ("POST /invitations/start", {"token": LINKS["dave"]}, (201,) * 6),
    "api.me": ("GET /me", {}, (401, 200, 200, 200, 200, 200)),
    "api.challenge": ("GET /challenge", {}, (401, 403, 403, 403, 200, 200)),
    # Neither has a clock of their own.
    "api.pause": ("POST /clock/pause", {}, (401, 403, 403, 403, 409, 409)),
    "api.resume": ("POST /clock/resume", {}, (401, 403, 403, 403, 409, 409)),
    "api.own_data": ("GET /me/export", {}, (401, 403, 403, 403, 200, 200)),
    # Both have a submission at work, which has to end first.
    "api.erase": ("POST /me/erase", {"confirm": "delete"}, (401, 403, 403, 403, 409, 409)),
    "api.challenges": ("GET /challenges", {}, (401, 403, 200, 200, 403, 403)),
    "api.kit": ("GET /kit", {}, (401, 403, 403, 403, 200, 200)),
    "api.create_submission": ("POST /submissions", {}, (401, 403, 403, 403, 409, 409)),
    "api.submissions": ("GET /submissions", {}, (401, 200, 403, 200, 200, 200)),
    "api.submission": ("GET /submissions/sub_running", {}, (401, 200, 404, 200, 200, 404)),
    "api.report": ("GET /submissions/sub_released/report", {}, (401, 200, 404, 200, 200, 404)),
    "api.export": ("GET /submissions/sub_released/exports/junit.xml", {}, (401, 200, 404, 200, 200, 404)),
    "api.log": ("GET /submissions/sub_failed/logs/predict-stderr", {}, (401, 200, 404, 200, 200, 404)),
    "api.runs": ("GET /submissions/sub_running/runs", {}, (401, 200, 404, 200, 200, 404)),
    "api.run": ("GET /runs/run_failed", {}, (401, 200, 404, 200, 200, 404)),
    "api.run_events": ("GET /runs/run_failed/events", {}, (401, 200, 404, 200, 200, 404)),
    "api.run_output": ("GET /runs/run_failed/logs/predict-stderr", {}, (401, 200, 404, 200, 200, 404)),
    "api.cancel_submission": ("POST /submissions/sub_running/cancel", {}, (401, 200, 404, 200, 200, 404)),
    "api.pick_submission": ("POST /submissions/sub_released/pick", {}, (401, 403, 403, 403, 200, 404)),
    "api.release_submission": ("POST /submissions/sub_graded/release", {}, (401, 200, 403, 200, 403, 403)),
    "api.rerun_submission": ("POST /submissions/sub_graded/rerun", {}, (401, 202, 403, 202, 403, 403)),
    "api.regrade_submission": ("POST /submissions/sub_graded/regrade", {}, (401, 202, 403, 202, 403, 403)),
    "api.review": ("GET /submissions/sub_graded/review", {}, (401, 200, 403, 200, 403, 403)),
    "api.start_review": ("POST /submissions/sub_graded/review", {}, (401, 201, 403, 201, 403, 403)),
    # Nobody of them has a review yet, so for those who may mark there is none to change.
    "api.mark": (
        "PUT /submissions/sub_graded/review/marks/image",
        {"level": 1},
        (401, 404, 403, 404, 403, 403),
    ),
    "api.sign": ("POST /submissions/sub_graded/review/sign", {}, (401, 404, 403, 404, 403, 403)),
    "api.overrides": ("GET /submissions/sub_graded/overrides", {}, (401, 200, 403, 200, 403, 403)),
    "api.override": (
        "POST /submissions/sub_graded/checks/dockerfile.exists/override",
        {"points": 0, "reason": "It is empty."},
        (401, 201, 403, 201, 403, 403),
    ),
    # Nobody has changed anything yet.
    "api.end_override": (
        "DELETE /submissions/sub_graded/checks/dockerfile.exists/override",
        {},
        (401, 404, 403, 404, 403, 403),
    ),
    # Carol's report was released; nobody disputes anything yet.
    "api.disputes": ("GET /submissions/sub_released/disputes", {}, (401, 200, 404, 200, 200, 404)),
    "api.dispute_check": (
        "POST /submissions/sub_released/checks/dockerfile.base.pinned/dispute",
        {"text": "It has a digest."},
        (401, 403, 403, 403, 201, 404),
    ),
    "api.answer_check": (
        "POST /submissions/sub_released/checks/dockerfile.base.pinned/dispute/answer",
        {"is_upheld": False, "answer": "No."},
        (401, 404, 403, 404, 403, 403),
    ),
    "api.waiting_disputes": ("GET /disputes", {}, (401, 200, 403, 200, 403, 403)),
    "api.shares": ("GET /submissions/sub_graded/shares", {}, (401, 200, 403, 200, 403, 403)),
    "api.share_report": ("POST /submissions/sub_graded/shares", {"days": 7}, (401, 201, 403, 201, 403, 403)),
    "api.end_share": (
        "DELETE /submissions/sub_graded/shares/shr_none",
        {},
        (401, 404, 403, 404, 403, 403),
    ),
    "api.webhooks": ("GET /webhooks", {}, (401, 403, 403, 200, 403, 403)),
    "api.create_webhook": (
        "POST /webhooks",
        {"url": "https://example.org/hook"},
        (401, 403, 403, 201, 403, 403),
    ),
    # There is none yet.
    "api.delete_webhook": ("DELETE /webhooks/whk_none", {}, (401, 403, 403, 404, 403, 403)),
    "api.renew_webhook": ("POST /webhooks/whk_none/secret", {}, (401, 403, 403, 404, 403, 403)),
    "api.deliveries": ("GET /webhooks/whk_none/deliveries", {}, (401, 403, 403, 404, 403, 403)),
    "api.send_again": (
        "POST /webhooks/whk_none/deliveries/msg_none/redeliver",
        {},
        (401, 403, 403, 404, 403, 403),
    ),
    "api.cohort": ("GET /cohorts/ver_1", {}, (401, 200, 403, 200, 403, 403)),
    "api.cohort_export": ("GET /cohorts/ver_1/exports/cohort.csv", {}, (401, 200, 403, 200, 403, 403)),
    "api.comparison": (
        "GET /comparisons?submission=sub_graded&submission=sub_released",
        {},
        (401, 200, 403, 200, 403, 403),
    ),
}


def _page(world: World, who: str, endpoint: str) -> TestResponse:
    (method, path), data = PAGES[endpoint][0].split(), PAGES[endpoint][1]
    client = browser_of(world, who)
    if method == "GET":
        answer = client.get(path)
        # A file that is sent stays open until the answer is closed.
        answer.get_data()
        answer.close()
        return answer
    form = dict(data)
    if "archive" in form:
        form["archive"] = (io.BytesIO(b"PK"), form["archive"])
    return client.post(path, data={"csrf_token": csrf_of(client), **form})


def call(world: World, who: str, endpoint: str) -> TestResponse:
    """Call a route of the API with someone's token, as its row says."""
    (method, path), body = API[endpoint][0].split(), API[endpoint][1]
    headers = bearer(world, who)
    answer = world.client().open(f"/api/v1{path}", method=method, json=body or None, headers=headers)
    # A file that is sent stays open until the answer is closed.
    answer.get_data()
    answer.close()
    return answer


@pytest.fixture
def place(request: pytest.FixtureRequest, endpoint: str) -> World:
    """Where a route is asked: a world of its own where something is done, and one for all that only look."""
    is_look = (PAGES | API)[endpoint][0].startswith("GET ")
    world: World = request.getfixturevalue("looked_at_world" if is_look else "busy_world")
    return world


@pytest.mark.parametrize("endpoint", PAGES)
@pytest.mark.parametrize("who", PEOPLE)
def test_pages_answer_each_person_as_they_should(place: World, who: str, endpoint: str) -> None:
    assert _page(place, who, endpoint).status_code == PAGES[endpoint][2][PEOPLE.index(who)]


@pytest.mark.parametrize("endpoint", API)
@pytest.mark.parametrize("who", PEOPLE)
def test_the_api_answers_each_person_as_it_should(place: World, who: str, endpoint: str) -> None:
    assert call(place, who, endpoint).status_code == API[endpoint][2][PEOPLE.index(who)]


def test_every_route_has_a_row(world: World) -> None:
    routes = {rule.endpoint for rule in world.app.url_map.iter_rules()}
    assert routes == set(PAGES) | set(API)


@pytest.mark.parametrize("path", ["/s/{}", "/s/{}/live", "/s/{}/report", "/s/{}/logs/predict-stderr"])
def test_a_foreign_submission_and_none_at_all_look_the_same(busy_world: World, path: str) -> None:
    """Dave cannot learn from the answer whether the id of Carol's submission exists."""
    client = browser_of(busy_world, "dave")
    foreign, absent = (client.get(path.format(name)) for name in ("sub_failed", "sub_absent"))
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace("sub_failed", "sub_absent") == absent.text


def test_people_without_a_session_come_back_after_signing_in(busy_world: World) -> None:
    client = busy_world.client()
    assert client.get("/r/sub_graded").location == "/sign-in?next=/r/sub_graded"
    data = {**_SIGN_IN, "next": "/r/sub_graded", "csrf_token": csrf_of(client)}
    assert client.post("/sign-in", data=data).location == "/r/sub_graded"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb"])
def test_a_sign_in_never_leads_to_another_site(world: World, target: str) -> None:
    client = world.client()
    data = {**_SIGN_IN, "next": target, "csrf_token": csrf_of(client)}
    assert client.post("/sign-in", data=data).location == "/r"
