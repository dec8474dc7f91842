"""What was seen of a pod's start becomes findings: ready, alive, within its limits, scraped."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.grade import Finding, Outcome
from audition.domain.pod import (
    Pod,
    PodEvidence,
    PodProbe,
    ProbeKind,
    ProbeMeans,
    ProbeSeen,
    Reading,
    ScrapeSeen,
    ScrapeTarget,
)
from audition.domain.probe import ServiceEvidence, Unfinished
from graders.pods import grader
from tests.graders.workspaces import by_check, make_workspace

READY = PodProbe(kind=ProbeKind.READINESS, means=ProbeMeans.HTTP, port=8080, path="/ready")
LIVE = PodProbe(kind=ProbeKind.LIVENESS, means=ProbeMeans.HTTP, port=8080, path="/health")
POD = Pod(
    name="Deployment credit",
    container="service",
    file="k8s.yaml",
    traffic_port=8080,
    probes=(READY, LIVE),
    memory_limit_bytes=100 << 20,
    cpu_request=0.5,
    cpu_limit=1.0,
    scrapes=(ScrapeTarget(path="/metrics", port=8080),),
)


def seen_of(kind: ProbeKind, outcome: str = "200", *, is_good: bool = True, good: int = 4) -> ProbeSeen:
    return ProbeSeen(
        kind=kind,
        readings=(Reading(seconds=2.0, outcome=outcome, is_good=is_good),),
        asked=4,
        good=good,
        longest_bad=4 - good,
    )


START = PodEvidence(
    waited_seconds=2.1,
    probes=(seen_of(ProbeKind.READINESS), seen_of(ProbeKind.LIVENESS)),
    predict_seconds=2.0,
    asked=100,
    good=100,
    is_running=True,
    memory_bytes=66 << 20,
    cpus=0.9,
    listening=(8080,),
    scrapes=(ScrapeSeen(target=POD.scrapes[0], outcome="200", is_readable=True),),
)


def findings(
    root: Path, pod: Pod | None = POD, start: PodEvidence | None = START, *unfinished: Unfinished
) -> dict[str, Finding]:
    made = make_workspace(root)
    inventory = replace(made.evidence.inventory, pod=pod)
    service = ServiceEvidence(pod=start, unfinished=unfinished)
    return by_check(
        grader.grade(replace(made, evidence=replace(made.evidence, inventory=inventory), service=service))
    )


def test_a_pod_that_works_passes_everything(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert {finding.outcome for finding in found.values()} == {Outcome.PASSED}
    assert found["pods.ready.reached"].sentence.startswith("Deployment credit would be ready 10 s after")
    assert "66 % of its limit" in found["pods.limits.true"].sentence.replace("66%", "66 %")


CASES = [
    # what differs in the start, the check that loses everything, words of its sentence
    ({"refused": "runAsNonRoot is set, and the image runs as root."}, "ready.reached", "would not start"),
    (
        {"probes": (seen_of(ProbeKind.READINESS, "404", is_good=False), seen_of(ProbeKind.LIVENESS))},
        "ready.reached",
        "/ready on 8080 gave 404",
    ),
    (
        {"probes": (seen_of(ProbeKind.READINESS), seen_of(ProbeKind.LIVENESS, "404", is_good=False))},
        "alive.kept",
        "killed 20 s after its start: /health on 8080 gave 404",
    ),
    ({"predict_seconds": None, "asked": 0, "good": 0}, "ready.reached", "on port 8080, where requests would"),
    (
        {"predict_seconds": None, "is_running": False, "exit_code": 1},
        "limits.enough",
        "which ended with code 1",
    ),
    ({"is_out_of_memory": True, "predict_seconds": None}, "limits.enough", "within its limit of 100 MiB"),
    ({"is_out_of_memory": True, "predict_seconds": None}, "limits.true", "more than its limit"),
    (
        {"scrapes": (ScrapeSeen(target=POD.scrapes[0], outcome="404", is_readable=False),)},
        "scrape.live",
        "/metrics on port 8080 gave 404",
    ),
]


@pytest.mark.parametrize(("change", "check", "words"), CASES)
def test_what_goes_wrong_costs_its_own_check(
    tmp_path: Path, change: dict[str, object], check: str, words: str
) -> None:
    found = findings(tmp_path, POD, replace(START, **change))[f"pods.{check}"]  # type: ignore[arg-type]
    assert found.outcome == Outcome.FAILED
    assert words in found.sentence


@pytest.mark.parametrize(
    ("peak", "share"), [(66, 1.0), (40, 1.0), (90, 1.0), (20, 0.5), (95, 0.5), (100, 0.0)]
)
def test_the_limit_is_right_while_the_peak_is_40_to_90_percent_of_it(
    tmp_path: Path, peak: int, share: float
) -> None:
    found = findings(tmp_path, POD, replace(START, memory_bytes=peak << 20))["pods.limits.true"]
    assert found.points == pytest.approx(share * 1.5, abs=0.01)


@pytest.mark.parametrize(
    ("limit", "request_", "used", "share"),
    [
        (1.0, 0.25, 1.0, 1.0),
        (1.0, None, 0.4, 1.0),
        (1.0, 0.9, 0.2, 0.5),
        (4.0, 0.5, 0.4, 0.25),
        (None, 0.25, 0.6, 1.0),
        (None, 0.1, 1.0, 0.25),
        (None, 1.0, 0.0, 1.0),
        (None, None, 0.5, 0.0),
    ],
)
def test_processors_are_right_when_what_is_declared_is_near_what_is_used(
    tmp_path: Path, limit: float | None, request_: float | None, used: float, share: float
) -> None:
    pod = replace(POD, cpu_limit=limit, cpu_request=request_)
    found = findings(tmp_path, pod, replace(START, cpus=used))["pods.cpu.true"]
    assert found.points == pytest.approx(share * 0.5)


def test_more_processors_than_there_are_here_cannot_be_judged(tmp_path: Path) -> None:
    pod = replace(POD, cpu_limit=8.0)
    found = findings(tmp_path, pod, replace(START, cpus=0.95))["pods.cpu.true"]
    assert found.outcome == Outcome.NOT_ASSESSED
    unknown = findings(tmp_path / "b", POD, replace(START, cpus=None))["pods.cpu.true"]
    assert unknown.outcome == Outcome.NOT_ASSESSED


def test_liveness_that_breaks_under_load_earns_the_share_that_it_answers(tmp_path: Path) -> None:
    start = replace(START, probes=(seen_of(ProbeKind.READINESS), seen_of(ProbeKind.LIVENESS, good=1)))
    assert findings(tmp_path, POD, start)["pods.alive.kept"].points == pytest.approx(1.5 / 4)


def test_liveness_that_fails_less_often_in_a_row_than_kills_costs_nothing(tmp_path: Path) -> None:
    start = replace(START, probes=(seen_of(ProbeKind.READINESS), seen_of(ProbeKind.LIVENESS, good=2)))
    assert findings(tmp_path, POD, start)["pods.alive.kept"].outcome == Outcome.PASSED


def test_a_pod_that_relies_on_what_it_is_not_given_is_not_assessed_when_it_fails(tmp_path: Path) -> None:
    pod = replace(POD, unmet=("Secret gone, which is not in the submission",))
    start = replace(START, predict_seconds=None, is_running=False, exit_code=1, probes=(), asked=0)
    found = findings(tmp_path, pod, start)
    assert found["pods.ready.reached"].outcome == Outcome.NOT_ASSESSED
    assert found["pods.limits.enough"].outcome == Outcome.NOT_ASSESSED
    assert "Secret gone" in found["pods.ready.reached"].sentence


def test_without_manifests_nothing_counts(tmp_path: Path) -> None:
    assert {finding.outcome for finding in findings(tmp_path, None, None).values()} == {
        Outcome.NOT_APPLICABLE
    }


def test_a_start_that_the_engine_refused_counts_for_nothing(tmp_path: Path) -> None:
    lost = Unfinished(probe="pod", reason="The engine did not start it.", is_ours=True)
    found = findings(tmp_path, POD, None, lost)["pods.ready.reached"]
    assert found.outcome == Outcome.NOT_ASSESSED
    assert found.sentence.startswith("We could not look")


def test_wishes_are_told_and_cost_nothing(tmp_path: Path) -> None:
    found = findings(tmp_path, replace(POD, refused=("privileged", "hostNetwork")))["pods.wishes.refused"]
    assert (found.outcome, found.max_points) == (Outcome.INFORMATIVE, 0)
    assert "privileged, hostNetwork" in found.sentence
