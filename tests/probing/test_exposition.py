"""Metrics pages are read strictly and within bounds."""

import asyncio
from pathlib import Path

import pytest

from audition.domain.probe_plan import ProbePlan
from audition.probing.exposition import UnreadableError, lint, read_page
from audition.probing.linting import linted
from audition.probing.promtool import said_by
from audition.probing.session import Session
from audition.probing.starting import probe_start
from tests.probing.sessions import ROWS, make_serving
from tests.services.start import fastapi_service

PAGE = b"""# HELP requests_total Answered.
# TYPE requests_total counter
requests_total{status="200"} 12
# HELP latency_seconds Time.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="+Inf"} 12
latency_seconds_sum 3.5
latency_seconds_count 12
# HELP queue Waiting.
# TYPE queue gauge
queue 2
# HELP process_cpu_seconds_total CPU.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
"""


def test_a_page_becomes_series() -> None:
    page = read_page(PAGE, "text/plain; version=0.0.4")
    assert page.values()['requests_total{status="200"}'] == 12
    assert [s.key for s in page.series if s.is_counting and not s.is_library] == [
        'requests_total{status="200"}',
        'latency_seconds_bucket{le="+Inf"}',
        "latency_seconds_sum",
        "latency_seconds_count",
    ]
    assert lint(page) == ()


def test_openmetrics_is_read_by_its_own_rules() -> None:
    text = b"# TYPE requests counter\n# HELP requests Answered.\nrequests_total 3\n# EOF\n"
    assert read_page(text, "application/openmetrics-text; version=1.0.0").values() == {"requests_total": 3.0}
    with pytest.raises(UnreadableError, match="does not parse"):
        read_page(text.removesuffix(b"# EOF\n"), "application/openmetrics-text")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"requests_total{status=200 12\n", "does not parse"),
        (b"<html><body>hello</body></html>\n", "does not parse"),
        (b"\xff\n", "UTF-8"),
        (b'a{b="' + b"x" * 9000 + b'"} 1\n', "characters"),
        (b"a 1\n" * 50_000, "lines"),
        (b"".join(b'a{n="%d"} 1\n' % n for n in range(20_001)), "20,000 series"),
    ],
)
def test_a_page_that_cannot_be_used_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read_page(body, "text/plain")


def test_the_linter_names_families_that_break_the_naming_rules() -> None:
    page = read_page(
        b"# TYPE requests counter\nrequests 1\n"
        b"# HELP latency_ms Time.\n# TYPE latency_ms gauge\nlatency_ms 1\n"
        b"# HELP drift_gauge_total Drift.\n# TYPE drift_gauge_total gauge\ndrift_gauge_total 1\n",
        "text/plain",
    )
    said = "\n".join(lint(page))
    assert "requests: no help text" in said
    assert "latency_ms: use base units" in said
    assert "drift_gauge_total: only counters end in _total" in said
    assert "drift_gauge_total: the name says its type" in said


ODD = "# TYPE took_ms gauge\ntook_ms 1\n# HELP python_info x\n# TYPE python_info gauge\npython_info_ms 1\n"


@pytest.mark.docker
def test_promtool_itself_is_asked_about_names(prometheus: Path) -> None:
    with fastapi_service() as running:
        plan = ProbePlan(serving=make_serving(running.port), rows=ROWS, metrics_path="/metrics")

        async def ask() -> tuple[str, ...]:
            session = Session(plan, running)
            await probe_start(session)
            found = await linted(session, await session.scrape(), prometheus)
            session.close()
            return found

        assert asyncio.run(ask()) == ()
    said = asyncio.run(
        said_by(
            prometheus / "promtool",
            "check",
            "metrics",
            folder=prometheus,
            codes=(0, 3),
            stdin=ODD.encode() + b"# padding\n" * 200_000,
        )
    )
    assert b"took_ms no help text" in said
