"""Sessions, CSRF, headers, rates and the signing key."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from http.client import OK
from pathlib import Path

import pytest

from audition.settings import signing_key
from audition.web.context import SESSION_COOKIE
from audition.web.security import HEADERS
from tests.web.clients import bearer, browser_of, csrf_of, post
from tests.web.test_access import API, PAGES
from tests.web.world import LINKS, PASSWORD, World, make_world, settings_for

_SIGN_IN = {"email": "alice@example.org", "password": PASSWORD}


@pytest.mark.parametrize("endpoint", [name for name in PAGES if PAGES[name][0].startswith("POST")])
def test_every_form_wants_a_csrf_token(busy_world: World, endpoint: str) -> None:
    method, path = PAGES[endpoint][0].split()
    for who in ("alice", "bob", "carol"):
        answer = browser_of(busy_world, who).open(path, method=method, data=PAGES[endpoint][1])
        assert answer.status_code == 400
        assert "This form is out of date" in answer.text


def test_a_csrf_token_of_another_browser_is_worth_nothing(world: World) -> None:
    stolen = csrf_of(world.client())
    answer = world.client().post("/sign-in", data={**_SIGN_IN, "csrf_token": stolen})
    assert answer.status_code == 400


def test_a_planted_session_is_not_the_one_after_signing_in(world: World) -> None:
    """Session fixation: what the browser had before is ended, and a fresh secret is handed out."""
    attacker = browser_of(world, "carol")
    planted = attacker.get_cookie(SESSION_COOKIE)
    assert planted is not None
    victim = world.client()
    victim.set_cookie(SESSION_COOKIE, planted.value)
    post(victim, "/sign-in", **_SIGN_IN)
    fresh = victim.get_cookie(SESSION_COOKIE)
    assert fresh is not None
    assert fresh.value != planted.value
    assert victim.get("/r").status_code == 200
    assert attacker.get("/c").status_code == 303


def test_each_sign_in_gives_another_secret(world: World) -> None:
    secrets = set()
    for _ in range(3):
        cookie = browser_of(world, "alice").get_cookie(SESSION_COOKIE)
        assert cookie is not None
        secrets.add(cookie.value)
    assert len(secrets) == 3


def test_signing_out_ends_the_session_on_the_server(world: World) -> None:
    client = browser_of(world, "alice")
    cookie = client.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    post(client, "/sign-out")
    client.set_cookie(SESSION_COOKIE, cookie.value)
    assert client.get("/r").status_code == 303


@pytest.mark.parametrize(
    ("url", "is_secure"), [("http://localhost", False), ("https://audition.example", True)]
)
def test_cookies_are_set_safely(tmp_path: Path, url: str, *, is_secure: bool) -> None:
    world = make_world(tmp_path, public_url=url)
    client = world.client()
    page = client.get("/sign-in", base_url=url)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/sign-in",
        base_url=url,
        data={**_SIGN_IN, "csrf_token": token},
    )
    assert answer.status_code == 303
    cookies = page.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")
    assert any(cookie.startswith(f"{SESSION_COOKIE}=") for cookie in cookies)
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) == is_secure


def test_the_api_takes_no_cookie_and_the_pages_take_no_token(world: World) -> None:
    """A browser sends its cookie by itself: an API that took it would need a CSRF check."""
    assert browser_of(world, "carol").get("/api/v1/me").status_code == 401
    assert world.client().get("/c", headers=bearer(world, "carol")).status_code == 303
    cookie = browser_of(world, "carol").get_cookie(SESSION_COOKIE)
    assert cookie is not None
    headers = {"Authorization": f"Bearer {cookie.value}"}
    assert world.client().get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "row", [*PAGES.values(), *((f"GET /api/v1{API['api.me'][0].split()[1]}",),), ("GET /absent",)]
)
def test_every_answer_carries_the_headers(busy_world: World, row: tuple[str, ...]) -> None:
    method, path = row[0].split()
    for who in ("nobody", "carol", "alice"):
        answer = browser_of(busy_world, who).open(path, method=method)
        answer.get_data()
        answer.close()
        # A candidate's notebook and texts have a stricter policy and may be framed by the report; see test_framed.py.
        is_framed = path.endswith(("/notebook", "/texts")) and answer.status_code == OK
        own = {"Content-Security-Policy", "X-Frame-Options"} if is_framed else set()
        for name, value in HEADERS.items():
            assert (answer.headers[name] == value) != (name in own), name
        is_static = path.startswith("/static/")
        assert answer.headers["Cache-Control"] == ("public, max-age=3600" if is_static else "no-store")


def test_the_policy_has_no_unsafe_part() -> None:
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'")


def test_pages_have_no_inline_script_or_style(busy_world: World) -> None:
    """The policy would block them; so none may be there."""
    for who in ("carol", "olga"):
        client = browser_of(busy_world, who)
        for row in PAGES.values():
            method, path = row[0].split()
            if method == "GET" and not re.search(r"/(?:logs|static|notebook|texts)\b", path):
                answer = client.get(path)
                if answer.mimetype != "text/html":
                    answer.close()
                    continue
                text = answer.text
                assert " style=" not in text
                assert "<style" not in text
                assert "<script>" not in text
                assert " onclick=" not in text


def test_wrong_passwords_are_limited_and_right_ones_are_not(tmp_path: Path) -> None:
    world = make_world(tmp_path, sign_in_rate="3 per minute")
    client = world.client()
    for _ in range(5):
        assert world.client().post("/api/v1/tokens", json=_SIGN_IN).status_code == 201
    wrong = {"email": "alice@example.org", "password": "wrong"}
    statuses = [post(client, "/sign-in", **wrong).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]
    assert post(client, "/sign-in", **_SIGN_IN).status_code == 429
    assert client.get("/sign-in").status_code == 200


def test_guessing_links_is_limited(tmp_path: Path) -> None:
    world = make_world(tmp_path, sign_in_rate="3 per minute")
    client = world.client()
    for _ in range(5):
        assert client.get(f"/i/{LINKS['carol']}").status_code == 200
    assert [client.get(f"/i/guess{n}").status_code for n in range(4)] == [404, 404, 404, 429]
    guesses = [
        client.post("/api/v1/invitations/start", json={"token": f"g{n}"}).status_code for n in range(4)
    ]
    assert guesses == [404, 404, 404, 429]


def test_uploads_are_limited_by_person(tmp_path: Path) -> None:
    world = make_world(tmp_path, upload_rate="2 per hour")
    carol, dave = bearer(world, "carol"), bearer(world, "dave")

    def upload(headers: dict[str, str]) -> int:
        return world.client().post("/api/v1/submissions", data=b"", headers=headers).status_code

    assert [upload(carol) for _ in range(3)] == [422, 422, 429]
    assert upload(dave) == 422
    said = world.client().post("/api/v1/submissions", data=b"", headers=carol)
    assert said.json is not None
    assert said.json["code"] == "too-many-requests"


def test_the_api_is_limited_by_account_and_says_how_long_to_wait(tmp_path: Path) -> None:
    world = make_world(tmp_path, api_rate="4 per minute")
    alice = bearer(world, "alice")
    answers = [world.client().get(f"/api/v1/{name}", headers=alice) for name in ("me", "tokens") * 3]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429, 429]
    assert all("Retry-After" not in answer.headers for answer in answers[:4])
    assert 0 <= int(answers[4].headers["Retry-After"]) <= 60
    assert answers[4].json is not None
    assert answers[4].json["next"].startswith("Wait")
    assert world.client().get("/api/v1/me", headers=bearer(world, "rita")).status_code == 200
    assert world.client().get("/sign-in").status_code == 200


def test_a_redis_that_is_down_takes_nothing_down(tmp_path: Path) -> None:
    world = make_world(tmp_path, redis_url=f"unix://{tmp_path}/absent.sock", sign_in_rate="2 per minute")
    client = world.client()
    wrong = {"email": "alice@example.org", "password": "wrong"}
    assert post(client, "/sign-in", **_SIGN_IN).status_code == 303
    assert [post(world.client(), "/sign-in", **wrong).status_code for _ in range(3)][:2] == [403, 403]


def test_the_signing_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: signing_key(settings_for(tmp_path / "data")), range(32)))
    assert len(keys) == 1
    files = list((tmp_path / "data").iterdir())
    assert [file.name for file in files] == ["secret.key"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert len(keys.pop()) >= 64
