"""The page on which candidates find what is kept of them."""

import io
import zipfile

from audition.domain.run import Verdict
from audition.domain.submission import State
from tests.web.clients import browser_of, post
from tests.web.stories import good_grades, tell
from tests.web.world import LINKS, World


def test_it_says_what_is_kept_and_saves_it(world: World) -> None:
    carol = browser_of(world, "carol")
    text = carol.get("/me").text
    for shown in ("Carol Candidate", "carol@example.org", "Teal Heron 214"):
        assert shown in text
    answer = carol.get("/me/export")
    assert answer.headers["Content-Disposition"] == "attachment; filename=audition-data.zip"
    assert "data.json" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    answer.close()


def test_a_deletion_has_to_be_confirmed(world: World) -> None:
    carol = browser_of(world, "carol")
    assert post(carol, "/me/erase").status_code == 422
    assert carol.get("/me").status_code == 200


def test_after_a_deletion_the_link_leads_nowhere_and_the_session_is_gone(world: World) -> None:
    tell(world.ports, "graded", state=State.GRADED, verdict=Verdict.ACCEPTED, grades=good_grades())
    carol = browser_of(world, "carol")
    answer = post(carol, "/me/erase", confirm="delete")

    assert answer.status_code == 200
    assert "1 upload with all that came of" in answer.text
    assert "Sign out" not in answer.text
    assert carol.get("/me").status_code == 303
    assert world.client().get(f"/i/{LINKS['carol']}").status_code == 404
    assert browser_of(world, "alice").get("/r/sub_graded").status_code == 404
    assert browser_of(world, "dave").get("/c").status_code == 200
