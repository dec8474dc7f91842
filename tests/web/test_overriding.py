"""The page on which a reviewer changes what a check said."""

import pytest

from tests.web.clients import browser_of, post
from tests.web.world import World

PAGE = "/r/sub_graded/checks/dockerfile.exists"


def test_a_change_is_shown_with_its_reason_and_can_be_withdrawn(busy_world: World) -> None:
    alice = browser_of(busy_world, "alice")
    answer = post(alice, PAGE, points="0.5", reason="It is <i>empty</i>.")
    assert (answer.status_code, answer.location) == (303, PAGE)
    page, report = alice.get(PAGE).text, alice.get("/r/sub_graded/findings").text
    assert "0.5 points" in page
    assert "It is &lt;i&gt;empty&lt;/i&gt;." in page
    assert "Changed by a reviewer" in report
    post(alice, f"{PAGE}/withdraw")
    assert "withdrawn" in alice.get(PAGE).text
    assert "Changed by a reviewer" not in alice.get("/r/sub_graded/whole").text


def test_a_check_can_be_left_out_of_the_count(busy_world: World) -> None:
    alice = browser_of(busy_world, "alice")
    post(alice, PAGE, points="", uncounted="on", reason="Not asked for.")
    assert "left out of the count" in alice.get(PAGE).text


@pytest.mark.parametrize("points", ["", "many", "nan", "inf", "9", "-1"])
def test_points_that_are_none_are_refused(busy_world: World, points: str) -> None:
    alice = browser_of(busy_world, "alice")
    assert post(alice, PAGE, points=points, reason="So.").status_code == 422


def test_a_check_that_is_not_in_the_report_is_not_found(busy_world: World) -> None:
    assert browser_of(busy_world, "alice").get("/r/sub_graded/checks/none").status_code == 404
