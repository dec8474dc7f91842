"""Do the service's metrics tell the truth? Judged from scrapes around known traffic (E1 to E4)."""

import math

from audition.domain import alerting
from audition.domain.grade import Dimension, Evidence
from audition.domain.probe_metrics import SignalSeen
from audition.grading import CheckList, Need, Result, Workspace, check, failed, partial, passed
from audition.grading.versions import content_version
from graders.chain import PAGE
from graders.metrics.acting import alerts_act
from graders.metrics.model_signals import MODEL_SIGNALS
from graders.probed import part_of, plural, scored, service_of, why_missing

_PARSES, _LINT, _LINT_SCALE = 0.6, 0.4, 4.0
_SHARDED = 0.4
#: What a service measures of itself lies below what its client sees, by the network and the client's own work.
_SUM_LOW, _SUM_HIGH = 0.1, 1.1
_GROWTH_FREE, _GROWTH_LINEAR = 0.05, 0.5
_NAMES = {"traffic": "Requests", "errors": "Errors", "latency": "Time"}


@check(
    "metrics.exposition.parses",
    "There is a metrics page that Prometheus can read",
    points=1.5,
    why="Without it nothing else can be watched.",
    fix="Use the Prometheus client of your language, with help texts, base units and the suffix _total on counters.",
)
def exposition(workspace: Workspace) -> Result:
    """0.6 parses + 0.4 x exp(-lint / 4) (E1)."""
    found = part_of(workspace, "exposition", lambda service: service.exposition)
    if isinstance(found, Result):
        # What it blocks elsewhere is its own fault here.
        return failed("There is no metrics page.") if found.blocked_by == PAGE else found
    if not found.is_parsed:
        return failed(found.trouble)
    share = _PARSES + _LINT * math.exp(-len(found.lint) / _LINT_SCALE)
    sentence = (
        f"The page has {found.series:,} series; names break conventions {plural(len(found.lint), 'time')}."
    )
    return scored(share, sentence, note=" | ".join(found.lint[:10]))


@check(
    "metrics.signals.true",
    "Traffic, errors and latency are counted, and truly",
    points=3,
    why="An alert on a counter that does not count is worse than none.",
    fix="Count every answer by status, refused ones too, and observe its time in seconds, in one place for all routes.",
)
def signals(workspace: Workspace) -> Result:
    """Mean over three signals of 1 - relative error, after traffic of a known number (E2)."""
    found = part_of(workspace, "signals", lambda service: service.signals)
    if isinstance(found, Result):
        return found
    seen = {item.signal: item for item in found.seen}
    scores = {
        "traffic": _exact(seen.get("traffic")),
        "errors": _exact(seen.get("errors")),
        "latency": min(_exact(seen.get("latency_count")), _plausible(seen.get("latency_sum"))),
    }
    wrong = [name for name, score in scores.items() if score < 1 - 1e-9]
    sentence = (
        " ".join(f"{_NAMES[name]}: {_words(name, seen)}" for name in wrong)
        if wrong
        else f"The metrics agree with the {plural(found.good + found.bad, 'request')} that were sent."
    )
    result = scored(sum(scores.values()) / len(scores), sentence)
    evidence = tuple(Evidence(summary=f"{item.signal}: {item.series or 'nothing'}") for item in found.seen)
    return Result(outcome=result.outcome, share=result.share, sentence=sentence, evidence=evidence)


def _exact(seen: SignalSeen | None) -> float:
    if seen is None or seen.measured is None:
        return 0.0
    if seen.expected <= 0:
        return float(seen.measured <= 0)
    return max(0.0, 1 - abs(seen.measured - seen.expected) / seen.expected)


def _plausible(seen: SignalSeen | None) -> float:
    """1 when the sum of times fits the client's clock; a wrong unit is off by a thousand."""
    if seen is None or seen.measured is None or seen.expected <= 0:
        return 0.0
    return float(_SUM_LOW <= seen.measured / seen.expected <= _SUM_HIGH)


def _words(name: str, seen: dict[str, SignalSeen]) -> str:
    item = seen.get("latency_count" if name == "latency" else name)
    if item is None or item.measured is None:
        return "nothing moved with the traffic."
    total = seen.get("latency_sum")
    if name == "latency" and _exact(item) == 1 and total is not None and total.measured is not None:
        return f"{total.measured:.3g} seconds were observed where the client saw {total.expected:.3g}."
    return f"{item.measured:g} were counted where {item.expected:g} were sent."


@check(
    "metrics.model.shown",
    "The page shows what the model sees and says, which one it is, and how old",
    points=2,
    why="A model fails quietly: the service answers, and only its inputs, its answers and its age tell.",
    fix="Show a distribution of predictions, one of inputs by feature, the model's version, and when it was trained.",
)
def model_shown(workspace: Workspace) -> Result:
    """A quarter each for predictions, inputs, version and age, by names, helps and labels of the live page (E5)."""
    found = part_of(workspace, "exposition", lambda service: service.exposition)
    if isinstance(found, Result):
        return found
    if not found.is_parsed:
        return why_missing(workspace, "exposition")
    shown = {what: next((f for f in found.own if fits(f)), None) for what, fits in MODEL_SIGNALS.items()}
    missing = [what for what, family in shown.items() if family is None]
    evidence = tuple(Evidence(summary=f"{what}: {family.name}") for what, family in shown.items() if family)
    if not missing:
        return passed(f"The page shows {', '.join(shown)}.", *evidence)
    share = 1 - len(missing) / len(shown)
    sentence = f"The page shows nothing of {', '.join(missing)}."
    return partial(share, sentence, *evidence) if share else failed(sentence)


@check(
    "metrics.registry.single",
    "Every scrape sees the whole service",
    points=1,
    why="Workers with a registry each answer scrapes in turn: rates and alerts then jump between them.",
    fix="Use one worker, or the multiprocess mode of the Prometheus client.",
)
def sharding(workspace: Workspace) -> Result:
    """1, or 0.4 when a counter went back between scrapes at rest (E3)."""
    found = part_of(workspace, "sharding", lambda service: service.sharding)
    if isinstance(found, Result):
        return found
    if not found.is_sharded:
        return passed(f"{found.scrapes} scrapes at rest told the same.")
    values = ", ".join(f"{value:g}" for value in found.values[:8])
    return partial(
        _SHARDED, f"A counter went back between scrapes at rest: {values}.", Evidence(summary=found.series)
    )


@check(
    "metrics.cardinality.bounded",
    "Unusual requests make no new series",
    points=1.5,
    why="A label with what users send fills the memory of the service and of Prometheus.",
    fix="Label with the route's template and the status, never with a raw path, an id or a value.",
)
def cardinality(workspace: Workspace) -> Result:
    """1 if series grow by less than 5 %, 0 if with every second request, linear between (E4)."""
    service = service_of(workspace)
    found = service.cardinality if service else None
    if found is None or not found.requests:
        return why_missing(workspace, "cardinality")
    grown = max(0, found.series_after - found.series_before)
    sentence = f"{plural(found.requests, 'unusual request')} made {grown} new series."
    if grown <= _GROWTH_FREE * found.series_before:
        return passed(sentence)
    share = 1 - grown / (_GROWTH_LINEAR * found.requests)
    return scored(min(share, 0.99), sentence, note=" | ".join(found.grown_families[:10]))


grader = CheckList(
    name="metrics",
    version=content_version("1", __file__, alerting.__file__),
    dimension=Dimension.OBSERVABILITY,
    needs=frozenset({Need.SERVICE}),
    checks=(exposition, signals, model_shown, sharding, cardinality, alerts_act),
)
