"""Invitations by mail: the form, the API, and an outbox that cannot be written."""

import pytest

from audition.adapters.memory import MemoryMailer
from audition.domain.errors import UnavailableError
from tests.web.clients import bearer, browser_of, post
from tests.web.world import World

FORM = {"challenge": "credit-scoring", "email": "erin@example.org", "name": "Erin Example", "valid_days": "7"}


def mailer_of(world: World) -> MemoryMailer:
    assert isinstance(world.ports.mailer, MemoryMailer)
    return world.ports.mailer


def test_the_form_mails_the_link_when_it_is_asked_to(world: World) -> None:
    bob = browser_of(world, "bob")
    assert "outbox" not in post(bob, "/a/invitations", **FORM).text
    assert mailer_of(world).sent == []
    page = post(bob, "/a/invitations", **FORM, is_mailed="1").text
    assert "waits in the outbox" in page
    (mail,) = mailer_of(world).sent
    link = next(line for line in mail.body.splitlines() if line.startswith("http"))
    assert (mail.to, link in page) == ("erin@example.org", True)
    assert world.client().get(link.removeprefix("http://localhost")).status_code == 200


def test_a_mail_that_cannot_be_sent_takes_no_link_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_mail: str) -> None:
        msg = "The outbox is full."
        raise UnavailableError(msg, code="outbox-not-writable")

    monkeypatch.setattr(mailer_of(world), "send", refuse)
    page = post(browser_of(world, "bob"), "/a/invitations", **FORM, is_mailed="1").text
    assert "could not be written to the outbox" in page
    assert "/i/" in page
    body = {**FORM, "valid_days": 7, "is_mailed": True}
    answer = world.client().post("/api/v1/invitations", json=body, headers=bearer(world, "bob"))
    assert (answer.status_code, answer.json["is_mailed"]) == (201, False)


@pytest.mark.parametrize("is_mailed", [True, False])
def test_the_api_mails_the_link_when_it_is_asked_to(world: World, is_mailed: bool) -> None:
    body = {**FORM, "valid_days": 7, "is_mailed": is_mailed}
    answer = world.client().post("/api/v1/invitations", json=body, headers=bearer(world, "bob"))
    assert (answer.json["is_mailed"], len(mailer_of(world).sent)) == (is_mailed, int(is_mailed))
