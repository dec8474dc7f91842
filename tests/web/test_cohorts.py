"""The pages that show many submissions."""

import json

import pytest
from flask.testing import FlaskClient

from tests.web.clients import browser_of
from tests.web.reviews import tell_reviews
from tests.web.world import World


@pytest.fixture
def alice(busy_world: World) -> FlaskClient:
    """A reviewer; some submissions are marked."""
    tell_reviews(busy_world.ports)
    return browser_of(busy_world, "alice")


def test_a_cohort_shows_aliases_scores_and_agreement_and_no_names(alice: FlaskClient) -> None:
    text = alice.get("/r/cohort/ver_1").text
    for shown in ("Plum Wren 530", "Best attempts by score", "0 of 2", "dockerfile.user.non-root", "Kappa"):
        assert shown in text
    for hidden in ("Carol", "dave@example.org", "carol@example.org"):
        assert hidden not in text
    assert "/r/cohort/ver_1" in alice.get("/r").text


@pytest.mark.parametrize("page", ["0", "99", "-1", "x"])
def test_a_page_that_is_not_there_is_the_nearest_one(alice: FlaskClient, page: str) -> None:
    assert "Plum Wren 530" in alice.get(f"/r/cohort/ver_1?page={page}").text


def test_a_cohort_is_saved_as_json_too(alice: FlaskClient) -> None:
    document = json.loads(alice.get("/r/cohort/ver_1/exports/cohort.json").data)
    assert (document["funnel"]["invited"], len(document["best"])) == (2, 2)
    assert alice.get("/r/cohort/ver_1/exports/cohort.exe").status_code == 404


def test_submissions_stand_beside_each_other(alice: FlaskClient) -> None:
    text = alice.get("/r/compare?s=sub_graded&s=sub_failed").text
    assert "Plum Wren 530" in text
    assert "ROC AUC on the hidden data" in text
    assert "Runs as a user without root rights" not in text
    assert (
        "Runs as a user without root rights" in alice.get("/r/compare?s=sub_graded&s=sub_failed&all=1").text
    )
    assert "In no check do they differ" in alice.get("/r/compare?s=sub_graded&s=sub_released").text
    assert alice.get("/r/compare?s=sub_graded").status_code == 422


def test_an_empty_cohort_is_a_page_too(world: World) -> None:
    assert "Nothing is assessed yet." in browser_of(world, "alice").get("/r/cohort/ver_1").text
