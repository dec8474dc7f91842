"""F7: does an alert lead to new training? Heard where the contract names a variable for the address, else read.

A service that posts to an address when its own alarm is on is given one that the prober listens at, so that what
drifting rows lead to is seen. Nothing outside can be reached from here: of other ways only the two ends are looked
for. The receiving end is a pipeline that trains and that an event starts; the sending end is a call of that
pipeline's host, or Alertmanager's webhook on the way to it.
"""

import re
from collections.abc import Sequence

from audition.domain.drift import DriftRun
from audition.domain.drift_plan import Phase
from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_assessed, partial, passed
from audition.grading.tree import Text, Tree
from graders.pipeline.flow import training_triggers

_LOOKED_AT = (".yml", ".yaml", ".py", ".sh", ".json", ".toml", ".js", ".go", ".tf")
#: Calls that start a pipeline. Source: GitHub REST API (create a repository dispatch event, create a workflow dispatch
#: event, 2022-11-28) and its client `gh`; GitLab API (trigger a pipeline with a token).
_CALLS = re.compile(r"/dispatches\b|\bgh workflow run\b|/trigger/pipeline\b")
#: Alertmanager's own key. Source: its configuration reference, <receiver>.
_WEBHOOK = re.compile(r"^\s*-?\s*webhook_configs\s*:", re.MULTILINE)
_ALERTED = re.compile(r"drift|psi\b|alert", re.IGNORECASE)


@check(
    "drift.loop.closed",
    "An alert can start a new training",
    points=1,
    why="An alarm that ends in a mailbox leaves the old model in place until somebody has time.",
    fix="Let the alert's webhook send a repository_dispatch (or a trigger token) to the pipeline that trains.",
    is_static=True,
)
def closed(workspace: Workspace) -> Result:
    """1 when both ends are there, 0.5 for one of them (F7)."""
    receives = bool((training_triggers(workspace) or frozenset()) & {"event", "manual"})
    sent = _sending(Tree(workspace.submission))
    if sent is not None and receives:
        return passed("An alert can start the pipeline that trains.", sent)
    if receives:
        return partial(
            0.5, "A pipeline trains when an event or a person tells it to; no alert of yours does."
        )
    if sent is not None:
        return partial(
            0.5,
            "Something calls a pipeline when an alert comes, but no pipeline that trains waits for it.",
            sent,
        )
    return failed("No alert leads to a pipeline, and no pipeline that trains waits for one.")


def heard(runs: Sequence[DriftRun]) -> Result:
    """Share of the compared runs with drift in which a payload came after its onset, less for those without drift.

    Args:
        runs: Valid runs in which somebody listened.
    """
    drifting = [run for run in runs if run.plan.is_contrast and run.plan.injection is not None]
    placebos = [run for run in runs if run.plan.injection is None]
    if not drifting or not placebos:
        return not_assessed("Too few runs of traffic could be used to hear whether a training is asked for.")
    right, wrong = sum(map(_asks, drifting)), sum(map(_asks, placebos))
    said = (
        f"A payload that asks for a training came in {right} of {len(drifting)} runs with drift, after its onset, and"
        f" in {wrong} of {len(placebos)} without."
    )
    share = right / len(drifting) * (1 - wrong / len(placebos))
    if share == 1:
        return passed(said)
    return partial(share, said) if share else failed(said)


def _asks(run: DriftRun) -> bool:
    """Whether something came after the test phase began, in which rows drift, or after the warm-up in a placebo."""
    span = run.span(Phase.TEST if run.plan.injection is not None else Phase.CONTROL)
    return span is not None and any(at > span.first for at in run.triggers or ())


def _sending(tree: Tree) -> Evidence | None:
    """Where an alert is passed on; the call of a pipeline before a webhook that may go anywhere."""
    texts = list(tree.ending(*_LOOKED_AT))
    calls = (_found(text, _CALLS, "calls a pipeline") for text in texts if _ALERTED.search(text.content))
    webhooks = (_found(text, _WEBHOOK, "passes alerts on") for text in texts)
    return next((place for place in (*calls, *webhooks) if place is not None), None)


def _found(text: Text, words: re.Pattern[str], summary: str) -> Evidence | None:
    if text.path.startswith(".github/workflows/") or text.path.endswith(".gitlab-ci.yml"):
        return None  # A pipeline that calls itself is not an alert.
    match = words.search(text.content)
    if match is None:
        return None
    return Evidence(summary=summary, file=text.path, line=text.content.count("\n", 0, match.start()) + 1)
