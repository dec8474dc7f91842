"""What people see, in a real browser."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from audition.domain.fleet import Place, WorkerReport
from audition.domain.grade import Outcome
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.services.share_report import create_share
from tests import factories
from tests.e2e.browser import chromium, walker
from tests.e2e.sites import serving
from tests.web.full_story import tell_everything
from tests.web.reviews import reviewer, tell_reviews
from tests.web.stories import stage, tell, tell_all
from tests.web.world import LINKS, PASSWORD, World, make_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The small world, a little after its newest submission began to run."""
    made = make_world(tmp_path)
    tell_all(made.ports)
    tell_everything(made.ports, who="carol")
    tell_reviews(made.ports)
    made.clock.advance(80 * 60 + 3.4)
    return made


@pytest.fixture
def site(world: World) -> Iterator[str]:
    """The world's site on a port of this host; returns its address."""
    with serving(world) as address:
        yield address


def test_a_candidate_walks_every_page(browser: Browser, site: str) -> None:
    """From the link to the report, without a complaint of the browser and without sideways scrolling."""
    with walker(browser, site) as carol:
        carol.go(f"/i/{LINKS['carol']}")
        carol.look("landing")
        carol.accept_invitation(f"/i/{LINKS['carol']}")
        carol.look("challenge")
        for name, path in {
            "attempts": "/s",
            "live-running": "/s/sub_running",
            "live-rejected": "/s/sub_rejected",
            "live-failed": "/s/sub_failed",
            "report-candidate": "/s/sub_released/report",
            "report-candidate-findings": "/s/sub_released/report/findings",
            "dispute": "/s/sub_released/report/disputes/dockerfile.base.pinned",
            "challenge-whole": "/c?all=1",
            "own-data": "/me",
        }.items():
            carol.go(path)
            carol.look(name)
        carol.go("/s/sub_graded", status=404)
        carol.look("not-found")


def test_an_upload_is_checked_in_the_browser(browser: Browser, site: str) -> None:
    """A file of the wrong kind is named before anything is sent; a right one is ready."""
    with walker(browser, site) as dave:
        dave.accept_invitation(f"/i/{LINKS['dave']}")
        dave.go("/c/submit")
        dave.look("submit")
        dave.page.locator("input[type=file]").set_input_files(
            {"name": "model.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"}
        )
        expect(dave.page.locator("[data-says]")).to_contain_text("model.exe is not one of")
        dave.look("submit-refused")
        dave.page.locator("input[type=file]").set_input_files(
            {"name": "solution.zip", "mimeType": "application/zip", "buffer": b"PK"}
        )
        expect(dave.page.locator("[data-says]")).to_contain_text("ready to submit")


def test_a_candidate_reads_how_practice_went(browser: Browser, site: str, world: World) -> None:
    """The service did not answer; what it printed and what is wrong with the predictions is there."""
    form = factories.make_finding(check="output.ids.complete", outcome=Outcome.FAILED)
    stages = (
        stage(Stage.UNPACK, 0, 0.4),
        stage(Stage.PREDICT, 0.4, 2),
        stage(Stage.SERVE, 2, 62, status=StageStatus.FAILED, message="The service never answered."),
        stage(Stage.SCORE, 62, 63),
    )
    tell(
        world.ports,
        "practised",
        who="dave",
        attempt=4,
        state=State.GRADED,
        verdict=Verdict.UNHEALTHY,
        stages=stages,
        grades=(factories.make_grade(grader="output-format", findings=(form,)),),
        is_practice=True,
        minutes=96,
    )
    with walker(browser, site) as dave:
        dave.accept_invitation(f"/i/{LINKS['dave']}")
        dave.go("/s/sub_practised")
        expect(dave.page.get_by_role("heading", name="Form of the predictions")).to_contain_text("1 to mend")
        dave.look("live-practice")
        dave.page.get_by_role("link", name="Predict, output").click()
        expect(dave.page.locator("pre")).to_contain_text("predicting")


@pytest.mark.parametrize("has_streams", [True, False])
def test_the_live_page_follows_without_a_reload(
    browser: Browser, site: str, world: World, has_streams: bool
) -> None:
    """One stream brings the new state, and then nothing is asked for any more; without streams the page asks."""
    with walker(browser, site) as carol:
        carol.accept_invitation(f"/i/{LINKS['carol']}")
        if not has_streams:
            carol.page.add_init_script("delete window.EventSource")
        asked: list[str] = []
        carol.page.on("request", lambda request: asked.append(request.url))
        carol.go("/s/sub_running")
        expect(carol.page.locator(".state")).to_contain_text("Running")
        with world.ports.unit_of_work() as uow:
            uow.submissions.move("sub_running", State.RUNNING, State.ERRORED, "Lost.", world.clock.now())
            uow.commit()
        expect(carol.page.locator(".state")).to_contain_text("Our fault")
        assert sum(url.endswith("/s/sub_running") for url in asked) == 1
        assert any(url.endswith("/events") for url in asked) is has_streams
        assert any(url.endswith("/live") for url in asked) is not has_streams
        asked.clear()
        carol.page.wait_for_timeout(2500)
        assert not asked
        carol.look("live-errored")


def test_the_live_page_works_without_script(browser: Browser, site: str) -> None:
    """Without script the page reloads itself."""
    with walker(browser, site, has_script=False) as carol:
        carol.accept_invitation(f"/i/{LINKS['carol']}")
        carol.go("/s/sub_running")
        assert carol.page.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]").count() == 1
        expect(carol.page.locator(".state")).to_contain_text("Running")


def test_a_candidate_pauses_chooses_and_is_forgotten_without_script(
    browser: Browser, site: str, world: World
) -> None:
    with world.ports.unit_of_work() as uow:
        clocked = replace(uow.people.invitation("inv_dave"), clock_hours=6.0, pauses=2)
        uow.people.save_invitation(clocked)
        for name in ("errored", "queued"):
            state = uow.submissions.get(f"sub_{name}").state
            uow.submissions.move(f"sub_{name}", state, State.CANCELLED, "Cancelled.", world.clock.now())
        uow.commit()
    with walker(browser, site, has_script=False) as dave:
        dave.accept_invitation(f"/i/{LINKS['dave']}")
        page = dave.page
        page.get_by_role("button", name="Pause my clock").click()
        expect(page.locator("aside")).to_contain_text("the clock stands still")
        page.get_by_role("button", name="Let my clock run again").click()
        expect(page.locator("aside")).to_contain_text("1 of 2 pauses left")
        dave.go("/s")
        page.get_by_role("button", name="Let attempt 1 count").click()
        expect(page.locator(".rows")).to_contain_text("your choice")
        dave.go("/me")
        page.get_by_label("Delete everything, for good.").check()
        page.get_by_role("button", name="Delete my data").click()
        expect(page.get_by_role("heading", name="Your data are deleted")).to_be_visible()
        dave.go(f"/i/{LINKS['dave']}", status=404)


def test_a_reviewer_walks_every_page(browser: Browser, site: str, world: World) -> None:
    """Inbox, reports with every fate, and the release."""
    with walker(browser, site) as alice:
        alice.go("/sign-in")
        alice.look("sign-in")
        alice.sign_in("alice@example.org", PASSWORD)
        alice.look("inbox")
        for name in ("full", "failed", "rejected", "errored", "queued", "graded"):
            alice.go(f"/r/sub_{name}")
            alice.look(f"report-{name}")
        for name in ("findings", "passed", "uncounted", "model", "run", "interview", "record", "whole"):
            alice.go(f"/r/sub_full/{name}")
            alice.look(f"report-full-{name}")
        alice.go("/r/sub_graded/checks/dockerfile.exists")
        alice.look("change")
        _, secret = create_share(world.ports, reviewer("alice"), "sub_full", 7)
        alice.go(f"/x/{secret}")
        alice.look("share")
        alice.go("/r/disputes")
        alice.look("disputes")
        alice.go("/r/cohort/ver_1/reviewers")
        alice.look("reviewers")
        alice.go("/r/cohort/ver_1")
        alice.look("cohort")
        for box in alice.page.get_by_role("checkbox").all():
            box.check()
        alice.page.get_by_role("button", name="Compare up to 4").click()
        alice.look("compare")
        alice.go("/r/compare/code?s=sub_released&s=sub_graded")
        alice.look("code")
        alice.go("/r/sub_graded")
        alice.page.get_by_role("button", name="Release to the candidate").click()
        expect(alice.page.locator(".title-row .pills")).to_contain_text("Report ready")


def test_a_report_is_read_with_the_keyboard_alone(browser: Browser, site: str) -> None:
    """A link to evidence leads to the finding and opens it; Enter opens and closes another."""
    with walker(browser, site) as alice:
        alice.sign_in("alice@example.org", PASSWORD)
        alice.go("/r/sub_full")
        page = alice.page
        # The first three are open on their page anyway.
        evidence = page.locator("#findings ~ .highlights a").nth(4)
        anchor = (evidence.get_attribute("href") or "").partition("#")[2]
        evidence.focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"[id='{anchor}']")).to_be_visible()
        closed = page.locator("#findings ~ .finding:not([open]) > summary").first
        closed.focus()
        page.keyboard.press("Enter")
        expect(page.locator("details:has(> summary:focus) > .body")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("details:has(> summary:focus) > .body")).to_be_hidden()


def test_a_reviewer_marks_with_the_keyboard_and_signs(browser: Browser, site: str) -> None:
    """Number keys choose, what is typed is saved by itself, and the third review settles the panel."""
    with walker(browser, site) as alice:
        alice.sign_in("alice@example.org", PASSWORD)
        alice.go("/r/sub_graded/mark")
        page = alice.page
        page.get_by_role("button", name="Begin as reviewer 3").click()
        for form in page.locator("form[data-autosave]").all():
            form.locator("input[type=radio]").first.focus()
            page.keyboard.press("2")
            expect(form.locator("input[type=radio]").nth(1)).to_be_checked()
            form.locator("input[name=evidence]").fill("README.md")
            page.keyboard.press("Tab")
            expect(form.locator("[data-says]")).to_have_text("Saved.")
        expect(page.locator("[data-unmarked]")).to_have_text("Every item has a level and its evidence.")
        alice.look("marking")
        page.get_by_role("button", name="Sign my review").click()
        expect(page.get_by_role("heading", name="Marks side by side")).to_be_visible()
        alice.look("marks")


def test_a_report_is_printed_with_every_open_finding_and_without_notes(browser: Browser, site: str) -> None:
    with walker(browser, site) as alice:
        alice.sign_in("alice@example.org", PASSWORD)
        alice.go("/r/sub_full/whole")
        alice.page.emulate_media(media="print")
        alice.page.set_viewport_size({"width": 688, "height": 970})
        assert alice.page.evaluate("document.documentElement.scrollWidth") <= 688
        bodies = alice.page.locator("#findings ~ .finding > .body")
        assert all(body.is_visible() for body in bodies.all())
        for hidden in (".actions", ".reviewer-note", ".tabs"):
            assert not any(part.is_visible() for part in alice.page.locator(hidden).all())
        printed = alice.page.pdf(tagged=True, prefer_css_page_size=True)
        assert b"/StructTreeRoot" in printed
        assert b"/Lang (en)" in printed


def test_staff_pages_fit_too(browser: Browser, site: str, world: World) -> None:
    """Challenges, an invitation link, and operations with a worker that is well and one that is not."""
    place = Place(path="/srv/audition", free_bytes=3 << 30, total_bytes=9 << 30)
    facts = {"engine": "29.1", "runtime": "runsc", "kernel": "6.1.0-40-amd64", "old_versions": "none"}
    for name, trouble in {"runner-1/0": "", "runner-2/0": "/srv/audition has 12 MiB free."}.items():
        now = world.clock.now()
        report = WorkerReport(name=name, told_at=now, trouble=trouble, places=(place,), facts=facts)
        world.queue.tell(report)
    with walker(browser, site) as olga:
        olga.sign_in("olga@example.org", PASSWORD)
        olga.go("/ops")
        olga.look("operations")
        olga.go("/ops/audit")
        olga.look("audit")
        olga.go("/a")
        olga.look("challenges")
        olga.go("/a/invitations")
        olga.look("invitations")
        olga.go("/a")
        olga.page.get_by_label("Candidate's name").fill("Erin Example")
        olga.page.get_by_label("E-mail address").fill("erin@example.org")
        olga.page.get_by_role("button", name="Make an invitation link").click()
        expect(olga.page.get_by_role("heading", name="The invitation is made")).to_be_visible()
        olga.look("invited")
