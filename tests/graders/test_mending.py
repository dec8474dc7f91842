"""Mending one fault never lowers a dimension, whatever else is wrong: over recorded evidence with any set of faults.

Faults that hide what comes after them (a service that never answers) are not among these: what was hidden counts for
nothing until it can be looked at, and may then turn out to be wrong as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audition.domain.exercise import Attempt, ExerciseEvidence
from audition.domain.grade import Dimension, Grade, dimension_scores
from audition.domain.run import Verdict
from audition.grading import Workspace
from graders import own_tests, reproduction, retraining
from tests.graders import test_live_service as live
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


def every_grade(workspace: Workspace, *graders: Any) -> Iterator[Grade]:
    return (grader.grade(workspace) for grader in graders)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Scores]:
    """What a service with some faults is worth."""
    workspace = make_workspace(tmp_path_factory.mktemp("service"))
    return lambda faults: dimension_scores(
        tuple(every_grade(replace(workspace, service=replace(live.GOOD, **faults)), *live.GRADERS))
    )


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
@given(broken(SERVICE))
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


def test_every_fault_alone_costs_something(
    service: Callable[[dict[str, Any]], Scores], commands: Callable[[dict[str, Any]], Scores]
) -> None:
    """Otherwise the properties above would say little."""
    for score, faults in ((service, SERVICE), (commands, COMMANDS)):
        for name, ways in faults.items():
            for way in ways:
                assert lowered(score({}), score({name: way})), (name, way)
