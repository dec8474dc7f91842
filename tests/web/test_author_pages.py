"""What an author sees of a published challenge."""

from audition.services.keep_proof import keep_proof
from tests.web.clients import browser_of
from tests.web.world import World


def test_an_author_sees_how_a_challenge_does_and_no_candidate(busy_world: World) -> None:
    seen = "leaks: looked at 6 ways\naccepted/starter: <b>score</b> 0.3"
    keep_proof(busy_world.ports, "cli", "ver_1", seen)
    page = browser_of(busy_world, "bob").get("/a/credit-scoring")
    assert page.status_code == 200
    for words in ("looked at 6 ways", "&lt;b&gt;score", "2 invited", "What each check tells"):
        assert words in page.text
    with busy_world.ports.unit_of_work() as uow:
        names = [one.alias for one in uow.people.candidates_of("ver_1")]
    assert names
    assert not any(name in page.text for name in names)


def test_a_version_that_is_not_there_is_said_so(world: World) -> None:
    bob = browser_of(world, "bob")
    assert "published without a proof" in bob.get("/a/credit-scoring?version=1").text
    assert bob.get("/a/credit-scoring?version=99").status_code == 404
    assert bob.get("/a/no-such-challenge").status_code == 404
