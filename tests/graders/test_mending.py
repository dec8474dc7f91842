"""Mending one fault never lowers a dimension, whatever else is wrong: over recorded evidence with any set of faults.

Faults that hide what comes after them (an image that does not build, a service that never answers) are among these:
what they hide is blocked and earns nothing, so that nothing which turns out to be wrong behind them can cost more.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audition.domain.build import BuildCause
from audition.domain.build_failure import BuildFailure, FailureKind
from audition.domain.drift import DriftEvidence
from audition.domain.evidence import BuildEvidence
from audition.domain.exercise import Attempt, ExerciseEvidence
from audition.domain.grade import Dimension, Grade, dimension_scores
from audition.domain.probe import (
    NEVER_PREDICTED,
    UNREADABLE,
    ServiceEvidence,
    StartEvidence,
    Unfinished,
)
from audition.domain.probe_api import ContractEvidence
from audition.domain.probe_metrics import ExpositionEvidence
from audition.domain.probe_plan import Probe
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from graders import drift, image, own_tests, reproduction, retraining
from tests.bench.drift import monitors
from tests.factories import make_manifest
from tests.graders import test_image
from tests.graders import test_live_service as live
from tests.graders.drift_world import PSI_SIGNAL, make_evidence
from tests.graders.tried_commands import NEW, mutant, predictions, ran, world
from tests.graders.workspaces import make_workspace

#: Parts of the evidence, each with the ways in which it may be wrong.
Faults = Mapping[str, tuple[Any, ...]]
Scores = Mapping[Dimension, float | None]


def faults_of_a_service() -> Faults:
    """By the field of the evidence that is otherwise than in the good one."""
    found: dict[str, list[Any]] = defaultdict(list)
    for _, seen, share in live.SHARES:
        changed = [f.name for f in fields(seen) if getattr(seen, f.name) != getattr(live.GOOD, f.name)]
        if share < 1:
            found[changed[0]].append(getattr(seen, changed[0]))
    return {name: tuple(values) for name, values in found.items()}


SERVICE = faults_of_a_service()
GOOD_ATTEMPTS: tuple[Attempt, ...] = (
    ran("gate.good"),
    ran("gate.sabotaged", 1, "AUC 0.5"),
    ran("retrain.slice", left=NEW),
    ran("retrain.predict"),
    ran("data_check.sound"),
    *(ran(f"data_check.{name}", 1) for name in ("missing", "unit", "nulls", "ids", "level")),
    ran("tests.own"),
    ran("tests.again"),
    *(mutant(number, 1) for number in range(1, 7)),
)


def otherwise(good: Attempt) -> Iterator[Attempt]:
    """The other ways in which a command may end; tests that hang on a mutant have noticed it."""
    if good.exit_code:
        yield replace(good, exit_code=0, verdict=Verdict.ACCEPTED)
    else:
        yield replace(good, exit_code=1, verdict=Verdict.NONZERO_EXIT, log="Traceback\nKeyError: 'auc'")
    if good.step.mutant is None:
        yield replace(good, exit_code=137, verdict=Verdict.TIME_LIMIT)


COMMANDS: Faults = {good.step.name: tuple(otherwise(good)) for good in GOOD_ATTEMPTS}


def broken(faults: Faults) -> st.SearchStrategy[tuple[dict[str, Any], str]]:
    """Any set of faults, and the one of them that is mended."""
    chosen = st.dictionaries(st.sampled_from(sorted(faults)), st.integers(0, 9), min_size=1)
    return chosen.flatmap(
        lambda picks: st.tuples(
            st.just({name: faults[name][pick % len(faults[name])] for name, pick in picks.items()}),
            st.sampled_from(sorted(picks)),
        )
    )


def lowered(before: Scores, after: Scores) -> dict[Dimension, tuple[float, float]]:
    """Dimensions that are worth less than before."""
    pairs = {name: (score, after.get(name)) for name, score in before.items() if score is not None}
    return {
        name: (score, then) for name, (score, then) in pairs.items() if then is None or then < score - 1e-9
    }


def without(faults: dict[str, Any], mended: str) -> dict[str, Any]:
    return {name: fault for name, fault in faults.items() if name != mended}


#: Faults that leave nothing to look at in what comes after them, the first one first.
CHAIN = ("image", "start", "contract", "page")
#: What the prober looks at all the same of a service that never predicts, or whose answers it cannot read.
_BEFORE_CONTRACT = (Probe.BINDING, Probe.CONTRACT, Probe.EXPOSITION, Probe.STOP)
_BEHIND_CONTRACT = tuple(probe.value for probe in Probe if probe not in {Probe.START, *_BEFORE_CONTRACT})
#: Starts of their own, which nobody tries with a service that never predicts.
_LATER = ("ladder", "restart", "masked", "alerting")
_OF_THE_PAGE = ("signals", "sharding", "cardinality", "alerting")


def probed(faults: dict[str, Any]) -> ServiceEvidence | None:
    """What the prober writes of a service with faults, of which those of the chain hide others."""
    if "image" in faults:
        return None
    service = replace(live.GOOD, **{name: fault for name, fault in faults.items() if name not in CHAIN})
    if "page" in faults:
        page = ExpositionEvidence(path="/metrics", status=404, trouble="The page does not answer (404).")
        service = _without(replace(service, exposition=page), _OF_THE_PAGE, page.trouble)
    if "start" in faults:
        never = StartEvidence(waited_seconds=60.0)
        silent = ContractEvidence(is_kept=False, is_usable=False, status=0, trouble="No answer.")
        service = replace(service, starts=(never,), contract=silent, **dict.fromkeys(_LATER))
        return _without(service, _BEHIND_CONTRACT, NEVER_PREDICTED)
    if "contract" in faults:
        unread = ContractEvidence(is_kept=False, is_usable=False, status=200, trouble="No prediction.")
        service = _without(replace(service, contract=unread), _BEHIND_CONTRACT, UNREADABLE)
    return service


def _without(service: ServiceEvidence, parts: Iterable[str], reason: str) -> ServiceEvidence:
    """The same, with parts that could not be looked at."""
    unfinished = (*service.unfinished, *(Unfinished(probe=name, reason=reason) for name in parts))
    return replace(service, **dict.fromkeys(parts), unfinished=unfinished)


def every_grade(workspace: Workspace, *graders: Any) -> Iterator[Grade]:
    return (grader.grade(workspace) for grader in graders)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Scores]:
    """What a service with some faults is worth, in a challenge that asks for all of it."""
    asked = (Stage.STATIC, Stage.BUILD, Stage.SERVE, Stage.DRIFT)
    weights = dict.fromkeys(Dimension, 1 / len(Dimension))
    stages = (*make_manifest().stages, *asked)
    workspace = make_workspace(tmp_path_factory.mktemp("service"), stages=stages, weights=weights)
    traffic = make_evidence(monitors.sliding_psi(500), PSI_SIGNAL)
    failed = BuildEvidence(
        cause=BuildCause.STEP_FAILED, failure=BuildFailure(kind=FailureKind.COMMAND_FAILED)
    )

    @cache
    def of_drift(first: str) -> Grade:
        """By the first fault that hides something: a study of all runs takes a moment."""
        obstacle = DriftEvidence(plan=traffic.plan, obstacle="The metrics page cannot be read.")
        sent = None if first in {"image", "start"} else obstacle if first == "page" else traffic
        of_service = probed({first: None} if first else {})
        return drift.grader.grade(replace(workspace, service=of_service, drift=sent))

    def score(faults: dict[str, Any]) -> Scores:
        build = failed if "image" in faults else test_image.GOOD
        seen = replace(workspace, service=probed(faults), evidence=replace(workspace.evidence, build=build))
        hidden = next((name for name in ("image", "start", "page") if name in faults), "")
        return dimension_scores((*every_grade(seen, *live.GRADERS, image.grader), of_drift(hidden)))

    return score


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Scores]:
    """What commands are worth of which some end otherwise."""
    workspace = world(tmp_path_factory.mktemp("commands"))
    name = "retrain.predict.predictions.csv"
    (workspace.exercise_outputs / name).write_text(predictions(0.1))

    def score(faults: dict[str, Any]) -> Scores:
        attempts = tuple(faults.get(good.step.name, good) for good in GOOD_ATTEMPTS)
        tried = replace(workspace, exercise=ExerciseEvidence(attempts=attempts, outputs=(name,)))
        graders = (retraining.grader, reproduction.grader, own_tests.grader)
        return dimension_scores(tuple(every_grade(tried, *graders)))

    return score


quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(broken({**SERVICE, **dict.fromkeys(CHAIN, (None,))}))
def test_mending_one_fault_of_a_service_lowers_nothing(
    service: Callable[[dict[str, Any]], Scores], drawn: tuple[dict[str, Any], str]
) -> None:
    faults, mended = drawn
    assert lowered(service(faults), service(without(faults, mended))) == {}


@quick
@given(broken(COMMANDS))
def test_mending_one_command_lowers_nothing(
    commands: Callable[[dict[str, Any]], Scores], drawn: tuple[dict[str, Any], str]
) -> None:
    faults, mended = drawn
    assert lowered(commands(faults), commands(without(faults, mended))) == {}


@pytest.mark.parametrize("hiding", CHAIN)
def test_what_is_hidden_earns_nothing_and_what_is_not_asked_for_counts_for_nothing(
    service: Callable[[dict[str, Any]], Scores], hiding: str
) -> None:
    """A dimension that a fault hides whole has a score, and it is zero."""
    seen, whole = service({hiding: None}), service({})
    assert seen.keys() == whole.keys()
    assert {name for name, score in seen.items() if score is None} == set()
    if hiding == "image":
        assert (seen[Dimension.SERVING], seen[Dimension.OBSERVABILITY]) == (0.0, 0.0)


def test_every_fault_alone_costs_something(
    service: Callable[[dict[str, Any]], Scores], commands: Callable[[dict[str, Any]], Scores]
) -> None:
    """Otherwise the properties above would say little."""
    hiding: Faults = dict.fromkeys(CHAIN, (None,))
    for score, faults in ((service, {**SERVICE, **hiding}), (commands, COMMANDS)):
        for name, ways in faults.items():
            for way in ways:
                assert lowered(score({}), score({name: way})), (name, way)
