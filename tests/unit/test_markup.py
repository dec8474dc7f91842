"""Markdown as HTML that a screen reader can find its way in."""

from audition.markup import to_html

TABLE = "|  | mean |\n|---|---|\n| age | 41 |\n"


def test_tables_are_told_apart_by_what_is_in_them() -> None:
    html = to_html(TABLE + "\n\n" + TABLE.replace("age", "debt"))
    assert 'aria-label="Table: mean age 41"' in html
    assert 'aria-label="Table: mean debt 41"' in html


def test_a_corner_without_a_word_is_no_heading() -> None:
    assert "<th></th>" not in to_html(TABLE)
    assert "<th>mean</th>" in to_html(TABLE)


def test_what_a_table_says_cannot_leave_its_name() -> None:
    html = to_html('| a" onfocus="x | b |\n|---|---|\n| <b>c</b> &quot; | d |\n')
    assert 'aria-label="Table: a&quot; onfocus=&quot;x b' in html
    assert "<b>" not in html


def test_a_long_name_is_cut() -> None:
    name = to_html(f"| {'word ' * 100} |\n|---|\n| x |\n").split('aria-label="')[1].split('"')[0]
    assert len(name) < 100
