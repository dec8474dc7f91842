"""Browsers and programs of the small world's people."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.world import LINKS, PASSWORD, STAFF, World

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def csrf_of(client: FlaskClient, path: str = "/sign-in") -> str:
    """The CSRF token of a form; one of any page is good for all of a session."""
    found = _TOKEN.search(client.get(path).text)
    assert found, f"{path} has no form"
    return found.group(1)


def post(client: FlaskClient, path: str, **data: object) -> TestResponse:
    """Send a form as its page would."""
    return client.post(path, data={"csrf_token": csrf_of(client), **data})


def browser_of(world: World, who: str) -> FlaskClient:
    """A browser in which someone is signed in; "nobody" is not."""
    client = world.client()
    if who in STAFF:
        answer = post(client, "/sign-in", email=f"{who}@example.org", password=PASSWORD)
        assert answer.status_code == 303
    elif who in LINKS:
        assert post(client, f"/i/{LINKS[who]}/start").status_code == 303
    return client


def token_of(world: World, who: str) -> str:
    """An API token of someone; empty for "nobody"."""
    if who in STAFF:
        body = {"email": f"{who}@example.org", "password": PASSWORD}
        answer = world.client().post("/api/v1/tokens", json=body)
    elif who in LINKS:
        answer = world.client().post("/api/v1/invitations/start", json={"token": LINKS[who]})
    else:
        return ""
    assert answer.status_code == 201
    return str(answer.json["token"]) if answer.json else ""


def bearer(world: World, who: str) -> dict[str, str]:
    """The headers with which someone's program calls the API."""
    token = token_of(world, who)
    return {"Authorization": f"Bearer {token}"} if token else {}
