"""What a Prometheus beside the prober is given, and what is read of its database."""

from typing import Any

import pytest

from audition.domain.alerting import AlertRule, FiringSpan
from audition.probing.prometheus_files import (
    Target,
    configuration,
    grouped,
    recorded,
    refused_by,
    rule_file,
    target_labels,
)

TARGET = Target(port=8080, path="/metrics", interval_seconds=0.5, factor=30.0)
RULES = (
    AlertRule(name="job:errors", expression="rate(errors_total[5m])", is_alert=False, group="a"),
    AlertRule(name='odd "name"', expression='up{job="credit"} == 0', for_seconds=300.0, group="a"),
    AlertRule(name="Other", expression='x{namespace="ml"} > 1', keep_firing_seconds=60.0, group="b"),
)


def test_rules_keep_their_groups_and_alerts_have_names_of_ours() -> None:
    file: Any = rule_file(RULES, TARGET)
    first, second = file["groups"]
    assert [rule.get("alert", rule.get("record")) for rule in first["rules"]] == ["job:errors", "rule1"]
    assert first["rules"][0]["expr"] == "rate(errors_total[10000ms])"
    assert first["rules"][1]["for"] == "10000ms"
    assert second["rules"][0]["keep_firing_for"] == "2000ms"
    assert first["limit"] == second["limit"] == 100


def test_the_target_is_capped_and_has_the_labels_that_rules_ask_for() -> None:
    made: Any = configuration(RULES, TARGET)
    (scrape,) = made["scrape_configs"]
    assert scrape["job_name"] == "credit"
    assert scrape["static_configs"] == [{"targets": ["127.0.0.1:8080"], "labels": {"namespace": "ml"}}]
    assert scrape["follow_redirects"] is False
    assert {"body_size_limit", "sample_limit", "label_limit"} <= set(scrape)


def test_a_label_that_rules_disagree_on_is_nobodys() -> None:
    rules = [AlertRule(name="a", expression=f'up{{job="{job}"}} == 0') for job in ("a", "b")]
    assert target_labels(rules) == {}


def test_a_service_cannot_make_alerts_of_its_own() -> None:
    made: Any = configuration(RULES, TARGET)
    (relabel,) = made["scrape_configs"][0]["metric_relabel_configs"]
    assert relabel["action"] == "drop"
    assert {"ALERTS", "up"} <= set(relabel["regex"].split("|"))


def line(name: str, at: float, value: str = "1", state: str = "firing", **labels: str) -> str:
    more = "".join(f', {key}="{text}"' for key, text in labels.items())
    return f'{{__name__="ALERTS", alertname="{name}", alertstate="{state}"{more}}} {value} {int((1000 + at) * 1000)}'


def test_firings_are_runs_of_evaluations() -> None:
    dump = "\n".join(line("rule1", at) for at in (2.0, 2.5, 3.0, 9.0, 9.5))
    dump += '\n{__name__="up", job="a"} 1 1020000\n{__name__="up", job="a"} 0 1020500\n'
    found = recorded(dump, 1000.0, 0.5)
    assert found.firings == {
        1: (
            FiringSpan(from_seconds=2.0, to_seconds=3.0),
            FiringSpan(from_seconds=9.0, to_seconds=9.5),
        )
    }
    assert found.scrapes == ((20.0, True), (20.5, False))


def test_what_fires_at_the_end_is_open_and_pending_is_not_firing() -> None:
    dump = "\n".join([line("rule0", 1.0, state="pending"), line("rule0", 1.5), line("rule0", 2.0)])
    assert recorded(dump, 1000.0, 0.5).firings == {0: (FiringSpan(from_seconds=1.5),)}


def test_one_alert_with_several_series_fires_from_the_first_to_the_last() -> None:
    dump = "\n".join(
        [line("rule0", at, feature="a") for at in (1.0, 1.5, 2.0)]
        + [line("rule0", at, feature="b") for at in (1.5, 2.0, 2.5)]
        + [line("rule1", 9.0)]
    )
    assert recorded(dump, 1000.0, 0.5).firings[0] == (FiringSpan(from_seconds=1.0, to_seconds=2.5),)


@pytest.mark.parametrize(
    "dump", ["", "nonsense\n", '{__name__="ALERTS", alertname="Watchdog"} 1 5\n', "{} x 1\n"]
)
def test_lines_that_are_not_ours_are_nothing(dump: str) -> None:
    assert recorded(dump, 1000.0, 0.5).firings == {}


def test_rules_that_promtool_names_are_left_out_and_the_others_keep_their_names() -> None:
    said = 'rules.json: 1:9: group "group0", rule 1, "job:errors": could not parse expression\n'
    refused = refused_by(said, grouped(RULES))
    assert refused == {0}
    file: Any = rule_file(RULES, TARGET, refused)
    assert [[rule["alert"] for rule in group["rules"]] for group in file["groups"]] == [["rule1"], ["rule2"]]
