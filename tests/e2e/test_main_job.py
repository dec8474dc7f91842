"""The main job in a real browser on a real stack: from an invitation to a report that its candidate reads."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from audition.catalog.samples import find_samples
from audition.services.compose_report import compose_report
from tests.challenges.conftest import PACK, ends_as_expected
from tests.e2e.browser import Walker, chromium, walker
from tests.pipeline import REVIEWER
from tests.stack import OPERATOR, PASSWORD, SLUG, Stack, in_a_hurry, running_stack

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.browser, pytest.mark.slow]

_RUN_MS = 600_000
_GRADED = re.compile("Graded")
_REFUSED = re.compile("Refused")
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything, running, with the challenge published."""
    with running_stack(tmp_path_factory.mktemp("stack"), in_a_hurry) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    with chromium() as launched:
        yield launched


def test_from_an_invitation_to_a_report_that_its_candidate_reads(stack: Stack, browser: Browser) -> None:
    url = stack.settings.public_url
    with walker(browser, url) as staff, walker(browser, url) as ada:
        link = _invite(staff, "Ada Example")
        _start(ada, link)
        _upload(ada, _packed_starter(_kit(ada)), "starter.zip")
        _watch_until_graded(ada)
        submission_id = ada.page.url.rpartition("/")[2]
        _earns_what_its_author_expects(stack, submission_id)
        _review(staff, submission_id)
        _read_the_report(ada)


def _invite(staff: Walker, name: str) -> str:
    """Invite somebody on the authors' page; returns the link it shows."""
    staff.sign_in(OPERATOR, PASSWORD)
    staff.page.get_by_role("link", name="Challenges").click()
    staff.look("job-1-challenges")
    staff.page.get_by_label("Candidate's name").fill(name)
    staff.page.get_by_label("E-mail address").fill("ada@stack.example")
    staff.page.get_by_role("button", name="Make an invitation link").click()
    staff.look("job-2-invited")
    link = staff.page.locator(".copyable code").inner_text().strip()
    assert link.startswith(staff.base_url + "/i/")
    return link


def _start(ada: Walker, link: str) -> None:
    ada.go(link)
    expect(ada.page.locator(".eyebrow")).to_have_text("Invitation for Ada Example")
    ada.look("job-3-landing")
    ada.page.get_by_role("button", name="Start").click()
    expect(ada.page.get_by_role("heading", name="Brief", exact=True)).to_be_visible()
    expect(ada.page.get_by_role("heading", name="Data card", exact=True)).to_be_visible()
    expect(ada.page.locator("main")).to_contain_text("probability_of_default")
    ada.look("job-4-challenge")


def _kit(ada: Walker) -> bytes:
    """Download the kit."""
    with ada.page.expect_download() as waiting:
        ada.page.get_by_role("link", name="Download the kit").click()
    assert waiting.value.suggested_filename.endswith(".zip")
    return Path(waiting.value.path()).read_bytes()


def _packed_starter(kit: bytes) -> bytes:
    """The kit's starting point as an archive, unchanged."""
    prefix, packed = f"{SLUG}/starter/", io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(kit)) as source, zipfile.ZipFile(packed, "w") as target:
        names = [name for name in source.namelist() if name.startswith(prefix) and not name.endswith("/")]
        assert f"{prefix}predict.py" in names
        for name in names:
            target.writestr(name.removeprefix(prefix), source.read(name))
    return packed.getvalue()


def _upload(candidate: Walker, archive: bytes, name: str) -> None:
    """Send an archive on the submit page; ends on its live page."""
    candidate.go("/c/submit")
    candidate.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": archive}
    )
    expect(candidate.page.locator("[data-says]")).to_contain_text("ready to submit")
    candidate.look(f"job-5-submit-{name.split('.', maxsplit=1)[0]}")
    candidate.page.get_by_role("button", name="Submit this archive").click()
    candidate.page.wait_for_url("**/s/sub_*")


def _watch_until_graded(ada: Walker) -> None:
    """The page changes by itself: what was put into it by hand at the start is still there at the end."""
    ada.page.evaluate("document.documentElement.dataset.seen = 'yes'")
    at_first = ada.page.locator(".state").inner_text()
    assert at_first in {"Waiting", "Running", "Grading"}
    expect(ada.page.locator(".state")).to_contain_text(_GRADED, timeout=_RUN_MS)
    assert ada.page.evaluate("document.documentElement.dataset.seen") == "yes"
    expect(ada.page.locator(".stepper li.good")).to_have_count(9)
    ada.look("job-7-live-graded")


def _earns_what_its_author_expects(stack: Stack, submission_id: str) -> None:
    samples = {sample.name: sample for sample in find_samples(PACK)}
    report = compose_report(stack.ports, REVIEWER, submission_id)
    ends_as_expected(report, samples["accepted/starter"].expectation)


def _review(staff: Walker, submission_id: str) -> None:
    """Find it in the inbox, read it whole, and release it."""
    staff.page.get_by_role("link", name="Submissions").click()
    expect(staff.page.get_by_role("heading", name="Submissions", exact=True)).to_be_visible()
    expect(staff.page.locator("main")).not_to_contain_text("Ada Example")
    staff.look("job-8-inbox")
    # Other tests of this site may have left older ones, which come first.
    staff.page.locator(f".rows tbody th a[href$='{submission_id}']").click()
    page = staff.page
    expect(page.locator(".headline")).to_contain_text("On data it had never seen, its ROC AUC is 0.")
    for part in ("Overall", "Model"):
        expect(page.locator(".gauges")).to_contain_text(part)
    for part in ("Container", "Serving", "Observability"):
        expect(page.locator(".profile")).to_contain_text(part)
    staff.look("job-9-report")
    parts = page.get_by_role("navigation", name="Report")
    parts.get_by_role("link", name="Findings").click()
    expect(page.locator("#findings")).to_contain_text("to improve")
    expect(page.locator(".finding").first).to_contain_text("How to fix")
    parts.get_by_role("link", name="Model").click()
    expect(page.locator("figure.square svg").first).to_be_visible()
    for link, names in {"Run": ("logs", "stages"), "Record": ("provenance", "history")}.items():
        parts.get_by_role("link", name=link).click()
        for name in names:
            expect(page.locator(f"#{name}")).to_be_visible()
    expect(page.locator(".origin")).to_contain_text("sha256:")
    expect(page.locator(".history").first).to_contain_text("queued → running")
    staff.look("job-9-record")
    page.get_by_role("button", name="Release to the candidate").click()
    expect(page.locator(".title-row .pills")).to_contain_text("Report ready")


def _read_the_report(ada: Walker) -> None:
    ada.go("/s")
    ada.look("job-10-attempts")
    ada.page.get_by_role("link", name="Report").click()
    expect(ada.page.get_by_role("heading", name="Your report")).to_be_visible()
    expect(ada.page.locator(".headline")).to_contain_text("ROC AUC is 0.")
    expect(ada.page.locator("main")).not_to_contain_text("For reviewers")
    ada.look("job-11-report-of-the-candidate")


def _candidate(stack: Stack, browser_walker: Walker, name: str) -> None:
    """Sign somebody new in."""
    body = {"challenge": SLUG, "email": f"{name}@stack.example", "name": name}
    browser_walker.accept_invitation(stack.staff.post("/invitations", body)["link"])


def _with_outsider() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("predict.py", "print('hello')\n")
        archive.writestr("../outside.py", "print('outside')\n")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "archive", "says"),
    [
        ("picture", _PNG, "neither a zip nor a tar archive"),
        ("outsider", _with_outsider(), "../outside.py"),
    ],
)
def test_a_refused_upload_says_why_and_costs_nothing(
    stack: Stack, browser: Browser, name: str, archive: bytes, says: str
) -> None:
    with walker(browser, stack.settings.public_url) as candidate:
        _candidate(stack, candidate, name)
        _upload(candidate, archive, f"{name}.zip")
        expect(candidate.page.locator(".state")).to_contain_text(_REFUSED, timeout=_RUN_MS)
        expect(candidate.page.locator(".lead")).to_contain_text(says)
        expect(candidate.page.locator(".lead")).to_contain_text("No attempt was used.")
        candidate.look(f"job-refused-{name}")
        candidate.go("/s")
        expect(candidate.page.locator("main")).to_contain_text("5 of 5")


def test_a_failure_says_what_limit_it_met_and_what_to_do(stack: Stack, browser: Browser) -> None:
    samples = {sample.name: sample for sample in find_samples(stack.settings.challenges_dir / SLUG)}
    with walker(browser, stack.settings.public_url) as candidate:
        _candidate(stack, candidate, "hoarder")
        _upload(candidate, samples["memory_limit/hoards"].pack(), "hoards.zip")
        candidate.look("job-6-live")
        expect(candidate.page.locator(".state")).to_contain_text(_GRADED, timeout=_RUN_MS)
        message = candidate.page.locator(".stage-message", has_text="in predict")
        expect(message).to_contain_text("Memory limit reached in predict (1.0 GiB")
        expect(message).to_contain_text("Read the data in smaller parts")
        candidate.look("job-failed")
        candidate.go("/s")
        expect(candidate.page.locator("main")).to_contain_text("4 of 5")
