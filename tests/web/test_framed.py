"""A candidate's notebook and texts on a reviewer's page: seen, and unable to do anything."""

import hashlib
import re
from base64 import b64encode

import pytest

from audition.domain.evidence import ArtifactKind
from audition.domain.run import Verdict
from audition.domain.submission import State
from tests.web import stories
from tests.web.clients import browser_of, post
from tests.web.world import World

HOSTILE = b"<script>parent.document</script><img src=x onerror=alert(1)><p>cell</p>"


def told(world: World) -> str:
    return stories.tell(
        world.ports,
        "booked",
        state=State.GRADED,
        verdict=Verdict.ACCEPTED,
        stages=stories.full_run(),
        grades=stories.good_grades(),
        documents={ArtifactKind.NOTEBOOK_PAGE: HOSTILE, ArtifactKind.TEXTS_PAGE: HOSTILE},
    )


@pytest.mark.parametrize("page", ["notebook", "texts"])
def test_it_is_shown_where_it_may_do_nothing(world: World, page: str) -> None:
    """Even HTML that nobody had cleaned: no origin, no script, no request, no form; and no other site may frame it."""
    answer = browser_of(world, "alice").get(f"/r/{told(world)}/{page}")
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["sandbox"] == ""
    assert (policy["default-src"], policy["form-action"], policy["base-uri"]) == ("'none'",) * 3
    assert (policy["img-src"], policy["frame-ancestors"]) == ("data:", "'self'")
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert HOSTILE in answer.data


def test_its_one_style_is_the_one_that_the_policy_names(world: World) -> None:
    answer = browser_of(world, "alice").get(f"/r/{told(world)}/notebook")
    style = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_the_report_frames_both_without_permissions_and_holds_nothing_of_them(world: World) -> None:
    page = browser_of(world, "alice").get(f"/r/{told(world)}/written")
    frames = re.findall(r"<iframe[^>]*>", page.text)
    assert [re.findall(r'src="([^"]*)"', frame) for frame in frames] == [
        ["/r/sub_booked/texts"],
        ["/r/sub_booked/notebook"],
    ]
    assert all(re.search(r"\ssandbox(\s|>)", frame) for frame in frames)
    assert "<script>parent" not in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_texts_are_beside_the_items_to_mark_and_push_none_of_them_down(world: World) -> None:
    client = browser_of(world, "alice")
    submission = told(world)
    post(client, f"/r/{submission}/reviews")
    text = client.get(f"/r/{submission}/mark").text
    assert text.index('id="sign"') < text.index(f'src="/r/{submission}/texts"')


def test_a_submission_without_them_has_no_frame_and_no_page(world: World) -> None:
    client = browser_of(world, "alice")
    assert "<iframe" not in client.get("/r/sub_released").text
    assert client.get("/r/sub_released/notebook").status_code == 404
    assert client.get("/r/sub_released/texts").status_code == 404
