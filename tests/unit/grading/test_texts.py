"""What candidates wrote, drawn for reviewers: every word of it, and nothing that acts."""

import re
from pathlib import Path

import pytest

from audition.domain.drawn import MOST_HTML
from audition.domain.texts import MOST_TEXT_BYTES
from audition.grading.texts import draw_texts

HOSTILE = """# Card <script>alert(1)</script>

<img src="https://evil.example/p.png" onerror="alert(1)"> ![seen](https://evil.example/q.png)
<svg onload=alert(1)><iframe src="https://evil.example"></iframe><style>body{display:none}</style>
[go](javascript:alert(1)) [data](data:text/html;base64,PHNjcmlwdD4=) [web](https://example.org "title")
[path](MODEL_CARD.md) [here](/sign-out) [other](//evil.example)
<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example">
"""


def drawn(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return draw_texts(folder, [f"{name}.md" for name in files]).html


def test_each_file_is_a_section_under_its_name(tmp_path: Path) -> None:
    html = drawn(tmp_path, README="# Model\n\nHow *to* run it.", CARD="| a | b |\n|---|---|\n| 1 | 2 |")
    assert html.count("<section>") == html.count("</section>") == 2
    assert html.index("<h1>README.md</h1>") < html.index("<h1>CARD.md</h1>")
    assert "<h2>Model</h2>" in html
    assert "<em>to</em>" in html
    assert "<td>2</td>" in html


def test_markup_and_pictures_from_outside_are_words_and_nothing_else(tmp_path: Path) -> None:
    html = drawn(tmp_path, card=HOSTILE)
    tags = {tag.lower() for tag in re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html)}
    assert tags <= {"section", "h1", "h2", "p", "a"}
    links = re.findall(r'href="([^"]*)"', html)
    assert "https://example.org" in links
    assert all(link.startswith("https://") for link in links)
    assert not re.search(r"<[^>]*\s(?:src|on\w+|style)\s*=", html)
    assert "&lt;script&gt;" in html


def test_a_name_is_text_as_well(tmp_path: Path) -> None:
    name = "<b>x.md"
    (tmp_path / name).write_text("hello")
    assert "<h1>&lt;b&gt;x.md</h1>" in draw_texts(tmp_path, [name]).html


def test_a_file_that_is_gone_or_no_text_spoils_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "bytes.md").write_bytes(b"caf\xe9 \x00\xff")
    html = draw_texts(tmp_path, ["absent.md", "folder.md", "bytes.md"]).html
    assert html.count("<section>") == 1
    assert "caf\ufffd" in html


def test_a_long_file_is_cut_and_says_so(tmp_path: Path) -> None:
    html = drawn(tmp_path, long="word " * (MOST_TEXT_BYTES // 4))
    assert "too long to be shown" in html


@pytest.mark.parametrize("unit", ["> ", "- ", "[", "*a **b ", "`", "<!--", "![](", "&#", "| "])
def test_what_was_nested_on_purpose_ends_and_is_bounded(tmp_path: Path, unit: str) -> None:
    """Twelve such files at most; the container that draws them has a deadline of its own besides."""
    html = drawn(tmp_path, nested=unit * 2000 + "x")
    assert 0 < len(html) < MOST_HTML
