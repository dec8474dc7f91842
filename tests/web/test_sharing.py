"""The page that a link to a report leads to."""

import re
from pathlib import Path

from tests.web.clients import browser_of, post
from tests.web.world import World, make_world


def _link(world: World) -> str:
    """Alice makes one."""
    answer = post(browser_of(world, "alice"), "/r/sub_graded/shares", days="7")
    assert answer.status_code == 201
    found = re.search(r"http://localhost(/x/[\w-]+)", answer.text)
    assert found
    return found.group(1)


def test_somebody_without_an_account_reads_plain_words(busy_world: World) -> None:
    link = _link(busy_world)
    answer = busy_world.client().get(link)
    assert answer.status_code == 200
    assert "Plum Wren 530" in answer.text
    assert "The image runs as root." in answer.text
    for hidden in ("Dave", "COPY . /app", "For reviewers", "csrf_token", "/r/sub_graded", "Within noise"):
        assert hidden not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_reviewer_sees_openings_and_ends_the_link(busy_world: World) -> None:
    link = _link(busy_world)
    busy_world.client().get(link)
    alice = browser_of(busy_world, "alice")
    page = alice.get("/r/sub_graded/record").text
    assert "opened 1 time" in page
    assert link.removeprefix("/x/") not in page, "the link is shown once and kept nowhere"
    (end,) = re.findall(r'action="(/r/sub_graded/shares/[^"]+/end)"', page)
    assert post(alice, end).status_code == 303
    assert busy_world.client().get(link).status_code == 404


def test_links_cannot_be_guessed_for_long(tmp_path: Path) -> None:
    client = make_world(tmp_path, sign_in_rate="3 per minute").client()
    assert [client.get(f"/x/guess{n}").status_code for n in range(4)] == [404, 404, 404, 429]
