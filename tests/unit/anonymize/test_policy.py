"""privacy.toml: what is wrong is told at once, with its place; a column without a rule stops everything."""

from pathlib import Path

import pytest

from audition.anonymize.draft import draft_policy
from audition.anonymize.policy import Role
from audition.anonymize.profile import profile_frame
from audition.anonymize.rules import read_policy, refuse_unclassified
from audition.anonymize.tables import read_frame
from audition.domain.errors import InvalidError
from tests.architecture.tree import REPO
from tests.unit.anonymize.samples import people, people_policy, write

HEAD = '[release]\nfile = "t.csv"\n'


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        read_policy(write(folder, "privacy.toml", text))
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("rule", "line", "said"),
    [
        ('role = "person"', 4, "columns.A.role"),
        ('role = "target"\ntransform = "band"\nstarts = [1]', 5, "band does not suit target"),
        ('role = "identifier"\ntransform = "pseudonym"', 3, "columns.A.domain: is needed by pseudonym"),
        ('role = "feature"\ntransform = "keep"\nround_to = 5', 6, "columns.A.round_to: is not used by keep"),
        ('role = "feature"\ntransfrom = "keep"', 5, "did you mean 'transform'?"),
        ('role = "quasi-identifier"\ntransform = "lattice"', 5, "needs one of widths, prefixes and steps"),
        (
            'role = "quasi-identifier"\ntransform = "lattice"\nwidths = [5, 12]',
            6,
            "multiple of the one before",
        ),
        ('role = "feature"\ntransform = "band"\nstarts = [3, 2]', 6, "write rising numbers"),
        ('role = "text"\ntransform = "text"\ndetect = ["smell"]', 6, "unknown: smell; known: url"),
    ],
)
def test_a_wrong_rule_is_told_with_file_line_key_and_fix(
    tmp_path: Path, rule: str, line: int, said: str
) -> None:
    found = problems(tmp_path, f"{HEAD}[columns.A]\n{rule}\n")
    assert len(found) == 1
    assert found[0].startswith(f"privacy.toml:{line}: ")
    assert said in found[0]


def test_every_problem_comes_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = f'{HEAD}[gate]\nk = 0\nlinked_share = 3\n[columns.A]\nrole = "target"\ntransform = "round"\n'
    assert [problem.split(": ")[0] for problem in problems(tmp_path, text)] == [
        "privacy.toml:4",
        "privacy.toml:5",
        "privacy.toml:6",
        "privacy.toml:8",
    ]


def test_what_is_no_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"line 2"):
        read_policy(write(tmp_path, "privacy.toml", "[release]\nfile = \n"))


def test_links_join_pseudonyms_of_one_domain(tmp_path: Path) -> None:
    tables = "".join(
        f'[tables.{name}]\nfile = "{name}.csv"\n[tables.{name}.columns.id]\nrole = "identifier"\n'
        f'transform = "pseudonym"\ndomain = "{domain}"\n'
        for name, domain in (("a", "one"), ("b", "two"))
    )
    found = problems(tmp_path, f'{tables}[[links]]\ncolumn = "b.id"\nrefers_to = "a.id"\n')
    assert found == ["privacy.toml:13: links[0]: give both columns the same domain, or nothing will match."]


def test_a_column_without_a_rule_stops_the_release() -> None:
    frame = people(50)
    frame["passport"] = frame["age"]
    del frame["town"]
    with pytest.raises(InvalidError) as caught:
        refuse_unclassified(frame, people_policy(), "people.csv")
    assert "people.csv: column 'passport' has no rule: nothing is released." in caught.value.problems
    assert "people.csv: there is no column 'town', for which there is a rule." in caught.value.problems


def test_the_policy_of_credit_scoring_is_sound() -> None:
    policy = read_policy(REPO / "challenges/credit-scoring/privacy.toml")
    assert policy.gate.k == 5
    assert len(policy.columns) == 14


def test_a_draft_is_a_policy_and_guesses_carefully(tmp_path: Path) -> None:
    rows = [
        "customer_id,mail,born,zip,note,shoe,target",
        *(
            f"C{n},p{n}@firm.example,19{n % 90 + 10}-01-0{n % 9 + 1},0{n:04d},"
            f"wants to be called back about order {n} next week,{30 + n % 9},{n % 2}"
            for n in range(200)
        ),
    ]
    profiles = profile_frame(read_frame(write(tmp_path, "c.csv", "\n".join(rows))))
    assert {p.name: p.role for p in profiles} == {
        "customer_id": Role.IDENTIFIER,
        "mail": Role.IDENTIFIER,
        "born": Role.DATE,
        "zip": Role.QUASI_IDENTIFIER,
        "note": Role.TEXT,
        "shoe": Role.QUASI_IDENTIFIER,
        "target": Role.TARGET,
    }
    mail = profiles[1]
    assert mail.found == (("email", 1.0),)
    assert mail.unique_share == 1.0
    assert mail.entropy_bits == pytest.approx(7.64, abs=0.01)
    read_policy(write(tmp_path, "privacy.toml", draft_policy("c.csv", profiles)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", r"t\.csv:3: .*Expected 2 columns, got 1"),
        ("a,a\n1,2\n", r"t\.csv:1: columns stand there twice: a"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        read_frame(write(tmp_path, "t.csv", text))
