"""Ask axe-core what people with a screen reader, a keyboard or weak eyes would stumble over on a page."""

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

#: All rules, best practices included. What axe cannot decide ("incomplete") is for people to look at. Frames hold
#: documents of candidates in which no script may run, so axe could not either.
_RUN = """async only => {
    const rules = only ? {runOnly: {type: 'rule', values: [only]}} : {};
    const found = await axe.run(document, {...rules, resultTypes: ['violations'], iframes: false});
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${rule.help}: ${node.html.slice(0, 160)} (${node.any.map(c => c.message).join('; ')})`));
}"""


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, only: str = "") -> list[str]:
    """What is wrong with the open page, by every rule or by one, as "rule: why: where"."""
    if not page.evaluate("typeof window.axe === 'object'"):
        # Evaluated by the debugger, which the page's own policy does not bind.
        page.evaluate(_script())
    found: list[str] = page.evaluate(_RUN, only)
    return found
