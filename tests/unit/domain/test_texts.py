"""Which files of a submission people are shown as text."""

from audition.domain.contract import Entry
from audition.domain.texts import MOST_TEXTS, texts_of


def chosen(*paths: str, card: str = "") -> tuple[str, ...]:
    return texts_of([Entry(path=path, bytes=1) for path in paths], card)


def test_the_readme_comes_first_then_the_model_card_then_what_is_near_the_root() -> None:
    found = chosen(
        "docs/b.md", "NOTES.md", "docs/card.md", "readme.MD", "a/b/c.markdown", card="docs/card.md"
    )
    assert found == ("readme.MD", "docs/card.md", "NOTES.md", "docs/b.md", "a/b/c.markdown")


def test_only_markdown_of_the_candidates_own_is_shown() -> None:
    assert (
        chosen("predict.py", "requirements.txt", "venv/x.md", "node_modules/y/README.md", "a/b/c/deep.md")
        == ()
    )
    assert texts_of([Entry(path="README.md", bytes=0)], "") == ()


def test_there_is_an_end_to_how_many() -> None:
    assert len(chosen(*(f"{number}.md" for number in range(99)))) == MOST_TEXTS
