"""From raw tables to a release: classes, groups, order, references, files."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from audition.anonymize.apply import apply_policy, read_sources, write_release
from audition.anonymize.columns import Levels, Numbers, classes_of, levels, row_count, take_rows
from audition.anonymize.keys import make_key, read_key
from audition.anonymize.measures import measure_classes
from audition.anonymize.policy import ColumnRule, Gate, Role, TablePolicy, Transform
from audition.anonymize.release import Making, make_release, quasi_names
from audition.anonymize.rules import read_policy
from audition.anonymize.tables import read_frame, write_frame
from audition.cli.anonymize import anonymize
from audition.domain.errors import DeniedError, InvalidError
from tests.unit.anonymize.samples import KEY, OTHER_KEY, people, people_policy, write


def test_a_release_keeps_its_k_and_its_groups() -> None:
    table = people_policy()
    made = make_release(people(2000), Making(table, Gate(k=5), KEY))
    measured = measure_classes(classes_of(made.frame, quasi_names(table)), 5)
    assert measured.k >= 5
    assert made.suppressed_share <= 0.05
    assert measure_classes(classes_of(made.frame, ["income"]), 5).k >= 5
    assert made.lattice is not None


def test_each_released_row_remembers_its_source() -> None:
    frame = people(2000)
    made = make_release(frame, Making(people_policy(), Gate(k=5), KEY))
    back = made.frame["back"]
    source = frame["back"]
    assert isinstance(back, Numbers)
    assert isinstance(source, Levels)
    told = [source.values[code] == "yes" for code in source.codes[made.origin]]
    assert (back.values == np.array(told)).all()
    assert len(set(made.origin.tolist())) == len(made.origin)


def test_the_order_of_rows_tells_nothing_and_follows_the_key() -> None:
    frame, table = people(2000), people_policy()
    first, again, other = (
        make_release(frame, Making(table, Gate(k=5), key)) for key in (KEY, KEY, OTHER_KEY)
    )
    assert (first.origin == again.origin).all()
    assert (first.origin != other.origin).mean() > 0.9
    assert abs(np.corrcoef(first.origin, np.arange(len(first.origin)))[0, 1]) < 0.1


def test_class_means_stand_for_k_people_in_each_class_of_the_others() -> None:
    rule = ColumnRule(role=Role.QUASI_IDENTIFIER, transform=Transform.CLASS_MEAN)
    table = people_policy(age=rule)
    made = make_release(people(2000), Making(table, Gate(k=5), KEY))
    assert measure_classes(classes_of(made.frame, quasi_names(table)), 5).k >= 5
    assert len(np.unique(made.frame["age"].values)) > 20


def test_a_release_that_would_leave_nothing_is_refused() -> None:
    rule = ColumnRule(role=Role.QUASI_IDENTIFIER, transform=Transform.KEEP)
    table = TablePolicy(file="p.csv", columns=dict.fromkeys(people(1), rule))
    with pytest.raises(InvalidError, match="every row stands in a class below 50"):
        make_release(people(60), Making(table, Gate(k=50), KEY))


LINKED = """
[gate]
k = 3
suppressed_share = 0.5
[tables.people]
file = "people.csv"
entity = "id"
[tables.people.columns.id]
role = "identifier"
transform = "pseudonym"
domain = "person"
[tables.people.columns.town]
role = "quasi-identifier"
transform = "keep"
[tables.visits]
file = "visits.csv"
entity = "who"
[tables.visits.columns.who]
role = "identifier"
transform = "pseudonym"
domain = "person"
release_as = "person"
[tables.visits.columns.at]
role = "date"
transform = "shift"
per = "entity"
[tables.visits.columns.note]
role = "text"
transform = "text"
[[links]]
column = "visits.who"
refers_to = "people.id"
"""


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    people_rows = [f"{n},{'Rome' if n < 199 else 'Oslo'}" for n in range(200)]
    visits = [f"{n % 201},2024-02-{n % 28 + 1:02d},mail p{n % 201}@firm.example" for n in range(402)]
    write(tmp_path, "people.csv", "id,town\n" + "\n".join(people_rows) + "\n")
    write(tmp_path, "visits.csv", "who,at,note\n" + "\n".join(visits) + "\n")
    write(tmp_path, "privacy.toml", LINKED)
    return tmp_path


def test_references_hold_in_the_release_and_follow_who_was_left_out(linked: Path) -> None:
    policy = read_policy(linked / "privacy.toml")
    applied = apply_policy(policy, read_sources(policy, linked), KEY)
    (check,) = applied.links
    # Person 199 is alone in Oslo and left out with two visits; person 200 was in no table before either.
    assert (check.references, check.dangling, check.left_out) == (400, 2, 2)
    paths = write_release(applied, policy, linked / "out")
    released = {name: read_frame(path) for name, path in paths.items()}
    ids = released["people"]["id"]
    who = released["visits"]["person"]
    assert isinstance(ids, Levels)
    assert isinstance(who, Levels)
    assert len(set(who.values) - set(ids.values)) == 1
    text = paths["visits"].read_text()
    assert "firm.example" not in text
    assert "@example.org" in text
    assert not set(map(str, range(200))) & set(ids.values)


def test_the_command_line_releases_with_a_key_of_its_own(linked: Path) -> None:
    arguments = [str(linked / "privacy.toml"), str(linked), str(linked / "out")]
    refused = CliRunner().invoke(anonymize, ["apply", *arguments])
    assert isinstance(refused.exception, InvalidError)
    assert "--new-key" in refused.exception.next_step
    done = CliRunner().invoke(anonymize, ["apply", "--new-key", *arguments])
    assert done.exit_code == 0, done.output
    assert "199 rows, 0.50% left out" in done.output
    attacked = CliRunner().invoke(anonymize, ["attack", *arguments[:2]])
    assert attacked.exit_code == 0, attacked.output
    assert "k before / after                1 / 199" in attacked.output
    assert "kept     suppressed_share 0.005" in attacked.output
    key = linked / "release.key"
    assert key.stat().st_mode & 0o077 == 0
    again = CliRunner().invoke(anonymize, ["apply", "--new-key", *arguments])
    assert isinstance(again.exception, InvalidError)


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="holds 5 bytes"):
        read_key(write(tmp_path, "release.key", "short"))
    assert make_key(tmp_path / "own.key").id == read_key(tmp_path / "own.key").id


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_what_is_written_is_what_is_read(tmp_path: Path, name: str) -> None:
    frame = {
        "text": levels(['with "quotes", and commas', None, "two\nlines"]),
        "whole": Numbers(np.array([1.0, np.nan, -3.0])),
        "part": Numbers(np.array([0.5, 1.0, np.nan])),
    }
    write_frame(frame, tmp_path / name)
    back = read_frame(tmp_path / name)
    assert list(back) == list(frame)
    texts = {key: column.texts() for key, column in back.items() if isinstance(column, Levels)}
    assert texts["text"] == ['with "quotes", and commas', None, "two\nlines"]
    assert texts["whole"] == ["1", None, "-3"]
    assert [None if t is None else float(t) for t in texts["part"]] == [0.5, 1.0, None]
    assert row_count(back) == 3


def test_a_release_that_fails_its_gate_is_not_written(linked: Path) -> None:
    make_key(linked / "release.key")
    policy = linked / "privacy.toml"
    policy.write_text(
        policy.read_text()
        .replace("k = 3", "k = 3\nsuppressed_share = 0.001")
        .replace("suppressed_share = 0.5\n", "")
    )
    arguments = [str(policy), str(linked), str(linked / "out")]
    refused = CliRunner().invoke(anonymize, ["apply", *arguments])
    assert isinstance(refused.exception, DeniedError)
    assert refused.exception.problems == (
        "people.csv: suppressed_share is 0.005, above 0.001. Coarsen the quasi-identifiers.",
    )
    assert not (linked / "out").exists()
    assert CliRunner().invoke(anonymize, ["attack", *arguments[:2]]).exit_code == 1


def test_a_folder_of_files_is_one_table(tmp_path: Path) -> None:
    frame = people(300)
    folder = tmp_path / "people"
    folder.mkdir()
    for number, (rows, ending) in enumerate([(slice(0, 100), "csv"), (slice(100, 300), "parquet")]):
        part = take_rows(frame, np.arange(300)[rows])
        write_frame(part, folder / f"part-{number}.{ending}")
    (folder / "_SUCCESS").touch()
    found = read_frame(folder)
    for name, column in frame.items():
        assert isinstance(column, Levels)
        assert isinstance(read := found[name], Levels)
        assert read.texts() == column.texts()


def test_a_folder_whose_files_differ_in_columns_is_refused_by_file(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "x,y\n1,2\n")
    write(tmp_path, "b.csv", "x,z\n1,2\n")
    with pytest.raises(InvalidError) as caught:
        read_frame(tmp_path)
    assert "b.csv" in caught.value.problems[0]
    assert "y, z" in caught.value.problems[0]


def test_a_table_from_a_folder_is_released_as_one_file(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (raw / "people").mkdir(parents=True)
    write_frame(people(400), raw / "people" / "0.parquet")
    write_frame(people(400, seed=2), raw / "people" / "1.csv")
    rules = "".join(
        f'[columns.{name}]\nrole = "{role}"\ntransform = "keep"\n'
        for name, role in {"sex": "quasi-identifier", "back": "target"}.items()
    ) + "".join(f'[columns.{name}]\nrole = "identifier"\n' for name in ("age", "town", "income"))
    policy = read_policy(write(tmp_path, "privacy.toml", f'[release]\nfile = "people/"\n{rules}'))
    applied = apply_policy(policy, read_sources(policy, raw), KEY)
    paths = write_release(applied, policy, tmp_path / "out")
    assert paths["people"].name == "people.csv"
    assert row_count(read_frame(paths["people"])) == 800
