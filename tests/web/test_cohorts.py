"""The pages that show many submissions."""

import json
import re

import pytest
from flask.testing import FlaskClient

from audition import codec
from audition.domain.evidence import ArtifactKind
from audition.domain.run import Verdict
from audition.domain.sources import SourceFile, Sources
from audition.domain.submission import State
from tests.web.clients import browser_of
from tests.web.reviews import tell_reviews
from tests.web.stories import tell
from tests.web.test_budgets import MAX_PAGE_BYTES
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


def test_the_code_of_two_submissions_is_compared_a_file_at_a_time(busy_world: World) -> None:
    alice = browser_of(busy_world, "alice")
    assert (
        "/r/compare/code?s=sub_graded&amp;s=sub_released"
        in alice.get("/r/compare?s=sub_graded&s=sub_released").text
    )
    text = alice.get("/r/compare/code?s=sub_graded&s=sub_released").text
    assert re.search(r"<del>   3      - table = pandas.read_csv\(.+test\.csv", text)
    assert re.search(r"<ins>        3 \+ table = pandas.read_csv\(.+rows\.csv", text)
    assert "&lt;script&gt;" in text
    assert len(text.encode()) < MAX_PAGE_BYTES
    for path, words in (("serve.py", "+"), ("api/app.py", "+"), ("Dockerfile", "No line differs")):
        assert words in alice.get(f"/r/compare/code?s=sub_graded&s=sub_released&file={path}").text
    assert alice.get("/r/compare/code?s=sub_graded&s=sub_released&file=none.py").status_code == 404
    assert alice.get("/r/compare/code?s=sub_graded&s=sub_graded").status_code == 422
    assert "was not kept as text" in alice.get("/r/compare/code?s=sub_graded&s=sub_failed").text


def test_a_difference_of_hostile_files_is_a_page_as_light_as_any(world: World) -> None:
    for name, letter in (("one", "a"), ("two", "b")):
        files = tuple(
            SourceFile(path=f"{n:02}.py", text=f"{letter}<\u202e&\x1b" * 4000 + f"\n{letter}<&\n" * 4000)
            for n in range(9)
        )
        tell(
            world.ports, name, who={"one": "carol", "two": "dave"}[name], state=State.GRADED,
            verdict=Verdict.ACCEPTED, documents={ArtifactKind.SOURCES: codec.to_json(Sources(files=files))},
        )  # fmt: skip
    text = browser_of(world, "alice").get("/r/compare/code?s=sub_one&s=sub_two").text
    assert "too little to be compared" in text
    assert "There is more than is shown here" in text
    assert "\u202e" not in text
    assert len(text.encode()) < MAX_PAGE_BYTES
