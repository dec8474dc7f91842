"""What the prober says: sessions are put together, documents come back as they went."""

from audition import codec
from audition.domain.contract import Slo
from audition.domain.probe import (
    BindingEvidence,
    Event,
    ServiceEvidence,
    StartEvidence,
    merged,
)
from audition.domain.probe_metrics import SignalSeen, SignalsEvidence
from audition.domain.probe_plan import Ask, AskVerb, Line, Probe, ProbePlan
from audition.domain.serving import Serving


def test_sessions_join_their_lists_and_keep_the_first_of_each_part() -> None:
    first = ServiceEvidence(seed=1, requests=3, starts=(StartEvidence(ready_seconds=1.0),))
    second = ServiceEvidence(
        seed=2,
        requests=4,
        starts=(StartEvidence(ready_seconds=2.0),),
        binding=BindingEvidence(is_loopback_only=True),
        events=(Event(seconds=0.5, name="start"),),
    )
    third = ServiceEvidence(binding=BindingEvidence())
    whole = merged((first, second, third))
    assert [start.ready_seconds for start in whole.starts] == [1.0, 2.0]
    assert whole.binding == BindingEvidence(is_loopback_only=True)
    assert (whole.seed, whole.requests, len(whole.events)) == (1, 7, 1)


def test_no_session_is_no_evidence() -> None:
    assert merged(()) == ServiceEvidence()


def test_a_plan_comes_back_as_it_went() -> None:
    plan = ProbePlan(
        serving=Serving(port=8081),
        rows=({"age": 41, "ratio": 0.5, "is_new": True, "job": "fixed", "debt": None},),
        offline=(0.25,),
        slo=Slo(p95_ms=80.0),
        probes=(Probe.START, Probe.CONTRACT),
    )
    assert codec.from_json(ProbePlan, codec.to_json(plan), what="plan") == plan


def test_lines_of_both_kinds_come_back_as_they_went() -> None:
    seen = SignalSeen(signal="traffic", series="requests_total", expected=120.0, measured=None)
    signals = SignalsEvidence(good=100, bad=20, client_seconds=1.5, seen=(seen,))
    for line in (
        Line(ask=Ask(number=1, verb=AskVerb.CPU)),
        Line(evidence=ServiceEvidence(signals=signals)),
    ):
        assert codec.from_json(Line, codec.to_json(line), what="line") == line
