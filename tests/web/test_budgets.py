"""How heavy pages may be: every page of every persona, and what each page brings along."""

import gzip
import re
from pathlib import Path

import pytest

from audition.web import words
from tests.web.clients import browser_of
from tests.web.test_access import PAGES, PEOPLE
from tests.web.world import World

STATIC = Path(words.__file__).parent / "static"
MAX_PAGE_BYTES = 60 << 10
MAX_CSS_BYTES = 25 << 10
MAX_SCRIPT_BYTES = 20 << 10
_ASSETS = re.compile(r'(?:src|href)="/static/([^"?]+)')


def pages_of(world: World, who: str) -> dict[str, str]:
    """Path to HTML of every page that someone may open."""
    client, found = browser_of(world, who), {}
    for way, _, statuses in PAGES.values():
        method, path = way.split()
        if method == "GET" and statuses[PEOPLE.index(who)] == 200:
            with client.get(path) as answer:
                if answer.mimetype == "text/html":
                    found[path] = answer.text
    return found


@pytest.mark.parametrize("who", PEOPLE)
def test_every_page_is_light(busy_world: World, who: str) -> None:
    pages = pages_of(busy_world, who)
    assert {path: len(html) for path, html in pages.items() if len(html.encode()) >= MAX_PAGE_BYTES} == {}
    for path, html in pages.items():
        brought = set(_ASSETS.findall(html))
        styles = [(STATIC / name).stat().st_size for name in brought if name.endswith(".css")]
        scripts = [
            len(gzip.compress((STATIC / name).read_bytes())) for name in brought if name.endswith(".js")
        ]
        assert sum(styles) < MAX_CSS_BYTES, path
        assert sum(scripts) < MAX_SCRIPT_BYTES, path


def test_most_pages_were_looked_at(busy_world: World) -> None:
    assert len(pages_of(busy_world, "olga")) > 12
    assert len(pages_of(busy_world, "carol")) > 6
