"""The page of the audit log: what it tells, how it is narrowed, and its file."""

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from audition.services.read_audit import PER_PAGE
from tests import factories as make
from tests.web.clients import browser_of
from tests.web.world import World


@pytest.fixture
def olga(world: World) -> FlaskClient:
    """An operator, and a log with more than one page about one thing."""
    with world.ports.unit_of_work() as uow:
        for number in range(PER_PAGE + 1):
            uow.audit.add(
                make.make_audit_entry(subject="sub_1", action="noted", reason=f"line {number} of it")
            )
        uow.audit.add(make.make_audit_entry(subject="sub_2", action="changed", reason="=1+1 <b>bold</b>"))
        uow.commit()
    return browser_of(world, "olga")


def test_the_newest_lines_come_first_and_older_ones_behind_a_link(olga: FlaskClient) -> None:
    first = olga.get("/ops/audit?subject=sub_1").text
    assert first.index(f"line {PER_PAGE} of it") < first.index("line 1 of it")
    assert "line 0 of it" not in first
    link = first.split(">Older lines<")[0].rpartition('href="')[2].rstrip('"').replace("&amp;", "&")
    second = olga.get(link).text
    assert "line 0 of it" in second
    assert "line 1 of it" not in second
    assert "Older lines" not in second


def test_staff_are_named_and_nothing_that_was_written_is_markup(olga: FlaskClient) -> None:
    page = olga.get("/ops/audit").text
    assert "Olga" in page
    assert "&lt;b&gt;bold" in page


def test_lines_are_narrowed_to_a_deed(olga: FlaskClient) -> None:
    page = olga.get("/ops/audit?action=changed").text
    assert "sub_2" in page
    assert "sub_1" not in page
    assert "No line is such a one." in olga.get("/ops/audit?action=changed&subject=sub_1").text


@pytest.mark.parametrize("query", ["before=x", "before=-1", f"before={10**30}", f"actor={quote(chr(0))}"])
def test_odd_questions_are_answered_too(olga: FlaskClient, query: str) -> None:
    assert olga.get(f"/ops/audit?{query}").status_code == 200


def test_the_file_has_all_pages_and_no_formula(olga: FlaskClient) -> None:
    answer = olga.get("/ops/audit/audit.csv?subject=sub_1")
    assert answer.mimetype == "text/csv"
    assert "audit.csv" in answer.headers["Content-Disposition"]
    assert len(answer.text.splitlines()) == PER_PAGE + 2
    assert "'=1+1" in olga.get("/ops/audit/audit.csv?subject=sub_2").text
