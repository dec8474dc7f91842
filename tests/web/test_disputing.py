"""The pages on which a candidate disputes a finding and a reviewer answers."""

from tests.web.clients import browser_of, post
from tests.web.world import World

CHECK = "dockerfile.base.pinned"
MINE = f"/s/sub_released/report/disputes/{CHECK}"
THEIRS = f"/r/sub_released/checks/{CHECK}"


def test_a_dispute_goes_from_the_finding_to_a_reviewer_and_back(busy_world: World) -> None:
    carol, alice = browser_of(busy_world, "carol"), browser_of(busy_world, "alice")
    assert f'href="{MINE}"' in carol.get("/s/sub_released/report/findings").text
    assert f'href="{MINE}"' not in alice.get("/r/sub_released/findings").text
    assert post(carol, MINE, text="It <b>has</b> a digest.").location == MINE
    for client, path in ((carol, MINE), (alice, THEIRS), (alice, "/r/disputes")):
        text = client.get(path).text
        assert "It &lt;b&gt;has&lt;/b&gt; a digest." in text
    assert "1 dispute to answer" in alice.get("/r").text
    answer = post(alice, f"{THEIRS}/answer", answer="So it has.", decision="upheld", points="1")
    assert (answer.status_code, answer.location) == (303, THEIRS)
    assert "No dispute waits" in alice.get("/r/disputes").text
    report = carol.get("/s/sub_released/report/passed").text
    for words in ("Dispute upheld", "So it has.", "Changed by a reviewer"):
        assert words in report
    assert "Alice" not in report


def test_a_second_dispute_and_a_bad_answer_are_refused(busy_world: World) -> None:
    carol, alice = browser_of(busy_world, "carol"), browser_of(busy_world, "alice")
    assert post(carol, MINE, text="").status_code == 422
    post(carol, MINE, text="No.")
    assert post(carol, MINE, text="No.").status_code == 409
    assert "<textarea" not in carol.get(MINE).text
    for form in ({"answer": ""}, {"answer": "Yes.", "decision": "upheld", "points": "many"}):
        assert post(alice, f"{THEIRS}/answer", **form).status_code == 422
    post(alice, f"{THEIRS}/answer", answer="It stays.", decision="rejected")
    assert "Dispute rejected" in carol.get("/s/sub_released/report/findings").text


def test_a_check_that_is_not_in_the_report_cannot_be_disputed(busy_world: World) -> None:
    assert browser_of(busy_world, "carol").get("/s/sub_released/report/disputes/none").status_code == 404
