"""Drift evidence: packed exactly, bounded, and a run that cannot be used says why."""

import math
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audition import codec
from audition.domain.drift import (
    MAX_BYTES,
    DriftEvidence,
    DriftRun,
    Family,
    MetricKind,
    PhaseSpan,
    Scrape,
    ScrapeTable,
    Series,
    pack,
    problems,
    tabulate,
    unpack,
)
from audition.domain.drift_plan import DriftFamily, DriftKind, Injection, Pace, Phase, full_plan
from audition.domain.drift_validity import invalid_reasons, is_ours
from audition.domain.errors import InvalidError
from audition.grading.drift import read_drift

PLAN = full_plan(
    DriftFamily(
        primary=Injection(kind=DriftKind.MEAN_SHIFT, column="a"),
        others=tuple(Injection(kind=kind) for kind in islice(DriftKind, 2, 7)),
    ),
    Pace(),
    seed=1,
)
REQUESTS = Series(metric="http_requests_total", labels=(("code", "200"),))
DRIFT = Series(metric="feature_drift", labels=(("feature", "income"),))
FAMILIES = (
    Family(name="http_requests", kind=MetricKind.COUNTER),
    Family(name="feature_drift", kind=MetricKind.GAUGE),
    Family(name="latency_seconds", kind=MetricKind.HISTOGRAM),
)


def table(columns: dict[Series, list[float]]) -> ScrapeTable:
    rows = len(next(iter(columns.values())))
    return ScrapeTable(
        requests=tuple(range(0, 50 * rows, 50)),
        seconds=tuple(0.25 * n for n in range(rows)),
        series=tuple(columns),
        values=pack(list(columns.values())),
    )


EMPTY = ScrapeTable()


def make_run(scrapes: ScrapeTable = EMPTY, **changes: object) -> DriftRun:
    run = DriftRun(
        plan=PLAN.runs[0],
        spans=(PhaseSpan(phase=Phase.WARM_UP, first=0, end=1000),),
        scrapes=scrapes,
        answered=1000,
    )
    return replace(run, **changes)  # type: ignore[arg-type]


@given(
    columns=st.lists(
        st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3), max_size=4
    )
)
def test_values_come_back_to_the_last_bit(columns: list[list[float]]) -> None:
    back = unpack(ScrapeTable(values=pack(columns)))
    flat = [value for column in columns for value in column]
    assert len(back) == len(flat)
    assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(back, flat, strict=True))


def test_seventeen_runs_of_seventy_scrapes_with_five_hundred_series_fit() -> None:
    series = tuple(
        Series(metric="feature_quantile_value", labels=(("feature", f"column_{n:03}"), ("quantile", "0.95")))
        for n in range(500)
    )
    values = [[math.pi * 10**9 + row + column / 7 for row in range(70)] for column in range(500)]
    scrapes = ScrapeTable(
        requests=tuple(range(50, 3550, 50)),
        seconds=tuple(round(n * 0.25, 3) for n in range(70)),
        series=series,
        values=pack(values),
    )
    evidence = DriftEvidence(plan=PLAN, runs=tuple(make_run(scrapes, plan=run) for run in PLAN.runs))
    document = codec.to_json(evidence)
    assert len(document) < MAX_BYTES == 8 << 20
    assert read_drift(document) == evidence
    assert unpack(scrapes)[71] == values[1][1]


def evidence_with(scrapes: ScrapeTable) -> DriftEvidence:
    return DriftEvidence(plan=PLAN, runs=(make_run(scrapes),))


GOOD = table({REQUESTS: [0, 50, 100], DRIFT: [0.1, math.nan, 0.2]})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (replace(GOOD, seconds=(0.0,)), "3 scrapes have 1 times"),
        (replace(GOOD, requests=(0, 100, 50)), "not in order"),
        (replace(GOOD, series=(DRIFT, DRIFT)), "there twice"),
        (replace(GOOD, series=(DRIFT, Series(metric="x" * 301))), "longer than 300"),
        (replace(GOOD, values=GOOD.values[:-4]), "do not fit"),
        (replace(GOOD, values="*" * len(GOOD.values)), "not base64"),
        (replace(GOOD, requests=tuple(range(1001))), "at most 1,000"),
    ],
)
def test_a_table_of_a_wrong_shape_is_refused_with_the_reason(bad: ScrapeTable, words: str) -> None:
    assert any(words in problem for problem in problems(evidence_with(bad)))
    with pytest.raises(InvalidError, match=r"drift\.json has"):
        read_drift(codec.to_json(evidence_with(bad)))


def test_too_many_runs_and_too_many_values_are_refused() -> None:
    many = DriftEvidence(plan=PLAN, runs=(make_run(GOOD),) * 65)
    assert any("65 runs" in problem for problem in problems(many))
    wide = ScrapeTable(
        requests=tuple(range(900)),
        seconds=(0.0,) * 900,
        series=tuple(Series(metric=f"m{n}") for n in range(900)),
    )
    assert any("810,000 values" in problem for problem in problems(evidence_with(wide)))
    backwards = make_run(GOOD, spans=(PhaseSpan(phase=Phase.TEST, first=9, end=3),))
    assert any("before it begins" in p for p in problems(DriftEvidence(plan=PLAN, runs=(backwards,))))


def test_good_evidence_has_no_problems() -> None:
    assert problems(evidence_with(GOOD)) == []
    assert make_run(GOOD).span(Phase.WARM_UP) == PhaseSpan(phase=Phase.WARM_UP, first=0, end=1000)
    assert make_run(GOOD).span(Phase.TEST) is None
    assert (DRIFT.label("feature"), DRIFT.label("other")) == ("income", "")


@pytest.mark.parametrize(
    ("changes", "words", "ours"),
    [
        ({"answered": 970, "failed": 30}, "30 of 1,000 requests failed, more than 2%", False),
        ({"answered": 900}, "Only 900 of 1,000", True),
        ({"slip_p99_ms": 140.0}, "140 ms late", True),
        ({"restarts": 1}, "started again 1 time", False),
        ({"rest": table({REQUESTS: [26, 11, 11, 26, 23]})}, "several processes answer", False),
        ({"scrapes": table({REQUESTS: [0, 40, 30]})}, "http_requests_total went down", False),
        (
            {"rest": table({Series(metric="latency_seconds_count"): [5, 4]})},
            "latency_seconds_count went down",
            False,
        ),
    ],
)
def test_a_run_that_cannot_be_used_says_why_and_whose_fault_it_is(
    changes: dict[str, object], words: str, ours: bool
) -> None:
    reasons = invalid_reasons(make_run(**changes), FAMILIES)
    assert len(reasons) == 1
    assert words in reasons[0]
    assert is_ours(make_run(**changes)) is ours


def test_a_late_sender_takes_the_blame_for_what_failed_then() -> None:
    assert is_ours(make_run(answered=900, failed=100, slip_p99_ms=140.0))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"answered": 980, "failed": 20},
        {"rest": table({REQUESTS: [26, 26, 27], DRIFT: [0.4, 0.1, 0.2]})},
        {"scrapes": table({REQUESTS: [0, math.nan, 3], Series(metric="latency_seconds_sum"): [2, 1, 0]})},
        {"scrapes": table({Series(metric="http_requests_created"): [9, 1, 9]})},
        {"scrapes": table({Series(metric="unknown_thing"): [9, 1, 9]})},
    ],
)
def test_gauges_may_fall_and_counters_may_rest(changes: dict[str, object]) -> None:
    assert invalid_reasons(make_run(**changes), FAMILIES) == ()


def test_after_a_restart_falling_counters_are_no_second_reason() -> None:
    run = make_run(restarts=1, scrapes=table({REQUESTS: [9, 1, 2]}))
    assert len(invalid_reasons(run, FAMILIES)) == 1


def test_a_counter_that_nobody_described_is_known_by_its_name() -> None:
    run = make_run(rest=table({Series(metric="jobs_total"): [2, 1]}))
    assert len(invalid_reasons(run, ())) == 1


def test_scrapes_become_a_table_with_gaps_where_a_series_was_absent() -> None:
    scrapes = [
        Scrape(requests=50, seconds=0.25, values={REQUESTS: 50.0}),
        Scrape(requests=100, seconds=0.50012, values={DRIFT: 0.1, REQUESTS: 100.0}),
    ]
    found = tabulate(scrapes)
    assert (found.requests, found.seconds, found.series) == ((50, 100), (0.25, 0.5), (REQUESTS, DRIFT))
    assert list(unpack(found))[:2] == [50, 100]
    assert math.isnan(unpack(found)[2])
    assert problems(evidence_with(found)) == []
    assert tabulate([]) == ScrapeTable()


def test_where_room_is_short_declared_series_are_kept_and_others_counted() -> None:
    others = {Series(metric=f"m{n}"): 1.0 for n in range(5)}
    scrape = Scrape(requests=1, seconds=0.0, values=others | {DRIFT: 0.3})
    found = tabulate([scrape], first=(DRIFT, REQUESTS), most=3)
    assert found.series == (DRIFT, Series(metric="m0"), Series(metric="m1"))
    assert found.dropped == 3
