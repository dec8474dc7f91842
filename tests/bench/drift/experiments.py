"""Experiments: one is a whole lean plan, through the grader's own reading, effects and permutation test."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audition.domain.drift import DriftRun, PhaseSpan, ScrapeTable
from audition.domain.drift_plan import DriftKind, Injection, Phase, PlannedRun
from graders.drift.contrast import FULL_P, compare, effects_of, noise_of
from graders.drift.series import Candidate, Form, Track, read_tracks, within
from graders.drift.statistics import Array
from tests.bench.drift import monitors
from tests.bench.drift.monitors import Exposed
from tests.bench.drift.traffic import Change, Traffic, make_traffic

WARM_UP, CONTROL, TEST = 1000, 1000, 1500
_RATE = 200.0
_SHIFT = Injection(kind=DriftKind.MEAN_SHIFT, column="f0")

#: Name in the table to the metrics that are declared, and whether -log10 copies are looked at.
MONITORS: dict[str, tuple[tuple[str, ...], bool]] = {
    "none": ((), True),
    "fake: constant": (("fake_drift_constant",), True),
    "fake: random": (("fake_drift_random",), True),
    "fake: ramp": (("fake_drift_ramp",), True),
    "fake: sine": (("fake_drift_sine",), True),
    "PSI, window 100": (("feature_psi_100",), True),
    "PSI, window 500": (("feature_psi_500",), True),
    "KS p-values, window 200, raw": (("feature_ks_p_value",), False),
    "KS p-values with -log10 copy": (("feature_ks_p_value",), True),
    "tumbling batch of 500": (("feature_batch_psi",), True),
    "rolling feature means": (("feature_rolling_mean",), True),
    "prediction histogram only": (("prediction", "prediction_bucket"), True),
    "Page-Hinkley event counter": (("drift_events_total",), True),
}
FAKES = tuple(name for name in MONITORS if name.startswith("fake"))


@dataclass(frozen=True)
class Outcome:
    """What one experiment said of one monitor."""

    declared_p: float | None
    """Smallest p-value among declared signals; None without any."""
    discovery_p: float
    """Smallest p-value among everything that is exposed."""


def exposed(traffic: Traffic, random: np.random.Generator) -> Exposed:
    """All monitors and the ordinary series side by side."""
    made = (
        monitors.sliding_psi(100),
        monitors.sliding_psi(500),
        monitors.ks_monitor,
        monitors.tumbling_psi,
        monitors.rolling_means,
        monitors.prediction_histogram,
        monitors.page_hinkley,
    )
    found = monitors.service(traffic, random)
    for monitor in made:
        found |= monitor(traffic)
    for fake in monitors.fakes(traffic, random).values():
        found |= fake
    return found


def as_runs(
    shown: Exposed, traffic: Traffic, *, drifts: Sequence[bool], spans: dict[Phase, int]
) -> list[DriftRun]:
    """What was exposed, as the evidence that a prober would write."""
    requests = traffic.requests
    ends = np.cumsum(list(spans.values())).tolist()
    phases = tuple(
        PhaseSpan(phase=phase, first=end - length, end=end)
        for (phase, length), end in zip(spans.items(), ends, strict=True)
    )
    series = tuple(shown)
    values = np.stack([shown[name] for name in series], axis=1)
    return [
        DriftRun(
            plan=PlannedRun(
                injection=_SHIFT if is_drift else None,
                dose=float(is_drift),
                rate_per_second=_RATE,
                number=number + 1,
            ),
            spans=phases,
            scrapes=ScrapeTable(
                requests=tuple(requests.astype(int).tolist()),
                seconds=tuple((requests / _RATE).tolist()),
                series=series,
                values=b64encode(values[number].astype("<f8").tobytes()).decode(),
            ),
            answered=int(requests[-1]),
        )
        for number, is_drift in enumerate(drifts)
    ]


def experiment(seed: Sequence[int], change: Change, *, arm: int) -> tuple[dict[str, Outcome], "Naive"]:
    """One plan of `arm` placebos and as many runs with a change; every monitor is judged on the same traffic."""
    random = np.random.default_rng(list(seed))
    traffic = make_traffic(
        random, changes=[Change.NONE] * arm + [change] * arm, lengths=(WARM_UP + CONTROL, TEST)
    )
    drifts = [False] * arm + [True] * arm
    spans = {Phase.WARM_UP: WARM_UP, Phase.CONTROL: CONTROL, Phase.TEST: TEST}
    runs = as_runs(exposed(traffic, random), traffic, drifts=drifts, spans=spans)
    candidates, tracks = read_tracks(runs, monitors.FAMILIES, ())
    effects = np.stack([effects_of(run, track) for run, track in zip(runs, tracks, strict=True)])
    noise = np.median(
        np.stack([noise_of(run, track) for run, track in zip(runs, tracks, strict=True)]), axis=0
    )
    outcomes = {
        name: Outcome(
            declared_p=_least_p(effects, noise, candidates, drifts, mine) if mine else None,
            discovery_p=_least_p(effects, noise, candidates, drifts, mine + _ordinary(candidates)),
        )
        for name, mine in _columns(candidates).items()
    }
    return outcomes, _naive(runs[-1], tracks[-1], candidates)


def _columns(candidates: Sequence[Candidate]) -> dict[str, list[int]]:
    """Which candidates each monitor shows."""
    return {
        name: [
            number
            for number, candidate in enumerate(candidates)
            if candidate.series.metric in metrics and (logs or candidate.form != Form.LOG)
        ]
        for name, (metrics, logs) in MONITORS.items()
    }


def _ordinary(candidates: Sequence[Candidate]) -> list[int]:
    known = {metric for metrics, _ in MONITORS.values() for metric in metrics}
    return [number for number, candidate in enumerate(candidates) if candidate.series.metric not in known]


def _least_p(
    effects: Array, noise: Array, candidates: Sequence[Candidate], drifts: Sequence[bool], chosen: list[int]
) -> float:
    found = compare(
        effects[:, chosen], np.array(drifts), noise[chosen], [candidates[number] for number in chosen]
    )
    return float(found.p_value.min(initial=1.0))


@dataclass(frozen=True)
class Naive:
    """What a before-and-after rule says of one run: later mean above the control mean by three deviations."""

    ramp: bool
    sine: bool
    any_series: bool


def _naive(run: DriftRun, track: Track, candidates: Sequence[Candidate]) -> Naive:
    control = track.values[within(run, track, Phase.CONTROL)]
    later = track.values[within(run, track, Phase.TEST, after=2 / 3)]
    moved = later.mean(axis=0) > control.mean(axis=0) + 3 * control.std(axis=0)
    named = {
        candidate.series.metric: bool(moved[number])
        for number, candidate in enumerate(candidates)
        if candidate.form == Form.VALUE
    }
    ordinary = _ordinary(candidates)
    return Naive(
        ramp=named["fake_drift_ramp"],
        sine=named["fake_drift_sine"],
        any_series=bool(moved[ordinary].any()),
    )


def detections(outcomes: Sequence[Outcome]) -> tuple[float | None, float]:
    """Share of experiments that were detected, by declared signals and by discovery."""
    declared = [outcome.declared_p <= FULL_P for outcome in outcomes if outcome.declared_p is not None]
    found = [outcome.discovery_p <= FULL_P for outcome in outcomes]
    return (sum(declared) / len(declared) if declared else None), sum(found) / len(found)


def series_of(
    seed: int, change: Change, *, arm: int, times: int
) -> Iterator[tuple[dict[str, Outcome], Naive]]:
    """Some experiments of one kind; the same seed gives the same ones."""
    for number in range(times):
        yield experiment((seed, list(Change).index(change), arm, number), change, arm=arm)
