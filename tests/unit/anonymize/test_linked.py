"""People who stand in a crowd by one row, and not by all of their rows."""

from pathlib import Path

import numpy as np
import pytest

from audition.anonymize.apply import apply_policy, read_sources
from audition.anonymize.columns import Levels, Numbers, levels, numbers
from audition.anonymize.examine import examine
from audition.anonymize.linked import amount_to, link_across
from audition.anonymize.policy import Policy
from audition.anonymize.rules import read_policy
from tests.unit.anonymize.samples import KEY, write

PEOPLE = """
[gate]
k = 5
record_linkage = 0.2
attacks = 200
[tables.people]
file = "people.csv"
[tables.people.columns.id]
role = "identifier"
transform = "pseudonym"
domain = "person"
[tables.people.columns.town]
role = "quasi-identifier"
transform = "keep"
"""
VISITS = """
[tables.visits]
file = "visits.csv"
entity = "who"
[tables.visits.columns.who]
role = "identifier"
transform = "pseudonym"
domain = "{domain}"
[tables.visits.columns.ward]
role = "feature"
transform = "keep"
[tables.visits.columns.cost]
role = "feature"
transform = "keep"
"""
LINK = """
[[links]]
column = "visits.who"
refers_to = "people.id"
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A hundred people of two towns, with visits whose number and cost differ from person to person."""
    random = np.random.default_rng(3)
    write(tmp_path, "people.csv", "id,town\n" + "".join(f"p{n},{'AB'[n % 2]}\n" for n in range(100)))
    visits = [f"p{n},w{n % 3},{random.integers(10, 90)}" for n in range(100) for _ in range(1 + n % 7)]
    write(tmp_path, "visits.csv", "who,ward,cost\n" + "\n".join(visits) + "\n")
    return tmp_path


def policy_of(folder: Path, text: str) -> Policy:
    return read_policy(write(folder, "privacy.toml", text))


def test_who_is_hidden_among_the_people_is_found_by_visits(raw: Path) -> None:
    policy = policy_of(raw, PEOPLE + VISITS.format(domain="person") + LINK)
    sources = read_sources(policy, raw)
    applied = apply_policy(policy, sources, KEY)
    found = examine(policy, sources, applied, KEY)["people"]
    assert found.assessment.linkages[-1].certain.value == 0
    (across,) = found.assessment.across
    assert across.knows == "every released column and their rows in visits"
    assert across.certain.value > 0.9
    broken = [verdict for verdict in found.verdicts if not verdict.is_met]
    assert [verdict.measure for verdict in broken] == [f"record_linkage by {across.knows}"]
    assert "pseudonyms of different domains" in broken[0].help


def test_tables_that_cannot_be_joined_are_not_looked_at_together(raw: Path) -> None:
    policy = policy_of(raw, PEOPLE + VISITS.format(domain="another"))
    sources = read_sources(policy, raw)
    applied = apply_policy(policy, sources, KEY)
    assert link_across("people", policy, sources, applied, np.random.default_rng(1)) == ()


def test_several_rows_of_a_person_in_one_table_find_them(raw: Path) -> None:
    policy = policy_of(raw, PEOPLE + VISITS.format(domain="person") + LINK)
    sources = read_sources(policy, raw)
    applied = apply_policy(policy, sources, KEY)
    (found,) = link_across("visits", policy, sources, applied, np.random.default_rng(1))
    assert found.certain.value > 0.9
    assert found.expected.tries == 100


def test_rows_amount_to_their_number_their_mean_and_their_commonest_word() -> None:
    columns = {"cost": numbers([1, 3, None, 8, 5]), "ward": levels(["b", "a", "b", None, "a"])}
    found = amount_to(columns, np.array([0, 0, 0, 2, -1]), 3)
    rows, cost, ward = found["rows"], found["cost"], found["ward"]
    assert isinstance(rows, Numbers)
    assert rows.values.tolist() == [3, 0, 1]
    assert isinstance(cost, Numbers)
    assert np.isnan(cost.values).tolist() == [False, True, False]
    assert cost.values[[0, 2]].tolist() == [2, 8]
    assert isinstance(ward, Levels)
    assert ward.texts() == ["b", None, None]
    tied = amount_to({"ward": levels(["b", "a"])}, np.array([0, 0]), 1)["ward"]
    assert isinstance(tied, Levels)
    assert tied.texts() == ["b"]
