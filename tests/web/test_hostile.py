"""Hostile text is shown as text: names, logs, findings, Markdown."""

import io

import pytest

from audition.domain.grade import Evidence, Outcome
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.markup import to_html
from audition.web.plain_text import decode, visible
from tests import factories
from tests.web import stories
from tests.web.clients import browser_of, post
from tests.web.world import World

SCRIPT = "<script>alert(1)</script>"
TEMPLATE = "{{ 7 * 7 }}{% raw %}{{ config }}"
OVERRIDE = "gpj.\u202eexe"


def _nasty_submission(world: World) -> str:
    finding = factories.make_finding(
        title=SCRIPT,
        outcome=Outcome.FAILED,
        sentence=TEMPLATE,
        why=f'"><img src=x onerror=alert(1)>{OVERRIDE}',
        how_to_fix=SCRIPT,
        reviewer_note=SCRIPT,
        evidence=(
            Evidence(summary=SCRIPT, file=f"a{SCRIPT}.py", line=1, column=SCRIPT, excerpt=TEMPLATE + SCRIPT),
        ),
    )
    return stories.tell(
        world.ports,
        "nasty",
        state=State.RELEASED,
        verdict=Verdict.NONZERO_EXIT,
        reason=SCRIPT,
        stages=(stories.stage(Stage.PREDICT, 0, 1, status=StageStatus.FAILED, message=SCRIPT + TEMPLATE),),
        grades=(factories.make_grade(findings=(finding,)),),
        log=(SCRIPT + TEMPLATE).encode() + b"\x1b[2J\x00\xff",
    )


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("alice", "/r/sub_nasty"),
        ("alice", "/r"),
        ("carol", "/s/sub_nasty"),
        ("carol", "/s/sub_nasty/report"),
        ("carol", "/s"),
    ],
)
def test_reports_show_hostile_text_as_text(world: World, who: str, path: str) -> None:
    _nasty_submission(world)
    text = browser_of(world, who).get(path).text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert ">49" not in text
    if path.endswith(("sub_nasty", "report")):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "{{ 7 * 7 }}" in text


def test_a_file_name_is_shown_as_text(world: World) -> None:
    client = browser_of(world, "carol")
    name = f"{SCRIPT.replace('/', '')}{TEMPLATE}{OVERRIDE}.zip"
    answer = post(client, "/c/submit", archive=(io.BytesIO(b"PK"), name))
    assert answer.status_code == 303
    for path in (answer.location, "/s"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
        assert "{{ 7 * 7 }}" in text
        assert "\u202e" not in text


def test_a_name_of_a_person_is_shown_as_text(world: World) -> None:
    client = browser_of(world, "bob")
    form = {
        "challenge": "credit-scoring",
        "email": "x@example.org",
        "name": SCRIPT + "{{ 7*7 }}",
        "valid_days": "7",
    }
    page = post(client, "/a/invitations", **form).text
    link = page.split("<code>")[1].split("</code>")[0].removeprefix("http://localhost")
    text = world.client().get(link).text
    assert "&lt;script&gt;" in text
    assert "{{ 7*7 }}" in text


def test_logs_are_plain_text_with_visible_controls(world: World) -> None:
    _nasty_submission(world)
    answer = browser_of(world, "carol").get("/s/sub_nasty/logs/predict-stderr")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'inline; filename="sub_nasty-predict-stderr.txt"'
    assert answer.text == f"{SCRIPT}{TEMPLATE}\u241b[2J\u2400\ufffd"


def test_a_log_name_cannot_steer_the_header(world: World) -> None:
    _nasty_submission(world)
    answer = browser_of(world, "carol").get('/s/sub_nasty/logs/predict-stderr"; filename="x.html')
    assert answer.status_code == 404


def test_visible_keeps_text_and_shows_the_rest() -> None:
    assert visible("naïve\t✓\n") == "naïve\t✓\n"
    assert visible("a\rb\x7f\x9b") == "a\u240db\u2421\u2039U+009B\u203a"
    assert visible("\u200b\u2066") == "\u2039U+200B\u203a\u2039U+2066\u203a"
    assert decode(b"one\r\ntwo\xff") == "one\ntwo\ufffd"


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://evil.example/x.png)",
        '<img src=x onerror="alert(1)">',
        '<a href="x" style="position:fixed" onclick="alert(1)">x</a>',
        "<svg><style>*{}</style></svg>",
        "[x]: javascript:alert(1)\n\n[x]",
    ],
)
def test_markdown_cannot_act(text: str) -> None:
    """What looks like HTML may stand there as text; no element or address of it may."""
    html = str(to_html(text))
    for tag in ("<script", "<img", "<svg", "<style", 'href="javascript', 'href="data'):
        assert tag not in html
    assert "onclick=" not in html.replace("&quot;", '"') or "&lt;a" in html


def test_markdown_renders_what_authors_need() -> None:
    html = str(
        to_html("# Brief\n\n**Bold** `code` [link](https://example.org)\n\n|a|b|\n|-|-:|\n|1|2|\n\n{{ 7*7 }}")
    )
    assert "<h2>Brief</h2>" in html
    assert "<strong>Bold</strong> <code>code</code>" in html
    assert 'href="https://example.org"' in html
    assert "<td>1</td>" in html
    assert "style=" not in html
    assert "{{ 7*7 }}" in html
