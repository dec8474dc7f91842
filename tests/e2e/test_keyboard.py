"""Each persona's main path with the keyboard alone: everything is reached by Tab, in order, and its focus is seen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from audition.domain.fleet import WorkerReport
from tests.e2e.browser import chromium, walker
from tests.e2e.sites import serving
from tests.web.reviews import tell_reviews
from tests.web.stories import tell_all
from tests.web.world import LINKS, PASSWORD, World, make_world

pytestmark = pytest.mark.browser

_MOST_TABS = 120
#: What has the focus: its accessible name as far as it is written in it, and whether one sees that it has it.
_FOCUSED = """() => {
    const e = document.activeElement, style = getComputedStyle(e);
    const label = e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent;
    return [label.trim().replace(/\\s+/g, ' '), style.outlineStyle !== 'none' && style.outlineWidth !== '0px'];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The small world with a worker that was heard of."""
    made = make_world(tmp_path)
    tell_all(made.ports)
    tell_reviews(made.ports)
    made.queue.tell(WorkerReport(name="runner-1/0", told_at=made.clock.now()))
    return made


@pytest.fixture
def site(world: World) -> Iterator[str]:
    """Its address."""
    with serving(world) as address:
        yield address


def reach(page: Page, name: str) -> None:
    """Press Tab until something with this name has the focus, and is seen to have it."""
    passed = []
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        focused, is_seen = page.evaluate(_FOCUSED)
        passed.append(focused[:40])
        if focused.startswith(name):
            assert is_seen, f"nobody sees that {name!r} has the focus"
            return
    pytest.fail(f"Tab never came to {name!r}, but to {passed}")


def press(page: Page, name: str) -> None:
    """Reach what leads to a page, and press Enter on it."""
    reach(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fill(page: Page, name: str, text: str) -> None:
    """Reach a field and write into it."""
    reach(page, name)
    page.keyboard.type(text)


def sign_in(page: Page, address: str, who: str) -> None:
    """As staff do."""
    page.goto(f"{address}/sign-in")
    fill(page, "E-mail address", f"{who}@example.org")
    fill(page, "Password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_candidate_starts_reads_cancels_and_leaves(browser: Browser, site: str) -> None:
    with walker(browser, site) as carol:
        page = carol.page
        carol.go(f"/i/{LINKS['carol']}")
        press(page, "Start")
        reach(page, "Skip to content")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        press(page, "Submit your solution")
        reach(page, "Choose your archive")
        reach(page, "A practice run")
        reach(page, "Submit this archive")
        carol.go("/s/sub_running")
        press(page, "Cancel")
        expect(page.locator(".state")).to_contain_text("Running")
        press(page, "Sign out")


def test_a_reviewer_goes_from_the_list_to_a_release(browser: Browser, site: str) -> None:
    with walker(browser, site) as alice:
        page = alice.page
        sign_in(page, site, "alice")
        press(page, "Plum Wren 530")
        alice.go("/r/sub_graded")
        press(page, "Release to the candidate")
        expect(page.locator(".title-row .pills")).to_contain_text("Report ready")


def test_an_author_invites(browser: Browser, site: str) -> None:
    with walker(browser, site) as bob:
        page = bob.page
        sign_in(page, site, "bob")
        fill(page, "Candidate's name", "Erin Example")
        fill(page, "E-mail address", "erin@example.org")
        press(page, "Make an invitation link")
        expect(page.get_by_role("heading", name="The invitation is made")).to_be_visible()


def test_an_operator_drains_a_worker_and_has_a_run_repeated(
    browser: Browser, site: str, world: World
) -> None:
    with walker(browser, site) as olga:
        page = olga.page
        sign_in(page, site, "olga")
        press(page, "Operations")
        press(page, "Run again: sub_errored")
        press(page, "Drain runner-1/0")
        expect(page.get_by_role("button", name="Let runner-1/0 take jobs again")).to_be_visible()
    assert world.queue.draining() == {"runner-1/0"}
