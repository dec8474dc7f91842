"""The rules of `challenge.toml` about the metric: known, anchored, and given everything that it needs."""

import itertools
import math
from collections.abc import Iterable

from audition.catalog.own_metric import check_own
from audition.catalog.shape import Problems
from audition.domain.challenge import (
    DETAIL_CHECKS,
    ROBUSTNESS_CHECKS,
    DetailSpec,
    Manifest,
    MetricSpec,
    Resampling,
)
from audition.domain.metrics import METRICS, Direction, Form, Interval, MetricFacts

FILE = "challenge.toml"
LEAST_ROUNDS = 100
"""Fewer bootstrap rounds than this give no usable 95 % interval."""
_ANCHORS = "metric.anchors"


def check_metric(manifest: Manifest, problems: Problems) -> None:
    """Apply every rule about the metric."""
    metric = manifest.metric
    if not 0 < metric.confidence < 1:
        problems.say(FILE, "metric.confidence", f"is {metric.confidence}; choose one like 0.95.")
    if metric.bootstrap_rounds < LEAST_ROUNDS:
        problems.say(FILE, "metric.bootstrap_rounds", f"use at least {LEAST_ROUNDS}.")
    if metric.at < 1:
        problems.say(FILE, "metric.at", f"is {metric.at}; it must be 1 or more.")
    _check_anchors(metric, problems)
    facts = metric.known_facts
    if facts is None:
        step = f"choose of {', '.join(METRICS)}, or bring your own with [metric.own] and metric.py."
        problems.say(FILE, "metric.name", f"{metric.name!r} is not known; {step}")
        return
    if metric.own is not None:
        check_own(metric.name, metric.own, problems)
    _check_facts(metric, facts, problems)
    _check_needs(manifest, facts, problems)
    _check_resampling(manifest, facts, problems)
    _check_form(manifest, facts.form, problems)


def _check_anchors(metric: MetricSpec, problems: Problems) -> None:
    anchors = metric.anchors
    if len(anchors) < 2:  # noqa: PLR2004  a line needs two points
        problems.say(FILE, _ANCHORS, "give at least two, so that a value can be mapped to a score.")
    check_repeated(_ANCHORS, [anchor.name for anchor in anchors], problems)
    for anchor in anchors:
        if not (math.isfinite(anchor.value) and 0 <= anchor.score <= 1):
            problems.say(FILE, f"{_ANCHORS}.{anchor.name}", "needs a finite value and a score from 0 to 1.")
    is_higher = metric.direction == Direction.HIGHER
    for worse, better in itertools.pairwise(anchors):
        is_better = better.value > worse.value if is_higher else better.value < worse.value
        if not is_better or better.score <= worse.score:
            what = f"{better.name!r} must have a better value and a higher score than {worse.name!r}"
            problems.say(FILE, _ANCHORS, f"{what}; list anchors from worst to best.")


def _check_facts(metric: MetricSpec, facts: MetricFacts, problems: Problems) -> None:
    if metric.direction != facts.direction:
        what = f"is {metric.direction.value!r}, but of {metric.name} {facts.direction.value} is better."
        problems.say(FILE, "metric.direction", what)
    low = -math.inf if facts.low is None else facts.low
    high = math.inf if facts.high is None else facts.high
    for anchor in metric.anchors:
        if not low <= anchor.value <= high:
            what = f"{anchor.value:g} is no value of {metric.name}, which lies in {_range(low, high)}."
            problems.say(FILE, f"{_ANCHORS}.{anchor.name}", what)


def _range(low: float, high: float) -> str:
    ends = ("(-inf" if low == -math.inf else f"[{low:g}", "inf)" if high == math.inf else f"{high:g}]")
    return ", ".join(ends)


def _check_needs(manifest: Manifest, facts: MetricFacts, problems: Problems) -> None:
    for key in facts.needs:
        table, name = key.split(".")
        if not getattr(getattr(manifest, table), name):
            problems.say(FILE, key, f"is empty; {manifest.metric.name} needs it.")


def _check_resampling(manifest: Manifest, facts: MetricFacts, problems: Problems) -> None:
    key, resampling = "metric.resampling", manifest.metric.resampling
    if resampling == Resampling.GROUPS and not manifest.answers.group_column:
        problems.say(FILE, "answers.group_column", "is empty; name the column whose groups are drawn.")
    if resampling == Resampling.BLOCKS and not manifest.answers.time_column:
        problems.say(FILE, "answers.time_column", "is empty; name the column whose periods are drawn.")
    if resampling != Resampling.ROWS and facts.interval in {Interval.JACKKNIFE, Interval.CLUSTER}:
        problems.say(FILE, key, f"leave it out; {manifest.metric.name} has a way of its own.")


def _check_form(manifest: Manifest, form: Form, problems: Problems) -> None:
    metric, output = manifest.metric, manifest.output
    for name, values in (("quantiles", metric.quantiles), ("times", metric.times)):
        if list(values) != sorted(set(values)) or not all(map(math.isfinite, values)):
            problems.say(FILE, f"metric.{name}", "list finite values, each once, from small to large.")
    if not all(0 < quantile < 1 for quantile in metric.quantiles):
        problems.say(FILE, "metric.quantiles", "must lie between 0 and 1.")
    wanted = {
        Form.PROBABILITIES: output.labels,
        Form.QUANTILES: metric.quantiles,
        Form.SURVIVAL: metric.times,
    }
    columns = len(wanted.get(form, ("one",)))
    if len(output.columns) != columns and columns:
        what = f"names {len(output.columns)} column(s); {metric.name} needs {columns} here."
        problems.say(FILE, "output.prediction_columns", what)
    if metric.name == "pinball" and len(metric.quantiles) > 1:
        problems.say(FILE, "metric.quantiles", "name one; weighted_interval_score takes several.")
    if form in {Form.PROBABILITY, Form.PROBABILITIES, Form.SURVIVAL} and not _is_unit(
        output.minimum, output.maximum
    ):
        problems.say(
            FILE, "output.minimum", "predictions are probabilities: set minimum 0.0 and maximum 1.0."
        )
    if metric.name == "rmsle" and (output.minimum is None or output.minimum < 0):
        problems.say(FILE, "output.minimum", "set 0.0: rmsle knows no negative amounts.")


def _is_unit(minimum: float | None, maximum: float | None) -> bool:
    return (minimum, maximum) == (0, 1)


def check_detail(manifest: Manifest, problems: Problems) -> None:
    """Apply every rule about what is looked at beyond the metric."""
    detail = manifest.detail
    for key, names in (("detail.slices", detail.slices), ("detail.groups", detail.groups)):
        check_repeated(key, names, problems)
        if {manifest.answers.id_column, manifest.answers.answer_column} & set(names):
            problems.say(FILE, key, "names the id or the answer; name a column that describes rows.")
    costs = (detail.false_alarm_cost, detail.miss_cost)
    if any(costs) and not all(cost > 0 and math.isfinite(cost) for cost in costs):
        problems.say(FILE, "detail.miss_cost", "give both costs, each above 0, or none.")
    for name, file in detail.compare.items():
        if "/" in file or not file.endswith((".csv", ".parquet")) or file in manifest.inputs:
            problems.say(FILE, f"detail.compare.{name}", f"{file!r} must be a private .csv or .parquet file.")
    if not 0 < detail.training_tolerance <= 1:
        said = f"is {detail.training_tolerance}; it must be above 0, and 1 at most."
        problems.say(FILE, "detail.training_tolerance", said)
    check_repeated("detail.samples", detail.samples, problems)
    for name in sorted({*detail.samples} & {*detail.compare}):
        problems.say(
            FILE, "detail.samples", f"{name!r} is in detail.compare already; choose another name there."
        )
    _check_points(detail, problems)


def _check_points(detail: DetailSpec, problems: Problems) -> None:
    for check, points in detail.points.items():
        known = (*DETAIL_CHECKS, *ROBUSTNESS_CHECKS)
        if check not in known:
            problems.say(FILE, "detail.points", f"{check!r} is none of {', '.join(known)}.")
        if not (points >= 0 and math.isfinite(points)):
            problems.say(FILE, f"detail.points.{check}", f"is {points}; it must be 0 or more.")


def check_repeated(key: str, names: Iterable[str], problems: Problems) -> None:
    """Every name at most once."""
    seen = list(names)
    for name in sorted({name for name in seen if seen.count(name) > 1}):
        problems.say(FILE, key, f"{name!r} is listed more than once.")
