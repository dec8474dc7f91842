"""What a Prometheus beside the prober is given, and what is read of its database when it has ended. Pure.

Rules reach it as data: under names of our own, with times compressed, so no file of a candidate is ever parsed by it.
What a service says of itself may not pass for what the server says: its own `ALERTS` and `up` are dropped.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audition.domain.alerting import AlertRule, FiringSpan
from audition.probing.compress import compressed

_MOST_SERIES_OF_RULE = 100
_LIMITS = {
    "body_size_limit": "2MB",
    "sample_limit": 20_000,
    "label_limit": 60,
    "label_name_length_limit": 200,
    "label_value_length_limit": 1000,
}
_SAMPLE = re.compile(r"^\{(?P<labels>.*)\} (?P<value>\S+) (?P<at>\d+)$")
_REFUSED = re.compile(r'group "group(\d{1,4})", rule (\d{1,4}), ')
_LABEL = re.compile(r'(?:^|, )(\w+)="((?:[^"\\]|\\.)*)"')
#: Labels that service discovery gives to targets; a rule that asks for one finds the value that it asks for.
_TARGET_LABEL = re.compile(
    r"\b(job|instance|namespace|app|service|env|environment|cluster|container|pod|component)\s*=\s*\"([\w./:-]{1,60})\""
)
_JOB = "service"
#: Series that only the server makes.
OURS = re.compile("ALERTS|ALERTS_FOR_STATE|up|scrape_.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is scraped, and how."""

    port: int
    path: str
    interval_seconds: float
    factor: float
    """By which the rules' times are divided."""
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was in the database at the end; times in seconds since the server was started."""

    firings: Mapping[int, tuple[FiringSpan, ...]] = field(default_factory=dict)
    """By the rule's place in the list."""
    scrapes: tuple[tuple[float, bool], ...] = ()
    """When, and whether it worked."""
    refused: frozenset[int] = frozenset()
    """Places of the rules that this Prometheus cannot load."""


def grouped(rules: Sequence[AlertRule], refused: Collection[int] = ()) -> list[list[int]]:
    """Places of the rules that are left, by group, as a rule file has them."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, rule in enumerate(rules):
        if number not in refused:
            groups[rule.file, rule.group].append(number)
    return list(groups.values())


def rule_file(rules: Sequence[AlertRule], target: Target, refused: Collection[int] = ()) -> dict[str, object]:
    """The rules as a rule file: alerts under names of our own, times compressed, groups as they were."""
    interval = _duration(target.interval_seconds)
    return {
        "groups": [
            {
                "name": f"group{place}",
                "interval": interval,
                "limit": _MOST_SERIES_OF_RULE,
                "rules": [_entry(number, rules[number], target) for number in members],
            }
            for place, members in enumerate(grouped(rules, refused))
        ]
    }


def _entry(number: int, rule: AlertRule, target: Target) -> dict[str, object]:
    made: dict[str, object] = {"expr": compressed(rule.expression, target.factor), "labels": rule.labels}
    if not rule.is_alert:
        return made | {"record": rule.name}
    made |= {"alert": f"rule{number}", "for": _duration(rule.for_seconds / target.factor)}
    if rule.keep_firing_seconds:
        made["keep_firing_for"] = _duration(rule.keep_firing_seconds / target.factor)
    return made


def refused_by(said: str, groups: Sequence[Sequence[int]]) -> frozenset[int]:
    """Places of the rules that `promtool check rules` names in what it said of a file with these groups."""
    found = ((int(group), int(rule) - 1) for group, rule in _REFUSED.findall(said))
    return frozenset(groups[group][rule] for group, rule in found if group < len(groups))


def configuration(rules: Sequence[AlertRule], target: Target) -> dict[str, object]:
    """The server's configuration: one target, capped."""
    interval = _duration(target.interval_seconds)
    labels = target_labels(rules)
    scrape = {
        "job_name": labels.pop("job", _JOB),
        "metrics_path": target.path,
        "scrape_interval": interval,
        "scrape_timeout": interval,
        "honor_labels": True,
        "honor_timestamps": False,
        "follow_redirects": False,
        "metric_relabel_configs": [{"source_labels": ["__name__"], "regex": OURS.pattern, "action": "drop"}],
        "static_configs": [{"targets": [f"{target.host}:{target.port}"], "labels": labels}],
        **_LIMITS,
    }
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": ["rules.json"],
        "scrape_configs": [scrape],
    }


def target_labels(rules: Sequence[AlertRule]) -> dict[str, str]:
    """Labels of the target that rules ask for, where all of them ask for the same value."""
    asked: dict[str, set[str]] = defaultdict(set)
    for rule in rules:
        for name, value in _TARGET_LABEL.findall(rule.expression):
            asked[name].add(value)
    return {name: next(iter(values)) for name, values in asked.items() if len(values) == 1}


def arguments(folder: Path, target: Target) -> list[str]:
    """The server's command line."""
    return [
        f"--config.file={folder}/prometheus.json",
        f"--web.config.file={folder}/web.json",
        "--web.listen-address=127.0.0.1:0",
        f"--storage.tsdb.path={folder}/data",
        "--query.timeout=2s",
        "--query.max-samples=1000000",
        "--query.max-concurrency=2",
        # Five minutes, compressed like everything else.
        f"--query.lookback-delta={_duration(300 / target.factor)}",
        "--log.level=error",
    ]


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def recorded(dump: str, began_at: float, interval_seconds: float) -> Recorded:
    """What a dump of the series `ALERTS` and `up` says.

    Args:
        dump: Of `promtool tsdb dump`.
        began_at: Seconds since the epoch, of the server's start.
        interval_seconds: Between two evaluations; a longer gap between samples ends a firing.
    """
    fired: dict[tuple[int, str], list[float]] = defaultdict(list)
    scrapes: list[tuple[float, bool]] = []
    for line in dump.splitlines():
        match = _SAMPLE.match(line)
        if match is None:
            continue
        labels = dict(_LABEL.findall(match["labels"]))
        seconds = int(match["at"]) / 1000 - began_at
        if labels.get("__name__") == "up":
            scrapes.append((seconds, match["value"] == "1"))
        elif labels.get("alertstate") == "firing" and match["value"] == "1":
            number = re.fullmatch(r"rule(\d{1,4})", labels.get("alertname", ""))
            if number:
                fired[int(number[1]), match["labels"]].append(seconds)
    end = max((seconds for times in fired.values() for seconds in times), default=0.0)
    end = max([end, *(seconds for seconds, _ in scrapes)])
    spans: dict[int, list[FiringSpan]] = defaultdict(list)
    for (place, _), times in fired.items():
        spans[place] += _spans(sorted(times), interval_seconds, end)
    return Recorded({place: _joined(found) for place, found in spans.items()}, tuple(sorted(scrapes)))


def _spans(times: list[float], interval: float, end: float) -> list[FiringSpan]:
    """Runs of evaluations at which an alert fired; one missed evaluation does not end a run."""
    found: list[FiringSpan] = []
    first = last = times[0]
    for moment in [*times[1:], float("inf")]:
        if moment - last > 2.5 * interval:
            is_open = end - last <= 2.5 * interval
            found.append(
                FiringSpan(from_seconds=round(first, 3), to_seconds=None if is_open else round(last, 3))
            )
            first = moment
        last = moment
    return found


def _joined(spans: list[FiringSpan]) -> tuple[FiringSpan, ...]:
    """Spans of several label sets of one alert, put together where they overlap."""
    found: list[FiringSpan] = []
    for span in sorted(spans, key=lambda span: span.from_seconds):
        last = found[-1] if found else None
        if last is None or (last.to_seconds is not None and span.from_seconds > last.to_seconds):
            found.append(span)
        elif last.to_seconds is not None:
            ends = None if span.to_seconds is None else max(last.to_seconds, span.to_seconds)
            found[-1] = FiringSpan(from_seconds=last.from_seconds, to_seconds=ends)
    return tuple(found)
