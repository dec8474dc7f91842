"""Raw tables out of a real PostgreSQL, as the toolchain reads them."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from audition.anonymize.columns import Levels
from audition.anonymize.fetch import QuerySource, fetch, read_queries
from audition.anonymize.tables import read_frame
from audition.cli.anonymize import anonymize
from audition.domain.errors import InvalidError, UnavailableError

pytestmark = pytest.mark.postgres

PATIENTS = QuerySource(file="patients.csv", query="SELECT id, town, note FROM clinic.patients ORDER BY id;")
VISITS = QuerySource(file="visits.csv", query="SELECT * FROM clinic.visits WHERE day >= '2024-01-01'")


@pytest.fixture
def raw(postgres_url: str, tmp_path: Path) -> Iterator[Path]:
    """A folder with the address of a database that has two linked tables."""
    (tmp_path / "database.url").write_text(postgres_url + "\n")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA clinic")
        connection.execute("CREATE TABLE clinic.patients (id int, town text, note text)")
        connection.execute("INSERT INTO clinic.patients VALUES (1, '007', 'a, \"b\"'), (2, NULL, '')")
        connection.execute("CREATE TABLE clinic.visits AS SELECT 1 AS patient, DATE '2024-02-03' AS day")
        yield tmp_path
        connection.execute("DROP SCHEMA clinic CASCADE")


def texts(path: Path) -> dict[str, list[str | None]]:
    """What the toolchain reads."""
    return {name: column.texts() for name, column in read_frame(path).items() if isinstance(column, Levels)}


def test_what_a_query_selects_is_read_as_it_stands_in_the_database(raw: Path) -> None:
    found = fetch({"patients": PATIENTS, "visits": VISITS}, raw)
    assert {name: one.rows for name, one in found.items()} == {"patients": 2, "visits": 1}
    assert texts(raw / "patients.csv") == {"id": ["1", "2"], "town": ["007", None], "note": ['a, "b"', ""]}
    assert texts(raw / "visits.csv") == {"patient": ["1"], "day": ["2024-02-03"]}


def test_a_query_cannot_change_the_database(raw: Path) -> None:
    source = QuerySource(file="x.csv", query="DELETE FROM clinic.patients RETURNING id")
    with pytest.raises(InvalidError, match="read-only"):
        fetch({"x": source}, raw)
    assert not (raw / "x.csv").exists()
    assert fetch({"patients": PATIENTS}, raw)["patients"].rows == 2


def test_a_wrong_query_says_what_the_server_says_and_leaves_nothing(raw: Path) -> None:
    source = QuerySource(file="x.csv", query="SELECT nothing FROM clinic.patients")
    with pytest.raises(InvalidError, match=r'source\.x\.query.*"nothing" does not exist'):
        fetch({"x": source}, raw)
    assert sorted(path.name for path in raw.iterdir()) == ["database.url"]


def test_a_table_that_has_changed_since_is_not_written(raw: Path) -> None:
    digest = fetch({"visits": VISITS}, raw)["visits"].sha256
    (raw / "visits.csv").unlink()
    same = QuerySource(file="visits.csv", query=VISITS.query, sha256=digest)
    assert fetch({"visits": same}, raw)["visits"].sha256 == digest
    other = QuerySource(file="patients.csv", query=PATIENTS.query, sha256=digest)
    with pytest.raises(InvalidError, match=r"not that of source\.patients"):
        fetch({"patients": other}, raw)
    assert not (raw / "patients.csv").exists()


def test_without_an_address_or_a_server_it_says_so_and_never_the_password(raw: Path) -> None:
    with pytest.raises(InvalidError, match=r"other\.url: is missing"):
        fetch({"x": QuerySource(file="x.csv", query="SELECT 1", database_file="other.url")}, raw)
    (raw / "other.url").write_text(f"postgresql://me:secret@/none?host={raw}")
    with pytest.raises(UnavailableError) as caught:
        fetch({"x": QuerySource(file="x.csv", query="SELECT 1", database_file="other.url")}, raw)
    assert "secret" not in str(caught.value)


def test_the_verb_fetches_what_sources_toml_names(raw: Path) -> None:
    sources = raw / "sources.toml"
    sources.write_text(
        f'[source.visits]\nfile = "visits.csv"\nlicence = "ours"\nquery = """{VISITS.query}"""\n'
    )
    done = CliRunner().invoke(anonymize, ["fetch", str(sources), str(raw)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "visits.csv, 1 rows, sha256 " in done.output


def test_every_problem_of_sources_toml_comes_at_once(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[source.a]\nfile = "../a.csv"\nquery = ""\n[source.b]\nfile = "b.parquet"\nquery = "SELECT 1"\n'
    )
    with pytest.raises(InvalidError) as caught:
        read_queries(sources)
    said = " ".join(caught.value.problems)
    assert all(
        part in said for part in ("source.a.file", "source.a.query", "source.b.file: must end in .csv")
    )
