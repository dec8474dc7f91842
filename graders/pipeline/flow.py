"""Checks on what a pipeline does, in which order, and what sets it off (catalogue G3)."""

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.tree import Tree
from graders.pipeline.deeds import DEEDS, deeds_of
from graders.pipeline.jobs import Job, Pipeline, pipelines

NO_PIPELINE = "There is no pipeline that can be read."
_SHOWN = {
    "train": "trains",
    "evaluate": "evaluates",
    "gate": "refuses a model that is too weak",
    "package": "packages",
    "deploy": "deploys",
}


def readable(workspace: Workspace) -> tuple[Pipeline, ...]:
    """The pipelines that have jobs."""
    return tuple(pipeline for pipeline in pipelines(workspace) if pipeline.jobs)


def _done(found: tuple[Pipeline, ...], workspace: Workspace) -> list[tuple[Pipeline, Job, dict[str, int]]]:
    tree = Tree(workspace.submission)
    return [(pipeline, job, deeds_of(job, tree)) for pipeline in found for job in pipeline.jobs.values()]


@check(
    "pipeline.stages.complete",
    "The pipeline trains, evaluates, decides, packages and deploys",
    points=4,
    why="What a pipeline leaves out is done by hand, differently each time.",
    fix="Add the stages that are missing; a gate is a program that ends badly when a metric is too weak.",
)
def stages(workspace: Workspace) -> Result:
    """The share of five stages that commands of jobs do, called scripts and make targets included."""
    found = readable(workspace)
    if not found:
        return not_applicable(NO_PIPELINE)
    places: dict[str, Evidence] = {}
    for _, job, deeds in _done(found, workspace):
        for deed, line in deeds.items():
            places.setdefault(deed, job.evidence(f"{_SHOWN[deed]} (job {job.name[:40]})", line))
    there = [deed for deed in DEEDS if deed in places]
    evidence = tuple(places[deed] for deed in there)
    missing = [_SHOWN[deed] for deed in DEEDS if deed not in places]
    if not missing:
        return passed("The pipeline trains, evaluates, decides, packages and deploys.", *evidence)
    sentence = f"Nothing in the pipeline {', '.join(missing)}."
    return partial(len(there) / len(DEEDS), sentence, *evidence) if there else failed(sentence)


@check(
    "pipeline.order.gated",
    "Nothing is deployed before the gate let it pass",
    points=2,
    why="A gate beside the way to production stops nothing.",
    fix="Let the deploy job need the job with the gate, and that one the job that evaluates.",
)
def order(workspace: Workspace) -> Result:
    """Every job that deploys or packages waits, in the job graph, for one with the gate."""
    found = readable(workspace)
    if not found:
        return not_applicable(NO_PIPELINE)
    done = _done(found, workspace)
    if not any("gate" in deeds for _, _, deeds in done):
        return failed("There is no gate that could stop a weak model.")
    shipping = [(pipeline, job, deeds) for pipeline, job, deeds in done if "deploy" in deeds]
    if not shipping:
        return not_applicable("Nothing is deployed.")
    by_name = {(pipeline.file, job.name): deeds for pipeline, job, deeds in done}
    loose = [job for pipeline, job, deeds in shipping if not _is_gated(pipeline, job, deeds, by_name)]
    if not loose:
        return passed("Each job that deploys waits for the gate.")
    evidence = tuple(job.evidence(f"{job.name[:40]} deploys without waiting for the gate") for job in loose)
    share = 1 - len(loose) / len(shipping)
    sentence = f"{len(loose)} of {len(shipping)} jobs that deploy do not wait for the gate."
    return partial(share, sentence, *evidence) if share else failed(sentence, *evidence)


def _is_gated(
    pipeline: Pipeline, job: Job, deeds: dict[str, int], by_name: dict[tuple[str, str], dict[str, int]]
) -> bool:
    if "gate" in deeds and deeds["gate"] <= deeds["deploy"]:
        return True
    return any("gate" in by_name.get((pipeline.file, name), {}) for name in pipeline.before(job.name))


def training_triggers(workspace: Workspace) -> frozenset[str] | None:
    """What starts the pipelines that train; None when none does."""
    found = readable(workspace)
    training = {pipeline.file for pipeline, _, deeds in _done(found, workspace) if "train" in deeds}
    if not training:
        return None
    return frozenset(
        trigger for pipeline in found if pipeline.file in training for trigger in pipeline.triggers
    )


@check(
    "pipeline.triggers.retrain",
    "Something other than a push starts training",
    points=1,
    why="Data drifts without anybody pushing code.",
    fix="Add a schedule, or an event that the drift alert can send (repository_dispatch, a trigger token).",
)
def triggers(workspace: Workspace) -> Result:
    """A schedule or an event 1, by hand only 0.5, for a pipeline that trains."""
    found = readable(workspace)
    if not found:
        return not_applicable(NO_PIPELINE)
    started = training_triggers(workspace)
    if started is None:
        return failed("No pipeline trains, so nothing can start it.")
    if started & {"schedule", "event"}:
        ways = " and ".join(sorted(started & {"schedule", "event"}))
        return passed(
            f"Training is started by {ways.replace('schedule', 'a schedule').replace('event', 'an event')}."
        )
    if "manual" in started:
        return partial(0.5, "Training is started by hand only.")
    return failed("Only a push starts training.")
