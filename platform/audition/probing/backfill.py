"""Evaluate alert rules over recorded scrapes, in virtual time: would they have called somebody?

Theory of operation. A drift run takes a minute, and a rule may wait for longer. Its scrapes are therefore laid
out at the interval at which the service is scraped in production, and promtool evaluates the rules over them as it
evaluates their unit tests: with the engine and the rule manager of Prometheus, waits and records included, and without
a server. Each evaluation is a test that expects no alert, so that its failures are the firings. What is counted per
second has no meaning on a clock that was stretched, and is not tried. Source: the design's drift protocol, 10.7.
"""

import asyncio
import json
import math
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from audition.domain.alerting import AlertRule, speaks_of_drift
from audition.domain.drift import DriftRun, Firing, ScrapeTable, Series, unpack
from audition.domain.drift_plan import DriftPlan
from audition.domain.monitoring import Monitoring
from audition.probing.compress import cannot_compress, longest_range_seconds
from audition.probing.prometheus_files import OURS, Target, target_labels
from audition.probing.promtool import HOME, RULES_FILE, EvaluatorError, load_rules, said_by, write

MOST_ALERTS = 20
_TESTS_FILE = "tests.json"
_SECONDS, _ALL_SECONDS = 15.0, 60.0
_FIRING = re.compile(r"^ *alertname: rule(?P<rule>\d{1,4}), time: (?P<time>[\dhms]+),", re.MULTILINE)
_TIME = re.compile(r"(\d+)(ms|[hms])")
_UNIT_MS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_PER_SECOND = re.compile(r"\b(?:rate|irate|increase)\s*\(")
_WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ANY_NAME = "__name__"
_LARGEST = 1e308


class Backfill:
    """The drift alerts of a submission, ready for the scrapes of each run."""

    def __init__(
        self, rules: Sequence[AlertRule], monitoring: Monitoring, plan: DriftPlan, home: Path = HOME
    ) -> None:
        """Choose what can be tried.

        Args:
            rules: The candidate's, alerts and records.
            monitoring: What the contract says: drift signals, interval.
            plan: How long runs are.
            home: Where the programs of Prometheus are.
        """
        self._rules = rules
        self._interval = monitoring.scrape_interval_seconds
        self._target = Target(port=0, path="", interval_seconds=self._interval, factor=1.0)
        self._home = home
        self._folder = tempfile.TemporaryDirectory(prefix="backfill-")
        signals = {signal.metric for signal in monitoring.signals}
        most = self._interval * plan.test_requests / plan.scrape_every_requests
        chosen = (n for n, rule in enumerate(rules) if rule.is_alert and _can_try(rule, rules, signals, most))
        self._places = tuple(place for place, _ in zip(chosen, range(MOST_ALERTS), strict=False))

    async def prepare(self) -> tuple[str, ...]:
        """Load the rules; the names of the alerts that will be tried.

        Raises:
            EvaluatorError: Prometheus could not do its work.
        """
        if not self._places:
            return ()
        refused = await load_rules(self._rules, self._target, Path(self._folder.name), self._home)
        self._places = tuple(place for place in self._places if place not in refused)
        return tuple(dict.fromkeys(self._rules[place].name for place in self._places))

    async def firings(self, run: DriftRun) -> tuple[Firing, ...]:
        """When the alerts fired in a run, in requests.

        Raises:
            EvaluatorError: Prometheus could not do its work.
        """
        if not self._places or not run.scrapes.requests:
            return ()
        folder = Path(self._folder.name)
        write(folder / _TESTS_FILE, claims_of(self._rules, self._places, run.scrapes, self._interval))
        asked = ("test", "rules", _TESTS_FILE)
        said = await said_by(self._home / "promtool", *asked, folder=folder, codes=(0, 1), seconds=_SECONDS)
        fired = fired_at(said.decode("utf-8", "replace"), self._interval)
        return tuple(
            firing
            for place in self._places
            for firing in _spans(self._rules[place].name, fired.get(place, set()), run.scrapes.requests)
        )

    def close(self) -> None:
        """Leave nothing behind."""
        self._folder.cleanup()


async def with_firings(
    backfill: Backfill, runs: Sequence[DriftRun]
) -> tuple[tuple[str, ...], list[DriftRun]]:
    """The names of the drift alerts that were tried, and the runs with when they fired.

    No names and the runs as they were when Prometheus could not do its work: then thresholds decide alone.
    """
    try:
        async with asyncio.timeout(_ALL_SECONDS):
            names = await backfill.prepare()
            return names, [replace(run, firings=await backfill.firings(run)) for run in runs]
    except (EvaluatorError, TimeoutError):
        return (), list(runs)
    finally:
        backfill.close()


def _can_try(rule: AlertRule, rules: Sequence[AlertRule], signals: set[str], most_seconds: float) -> bool:
    """Whether an alert is about drift and can be evaluated over scrapes with virtual times."""
    looked_at = [other for other in rules if not other.is_alert and other.name in rule.expression]
    texts = [rule.expression, *(other.expression for other in looked_at)]
    needs = max(map(longest_range_seconds, texts)) + rule.for_seconds
    return (
        any(speaks_of_drift(text, signals) for text in texts)
        and not any(_PER_SECOND.search(text) or cannot_compress(text) for text in texts)
        and needs <= most_seconds
    )


def claims_of(
    rules: Sequence[AlertRule], places: Sequence[int], table: ScrapeTable, interval_seconds: float
) -> dict[str, object]:
    """A file of promtool's rule tests: the scrapes as series, and at each of them the claim that nothing fires."""
    step = f"{round(interval_seconds * 1000)}ms"
    count = len(table.requests)
    labels = {"job": "service", "instance": "service", **target_labels(rules)}
    claims = [
        {"eval_time": f"{round(number * interval_seconds * 1000)}ms", "alertname": f"rule{place}"}
        for number in range(count)
        for place in places
    ]
    series = [{"series": _notation("up", labels), "values": f"1+0x{max(0, count - 1)}"}]
    series += [
        {"series": _notation(each.metric, {**labels, **dict(each.labels)}), "values": " ".join(values)}
        for each, values in _columns(table, wanted_names(rules))
    ]
    test = {"interval": step, "input_series": series, "alert_rule_test": claims}
    return {"rule_files": [RULES_FILE], "evaluation_interval": step, "tests": [test]}


def wanted_names(rules: Sequence[AlertRule]) -> frozenset[str] | None:
    """Every word of the rules, metrics among them; None when a rule looks for names by a pattern."""
    if any(_ANY_NAME in rule.expression for rule in rules):
        return None
    return frozenset(word for rule in rules for word in _WORD.findall(rule.expression))


def _columns(table: ScrapeTable, wanted: frozenset[str] | None) -> Iterator[tuple[Series, list[str]]]:
    values, count = unpack(table), len(table.requests)
    for number, series in enumerate(table.series):
        names = all(_LABEL.fullmatch(name) for name, _ in series.labels)
        is_ours = OURS.fullmatch(series.metric) is not None
        if not names or is_ours or not _METRIC.fullmatch(series.metric):
            continue
        if wanted is None or series.metric in wanted:
            yield series, [_value(value) for value in values[number * count : (number + 1) * count]]


def _value(value: float) -> str:
    """As rule tests write it; what is not a number was not there."""
    if math.isnan(value):
        return "_"
    return repr(min(_LARGEST, max(-_LARGEST, value)))


def _notation(metric: str, labels: Mapping[str, str]) -> str:
    inner = ", ".join(f"{name}={json.dumps(text, ensure_ascii=False)}" for name, text in labels.items())
    return f"{metric}{{{inner}}}"


def fired_at(said: str, interval_seconds: float) -> dict[int, set[int]]:
    """By place of the rule, at which scrapes it fired, from what promtool said of claims that do not hold."""
    found: dict[int, set[int]] = defaultdict(set)
    for match in _FIRING.finditer(said):
        milliseconds = sum(int(number) * _UNIT_MS[unit] for number, unit in _TIME.findall(match["time"]))
        found[int(match["rule"])].add(round(milliseconds / (interval_seconds * 1000)))
    return dict(found)


def _spans(name: str, fired: set[int], requests: Sequence[int]) -> Iterator[Firing]:
    """Runs of scrapes at which an alert fired."""
    first: int | None = None
    for number, sent in enumerate(requests):
        if number in fired and first is None:
            first = sent
        elif number not in fired and first is not None:
            yield Firing(alert=name, from_request=first, to_request=sent)
            first = None
    if first is not None:
        yield Firing(alert=name, from_request=first)
