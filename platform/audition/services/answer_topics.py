"""Answer the five red flags of hiring for machine learning with evidence, or with the word that there is none.

They are: algorithms over data, no production deployment, no plain-language explanation, no monitoring, no
collaboration. Each is asked the other way round, as what one wants to see.
"""

from collections.abc import Mapping

from audition.domain.grade import JUDGED_OUTCOMES, Finding, Outcome
from audition.domain.summary import Answer, Standing, Topic
from audition.services.rate_maturity import earns

#: Checks that show a topic; those that saw something at work stand before those that read files.
EVIDENCE: dict[Topic, tuple[str, ...]] = {
    Topic.DATA: (
        "lineage.data.checked",
        "service.input.refused",
        "consistency.reference.training",
        "lineage.dvc.verified",
    ),
    Topic.PRODUCTION: (
        "service.contract.kept",
        "runtime.restrictions.kept",
        "runtime.stop.graceful",
        "pods.ready.reached",
        "dockerfile.present",
        "manifests.schema.valid",
    ),
    Topic.EXPLANATION: ("consistency.card.true", "lineage.card.structure"),
    Topic.MONITORING: (
        "drift.signal.responds",
        "metrics.signals.true",
        "monitoring.rules.valid",
        "monitoring.metrics.defined",
    ),
    Topic.COLLABORATION: (
        "code.tests.matter",
        "pipeline.stages.complete",
        "pipeline.present",
        "lineage.tracking.complete",
    ),
}
_MOST_EVIDENCE = 3


def answer_topics(findings: Mapping[str, Finding]) -> tuple[Answer, ...]:
    """One answer a topic.

    Args:
        findings: Of the run, by check.
    """
    return tuple(_answer(topic, [findings[c] for c in EVIDENCE[topic] if c in findings]) for topic in Topic)


def _answer(topic: Topic, found: list[Finding]) -> Answer:
    shown = sorted((f for f in found if earns(f)), key=lambda f: f.is_static)
    looked_for = [f for f in found if _was_looked_for(f)]
    evidence = (shown or looked_for)[:_MOST_EVIDENCE]
    return Answer(
        topic=topic,
        standing=_standing(shown, looked_for),
        checks=tuple(f.check for f in evidence),
        sentence=evidence[0].sentence if evidence else "",
    )


def _standing(shown: list[Finding], looked_for: list[Finding]) -> Standing:
    if shown:
        return Standing.READ if shown[0].is_static else Standing.OBSERVED
    return Standing.ABSENT if looked_for else Standing.UNKNOWN


def _was_looked_for(finding: Finding) -> bool:
    """What reads files and finds none has looked; what needs a running service has not, when none ran."""
    is_nothing_there = finding.is_static and finding.outcome == Outcome.NOT_APPLICABLE
    return finding.outcome in JUDGED_OUTCOMES or is_nothing_there
