"""Drive Debian's Chromium: open pages at several widths and in both colour schemes, strictly."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.e2e.axe import violations

SCREENSHOTS = Path(__file__).resolve().parents[1] / "screenshots"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (1280, 320)
SCHEMES = ("light", "dark")
#: Where accessibility is looked at: by every rule wide and narrow, by that of colours in both schemes.
RULES = {(1280, "light"): "", (1280, "dark"): "color-contrast", (320, "dark"): ""}
_HEIGHT = 900
_FIRST_ERROR = 400
#: What lies beyond the window's right edge, innermost last.
_STICKS_OUT = """width => [...document.querySelectorAll('main *')]
    .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.scroll, pre'))
    .map(e => e.tagName + '.' + e.getAttribute('class') + ': ' + e.textContent.trim().slice(0, 40)).slice(-5)"""


@dataclass(slots=True)
class Complaints:
    """What a page said on its console, and what failed in it, since the last `take`."""

    said: list[str] = field(default_factory=list)
    expected_status: int = 200

    def watch(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", lambda m: self.said.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def take(self) -> list[str]:
        """What was said, but for the browser's own note that an error page has an error's status."""
        said, self.said = self.said, []
        return [
            text
            for text in said
            if "Failed to load resource" not in text or self.expected_status < _FIRST_ERROR
        ]


#: A page of a busy host may take its time; what never comes is noticed all the same.
expect.set_options(timeout=30_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; Playwright brings none of its own here."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "No Chromium on this host: install Debian's package chromium, e.g. with ./audition test."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass(slots=True)
class Walker:
    """A person at a browser. Each page they look at is checked, and kept as pictures."""

    page: Page
    base_url: str
    complaints: Complaints

    def go(self, path: str, *, status: int = 200) -> None:
        """Open a page of the site.

        Args:
            path: From the root; or a whole address.
            status: What the server must answer.
        """
        self.complaints.expected_status = status
        answer = self.page.goto(path if "://" in path else self.base_url + path)
        assert answer is not None
        assert answer.status == status, f"{path} answered {answer.status}"

    def look(self, name: str) -> None:
        """Check the open page and take its picture, at every width and in both schemes."""
        # A click returns when the next page is on its way, which has nothing to look at yet.
        self.page.wait_for_load_state()
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for width in WIDTHS:
                self.page.set_viewport_size(ViewportSize(width=width, height=_HEIGHT))
                self._check_fits(name, width)
                self._check_is_accessible(name, width, scheme)
                SCREENSHOTS.mkdir(exist_ok=True)
                self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        said = self.complaints.take()
        assert not said, f"{name}: the browser complains: {said}"

    def _check_fits(self, name: str, width: int) -> None:
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            culprits = self.page.evaluate(_STICKS_OUT, width)
            pytest.fail(f"{name} is {wide} pixels wide in a window of {width}: {culprits}")

    def _check_is_accessible(self, name: str, width: int, scheme: str) -> None:
        if (only := RULES.get((width, scheme))) is not None:
            found = violations(self.page, only)
            assert not found, f"{name} at {width} in {scheme}:\n" + "\n".join(found)

    def sign_in(self, email: str, password: str) -> None:
        """Sign in as staff."""
        self.go("/sign-in")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def accept_invitation(self, link: str) -> None:
        """Open an invitation link and start."""
        self.go(link)
        self.page.get_by_role("button", name="Start").or_(
            self.page.get_by_role("button", name="Continue")
        ).click()


@contextmanager
def walker(browser: Browser, base_url: str, *, has_script: bool = True) -> Iterator[Walker]:
    """A person with a fresh browser profile."""
    context = browser.new_context(java_script_enabled=has_script)
    page = context.new_page()
    complaints = Complaints()
    complaints.watch(page)
    yield Walker(page=page, base_url=base_url, complaints=complaints)
    context.close()
