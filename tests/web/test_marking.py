"""The pages on which reviewers mark: with script and without, blind, and final once signed."""

import pytest
from flask.testing import FlaskClient

from tests.web.clients import browser_of, csrf_of, post
from tests.web.reviews import review, tell_reviews
from tests.web.stories import tell_all
from tests.web.world import World

SHEET = "/r/sub_graded/mark"


@pytest.fixture
def alice(world: World) -> FlaskClient:
    """A reviewer with a seat beside Rita, who has signed."""
    tell_all(world.ports)
    review(world.ports, "rita", "sub_graded", (0, 1, 1))
    client = browser_of(world, "alice")
    assert post(client, "/r/sub_graded/reviews").location == SHEET
    return client


def test_a_mark_is_saved_by_a_form_and_shown_again(alice: FlaskClient) -> None:
    answer = post(alice, f"{SHEET}/image", level="1", evidence="Dockerfile:3", note="<b>No user.</b>")
    assert (answer.status_code, answer.location) == (303, f"{SHEET}#item-image")
    text = alice.get(SHEET).text
    assert 'value="1" checked' in text
    assert "&lt;b&gt;No user.&lt;/b&gt;" in text
    assert "2 of 3 items still need" in text


def test_a_script_is_told_what_is_left(alice: FlaskClient) -> None:
    form = {"csrf_token": csrf_of(alice), "level": "1", "evidence": "Dockerfile:3"}
    answer = alice.post(f"{SHEET}/image", data=form, headers={"Accept": "application/json"})
    assert answer.json == {"unmarked": 2}


def test_the_sheet_says_nothing_of_what_others_gave(alice: FlaskClient) -> None:
    text = alice.get(SHEET).text + alice.get("/r/sub_graded").text
    assert "What rita noticed" not in text
    assert "Rita would talk" not in text


def test_signing_names_what_is_missing_and_then_shows_everybody(alice: FlaskClient) -> None:
    refused = post(alice, SHEET, comment="Good.")
    assert refused.status_code == 422
    assert "Would operations accept it? has no level, or no evidence." in refused.text
    for item in ("validation", "image", "limits"):
        post(alice, f"{SHEET}/{item}", level="1", evidence="README.md")
    assert post(alice, SHEET, comment="Good.").status_code == 303
    text = alice.get(SHEET).text
    assert "What rita noticed" in text
    assert "Rita would talk to this person." in text
    assert "Reviewer 2 (you)" in text


def test_the_inbox_and_the_report_lead_to_the_sheet(world: World) -> None:
    tell_all(world.ports)
    tell_reviews(world.ports)
    client = browser_of(world, "alice")
    assert "Third reviewer wanted" in client.get("/r").text
    assert "Begin as reviewer 3" in client.get(SHEET).text
    assert "75 of 100" in client.get("/r/sub_released").text
    assert "75 of 100" in browser_of(world, "carol").get("/s/sub_released/report").text
    assert "Marked by people" not in browser_of(world, "dave").get("/s/sub_graded/report").text
