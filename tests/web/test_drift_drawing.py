"""The drawing of the drift protocol: one time axis, drawn where there is something to draw."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from audition.domain.grade import Curve, Dimension, GradeStatus
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.web.drift_drawing import LEFT, RIGHT, drift_drawing
from graders.drift.drawing import curves_of
from graders.drift.study import make_study
from tests import factories
from tests.bench.drift import monitors
from tests.graders.drift_world import LEAN, PSI_SIGNAL, make_evidence
from tests.web.clients import browser_of
from tests.web.stories import full_run, tell
from tests.web.world import World, make_world


@cache
def curves() -> tuple[Curve, ...]:
    return curves_of(make_study(make_evidence(monitors.sliding_psi(500), PSI_SIGNAL)))


def without(kind: str) -> tuple[Curve, ...]:
    return tuple(curve for curve in curves() if curve.kind != kind)


def told(world: World, drawn: tuple[Curve, ...]) -> str:
    grade = factories.make_grade(
        grader="drift", dimension=Dimension.DRIFT, status=GradeStatus.OK, metrics=(), curves=drawn
    )
    tell(
        world.ports,
        "drift",
        state=State.GRADED,
        verdict=Verdict.ACCEPTED,
        stages=full_run(),
        grades=(factories.make_grade(), grade),
    )
    return browser_of(world, "alice").get("/r/sub_drift/model").text


def test_signals_are_drawn_from_the_end_of_the_warm_up_for_windows_fill_before() -> None:
    by_kind = {curve.kind: curve for curve in curves()}
    warm = LEAN.warm_up_requests / LEAN.runs[0].rate_per_second
    assert by_kind["drift.arrivals"].x[0] < warm
    assert min(by_kind[f"drift.{name}"].x[0] for name in ("signal", "placebo", "alarm")) >= warm


def test_a_reviewer_sees_signal_onset_and_alarm_with_words_and_a_table(world: World) -> None:
    text = told(world, curves())
    assert "When the data drift" in text
    assert re.search(r"The alarm is on from 1\d", text)
    assert "feature_psi_500" in text
    assert "Drift as a table" in text
    assert 'id="drift-chart-t"' in text
    assert 'id="drift-chart-d"' in text


def test_drift_is_drawn_once_and_never_as_a_roc_curve(world: World, tmp_path: Path) -> None:
    other = make_world(tmp_path / "other")
    assert told(world, curves()).count("<figure") == told(other, ()).count("<figure") + 1


@pytest.mark.parametrize(
    "kind", ["drift.arrivals", "drift.signal", "drift.placebo", "drift.onset", "drift.alarm"]
)
def test_without_one_of_its_curves_nothing_is_drawn(kind: str) -> None:
    assert drift_drawing(without(kind)) is None


def test_positions_stay_inside_the_drawing() -> None:
    drawing = drift_drawing(curves())
    assert drawing is not None
    begin, end = drawing.onset
    assert LEFT < begin < end < RIGHT
    assert all(left >= LEFT and left + width <= RIGHT + 2 for left, width in drawing.alarms)
    numbers = [float(n) for n in re.findall(r"[\d.]+", drawing.signal + drawing.placebo + drawing.arrivals)]
    assert 0 <= min(numbers) <= max(numbers) <= RIGHT
    assert drawing.alarm_seconds is not None
    assert drawing.alarm_seconds > drawing.onset_seconds


def test_an_alarm_that_never_rings_and_a_signal_that_never_moves_can_be_drawn() -> None:
    flat = tuple(
        replace(curve, y=(0.0,) * len(curve.y)) if curve.kind != "drift.arrivals" else curve
        for curve in curves()
    )
    drawing = drift_drawing(flat)
    assert drawing is not None
    assert (drawing.alarms, drawing.alarm_seconds, drawing.low, drawing.high) == ((), None, 0, 0)


def test_an_alarm_that_is_on_to_the_end_is_drawn_to_the_end() -> None:
    always = tuple(
        replace(curve, y=(1.0,) * len(curve.y)) if curve.kind == "drift.alarm" else curve
        for curve in curves()
    )
    drawing = drift_drawing(always)
    assert drawing is not None
    assert len(drawing.alarms) == 1
    assert sum(drawing.alarms[0]) == pytest.approx(RIGHT, abs=0.1)


def test_a_hostile_name_of_a_signal_is_text(world: World) -> None:
    hostile = tuple(replace(curve, y_label="<script>x</script>\x1b") for curve in curves())
    assert "<script>x" not in told(world, hostile)
