"""Two states of a challenge differ by values, lines and files, each told once."""

from dataclasses import replace

from audition.catalog.compare import State, differences
from tests import factories

OLD = State(
    name="version 1",
    manifest=factories.make_manifest(attempts=3),
    documents={"brief.md": "# It\n\nDo it.\n", "datacard.md": "# Data\n"},
    data={"public/test.csv": "a" * 64, "private/answers.csv": "b" * 64},
)


def test_the_same_state_has_no_differences() -> None:
    assert list(differences(OLD, replace(OLD, name="folder"))) == []


def test_each_difference_is_told_with_its_place() -> None:
    new = State(
        name="folder",
        manifest=factories.make_manifest(attempts=5, inputs=("test.csv", "more.csv")),
        documents={**OLD.documents, "brief.md": "# It\n\nDo it well.\n"},
        data={"public/test.csv": "c" * 64, "public/more.csv": "d" * 64, "private/answers.csv": "b" * 64},
    )
    told = list(differences(OLD, new))
    assert "challenge.toml: attempts: 3 became 5" in told
    assert "challenge.toml: inputs.1: more.csv is new" in told
    assert {"-Do it.", "+Do it well."} <= set(told)
    assert f"data: public/test.csv: {'a' * 12}… became {'c' * 12}…" in told
    assert f"data: public/more.csv: {'d' * 12}… is new" in told
    assert not any("answers" in line or "datacard" in line for line in told)
    back = list(differences(new, OLD))
    assert "challenge.toml: inputs.1: more.csv is gone" in back
