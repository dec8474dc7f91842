"""From answers and predictions to a metric with a score, for every metric there is."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audition.domain.challenge import AnswersSpec, Manifest, OutputSpec, Resampling
from audition.domain.metrics import METRICS, Form, Interval
from graders.answers import Answers
from graders.cells import Value
from graders.model_quality.intervals import Design
from graders.model_quality.measure import measure
from graders.model_quality.rows import Rows
from tests.factories import make_manifest


def manifest_of(name: str, answers: dict[str, str], output: dict[str, Any], **metric: Any) -> Manifest:
    base = make_manifest()
    facts = METRICS[name]
    spec = replace(base.metric, name=name, direction=facts.direction, bootstrap_rounds=100, **metric)
    answers_spec = AnswersSpec(file="answers.csv", id_column="id", answer_column="answer", **answers)
    output_spec = OutputSpec(names=("predictions.csv",), id_column="id", **output)
    return replace(base, metric=spec, answers=answers_spec, output=output_spec)


IDS = tuple(f"r{n:02d}" for n in range(40))
SURVIVAL = {"harrell_c", "uno_c", "integrated_brier"}
COLUMNS = {
    "group": {i: f"g{n // 4}" for n, i in enumerate(IDS)},
    "event": {i: str(int(n % 3 > 0)) for n, i in enumerate(IDS)},
    "scale": dict.fromkeys(IDS, "2.0"),
    "time": {i: f"2024-01-{n % 20 + 1:02d}" for n, i in enumerate(IDS)},
}


def numbers(name: str, form: Form) -> tuple[dict[str, Value], dict[str, Value]]:
    """Truth and noisy predictions of metrics of numbers."""
    random = np.random.default_rng(1)
    is_class = name not in SURVIVAL and (METRICS[name].high == 1 or form == Form.PROBABILITY) and name != "r2"
    truth: dict[str, Value] = {i: float(n % 2) if is_class else n + 1.0 for n, i in enumerate(IDS)}
    noise = random.normal(size=40) * (0.4 if is_class else 8)
    said = np.abs([float(n % 2) * 0.5 if is_class else n + 1.0 for n in range(40)] + noise)
    if form == Form.QUANTILES:
        return truth, {i: (v - 5, v + 5) for i, v in zip(IDS, said.tolist(), strict=True)}
    if form == Form.SURVIVAL:
        return truth, {i: (0.9, v / 100) for i, v in zip(IDS, said.tolist(), strict=True)}
    return truth, dict(zip(IDS, said.clip(0, 1 if is_class else None).tolist(), strict=True))


def words(form: Form) -> tuple[dict[str, Value], dict[str, Value]]:
    """The same for labels, lists and texts."""
    if form == Form.ITEMS:
        lists: list[Value] = [("z", "x"), ("x", "z", "y"), ("z", "q")]
        return dict.fromkeys(IDS, ("x", "y")), {i: lists[n % 3] for n, i in enumerate(IDS)}
    if form == Form.TEXT:
        return dict.fromkeys(IDS, "one two"), {i: "one two" if n % 2 else "one" for n, i in enumerate(IDS)}
    truth: dict[str, Value] = {i: "abc"[n % 3] for n, i in enumerate(IDS)}
    if form == Form.PROBABILITIES:
        return truth, {i: (n / 100, 0.5, 0.5 - n / 100) for n, i in enumerate(IDS)}
    return truth, {i: "abc"[n % 3 if n % 5 else 0] for n, i in enumerate(IDS)}


def case(name: str) -> tuple[Manifest, Answers, dict[str, Value]]:
    """Forty rows for any metric, with predictions that are neither good nor bad."""
    form = METRICS[name].form
    is_words = form in {Form.LABEL, Form.PROBABILITIES, Form.ITEMS, Form.TEXT}
    truth, said = words(form) if is_words else numbers(name, form)
    labels = ("a", "b", "c") if form in {Form.LABEL, Form.PROBABILITIES} else ()
    made = manifest_of(
        name,
        {f"{key}_column": key for key in COLUMNS},
        {"prediction_column": "p", "labels": labels},
        at=2,
        quantiles=(0.1, 0.9) if form == Form.QUANTILES else (0.5,),
        times=(5.0, 20.0),
    )
    return made, Answers(values=truth, columns=COLUMNS), said


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_measured_from_answers_to_score(name: str) -> None:
    manifest, answers, said = case(name)
    metric, _ = measure(manifest, answers, said)
    facts = METRICS[name]
    assert metric.low <= metric.value <= metric.high
    assert metric.low < metric.high
    low, high = facts.low, facts.high
    assert (-math.inf if low is None else low) <= metric.value <= (math.inf if high is None else high)
    assert metric.method
    assert (metric.name, metric.rows) == (name, 40)
    assert measure(manifest, answers, said)[0] == metric


@pytest.mark.parametrize(
    "name", [n for n, f in METRICS.items() if f.interval not in {Interval.JACKKNIFE, Interval.CLUSTER}]
)
@pytest.mark.parametrize("resampling", [Resampling.GROUPS, Resampling.BLOCKS])
def test_groups_and_blocks_can_be_drawn_for_every_metric_that_allows_it(
    name: str, resampling: Resampling
) -> None:
    manifest, answers, said = case(name)
    spec = replace(manifest.metric, resampling=resampling)
    metric, _ = measure(replace(manifest, metric=spec), answers, said)
    assert metric.method.startswith(("group percentile", "block (of 3 periods) percentile"))
    assert metric.low <= metric.value <= metric.high


def test_rows_are_joined_by_id_whatever_their_order() -> None:
    manifest, answers, said = case("mae")
    turned = Answers(values=dict(reversed(answers.values.items())), columns=answers.columns)
    assert measure(manifest, turned, dict(reversed(said.items()))) == measure(manifest, answers, said)


def test_periods_are_numbers_or_dates() -> None:
    manifest, answers, said = case("mae")
    spec = replace(manifest.metric, resampling=Resampling.BLOCKS)
    numbered = {i: str(n % 20) for n, i in enumerate(sorted(answers.values))}
    as_numbers = Answers(values=answers.values, columns={**answers.columns, "time": numbered})
    designs: Sequence[Design] = [
        Rows.of(replace(manifest, metric=spec), a, said).design() for a in (answers, as_numbers)
    ]
    assert designs[0].units is not None
    assert designs[1].units is not None
    assert designs[0].units.tolist() == designs[1].units.tolist()
