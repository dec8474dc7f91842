"""The tables of docs/drift.md, as Markdown."""

from collections.abc import Callable, Iterator, Sequence
from math import isinf

from tests.bench.drift import thresholds
from tests.bench.drift.experiments import FAKES, MONITORS, Naive, Outcome, detections, series_of
from tests.bench.drift.traffic import Change

SEED = 20_240_501
QUIET = 320
"""Experiments without drift."""
TIMES = 40
"""Experiments of each kind of drift."""

Results = dict[Change, list[tuple[dict[str, Outcome], Naive]]]


def report(say: Callable[[str], None], *, quiet: int = QUIET, times: int = TIMES) -> str:
    """Run everything and lay it out.

    Args:
        say: Told what has been done.
        quiet: Experiments without drift, and in each arm of the comparison of plans.
        times: Experiments of each kind of drift.
    """
    results: Results = {}
    for change in Change:
        count = quiet if change == Change.NONE else times
        results[change] = list(series_of(SEED, change, arm=4, times=count))
        say(f"{change.value}: {count} experiments")
    five = list(series_of(SEED, Change.NONE, arm=5, times=quiet))
    say(f"five and five: {quiet} experiments")
    parts = [
        f"Declared / discovery, share of experiments detected at p <= 0.03 ({times} a cell, {quiet} without drift)",
        *_detected(results),
        "",
        *_false_positives(results[Change.NONE], five),
        "",
        *_naive([naive for _, naive in results[Change.NONE]]),
        "",
        *_thresholds(),
    ]
    return "\n".join(parts)


def _detected(results: Results) -> Iterator[str]:
    yield f"| monitor | {' | '.join(change.value for change in Change)} |"
    yield "|---" * (len(Change) + 1) + "|"
    for name in MONITORS:
        cells = (_cell([outcomes[name] for outcomes, _ in results[change]]) for change in Change)
        yield f"| {name} | {' | '.join(cells)} |"


def _cell(outcomes: Sequence[Outcome]) -> str:
    declared, found = detections(outcomes)
    return f"{'-' if declared is None else _share(declared)} / {_share(found)}"


def _share(value: float) -> str:
    text = f"{value:.2f}"
    return {"0.00": "0", "1.00": "1"}.get(text, text.removeprefix("0"))


def _false_positives(
    four: Sequence[tuple[dict[str, Outcome], Naive]], five: Sequence[tuple[dict[str, Outcome], Naive]]
) -> Iterator[str]:
    """Nothing drifts here, so whatever is detected is false."""
    yield "| false positives without drift | declared | discovery |"
    yield "|---|---|---|"
    for words, results in (("4 + 4 runs", four), ("5 + 5 runs", five)):
        for kind, names in (("all monitors", tuple(MONITORS)), ("fakes", FAKES)):
            declared, found = detections([outcomes[name] for outcomes, _ in results for name in names])
            yield f"| {words}, {kind} | {declared or 0:.1%} | {found:.1%} |"


def _naive(found: Sequence[Naive]) -> Iterator[str]:
    yield "| before-and-after rule, one run without drift | accepted |"
    yield "|---|---|"
    for words, hits in (
        ("ramp gauge", sum(naive.ramp for naive in found)),
        ("sine gauge", sum(naive.sine for naive in found)),
        ("any ordinary series moved", sum(naive.any_series for naive in found)),
    ):
        yield f"| {words} | {hits} of {len(found)} |"


def _thresholds() -> Iterator[str]:
    kinds = " / ".join(change.value for change in thresholds.CHANGES)
    yield f"| window | time on without drift | onsets per 1,000 requests | median delay, {kinds} | missed |"
    yield "|---|---|---|---|---|"
    for row in thresholds.rows(SEED):
        delays = " / ".join("missed" if isinf(delay) else f"{delay:.0f}" for delay in row.delays.values())
        yield (
            f"| {row.window} | {row.share:.2f} | {row.per_thousand:.1f} | {delays} | {row.missed} of {row.of} |"
        )
