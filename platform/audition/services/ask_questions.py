"""Ask questions for the interview: from what went wrong, and from what contradicts itself.

A failed check is a fact; why it failed is what a person finds out. Each question names what was seen, number included,
and leaves the answer open: it accuses nobody and can be asked of somebody who knows the field and of one who learns.
"""

from collections.abc import Iterable, Iterator, Mapping

from audition.domain.grade import Finding, Outcome
from audition.domain.summary import Prompt, Worth
from audition.services.rate_maturity import earns

MOST_PROMPTS = 8
_MOST_ABSENT = 4
#: How graders' sentences begin that say that something is not there.
_ABSENT = ("There is no ", "There are no ", "No ", "Nothing ")
_FIRST = "Which of these would you do first, what would it have shown, and which would you leave?"
_ALONE = "What would you begin with here, and what would it have shown?"
#: Check to what to ask when it lost points. What was seen is said before the question.
QUESTIONS = {
    "model.metric.primary": "Where does the model lose most, and how do you know? What would you try next?",
    "dockerfile.base.pinned": "What can change under you between two builds of this image?",
    "dockerfile.dependencies.pinned": "Somebody rebuilds this in a year: what do they get, and how would they notice?",
    "dockerfile.layers.dependencies-first": "How long does a rebuild take after a change of one line, and why?",
    "dockerfile.secrets.none": "Who can read this secret now, and what do you do first?",
    "dockerfile.user.non-root": "What could somebody do who gets code to run in this container?",
    "dockerfile.command.exec-form": "What reaches your process when the orchestrator wants it to stop?",
    "image.build.succeeds": "What does the build need that is not in the repository, and where would it come from?",
    "image.user.non-root": "Which user answers requests, and what may it do if a request takes it over?",
    "code.secrets.kept": "This is in the history now: what do you do first, and what so that it does not happen again?",
    "code.lint.sound": "Which of these findings would have hurt in production, and which would you leave?",
    "code.tests.matter": "Which of these faults would have reached a customer? What would you test first?",
    "pipeline.gate.decides": "What did you want the gate to refuse, and how did you try it out?",
    "pipeline.retrain.works": "New data arrive next month: what happens, step by step?",
    "pipeline.rollback.possible": "The new model is worse than the old one, and it is live: what do you do?",
    "lineage.training.reproduces": "What is left to chance when you train, and does it matter here?",
    "lineage.data.checked": "Which faults in new data would do most harm, and where would you catch them?",
    "pipeline.safe": "Who could make this pipeline run code of theirs, and with which rights?",
    "pipeline.stages.complete": "What happens between a merged change and a model in production? Who does it?",
    "pipeline.order.gated": "What keeps a worse model from being deployed on a Friday evening?",
    "pipeline.triggers.retrain": "When should this model be trained again, and who or what decides that?",
    "runtime.start.ready": "What takes the time at start, and what does that mean for a crash at peak traffic?",
    "runtime.network.binding": "It worked on your machine: what is different in a container?",
    "runtime.health.meaning": "What should happen on each of the two answers, and when did yours say what?",
    "runtime.stop.graceful": "What happens to a request that is being answered while a new version rolls out?",
    "runtime.restrictions.kept": "Where does the service write, and why does it need to?",
    "runtime.restart.same": "What differs between the first start and the second?",
    "runtime.model.missing": "How does anybody notice that a pod serves without its model?",
    "runtime.logs.useful": "It is three in the morning and answers are wrong: what do you look for in these logs?",
    "runtime.memory.steady": "The service has run for a week: how much memory does it have, and who notices?",
    "service.contract.kept": "How do callers learn what to send, and how would you change it without breaking them?",
    "service.predictions.parity": "Where do training and serving differ in how they compute a feature?",
    "service.predictions.invariant": "Why would the company of a row in its batch change the prediction?",
    "service.input.refused": "Which of these should be refused, which filled in, and who decides?",
    "service.version.told": "A prediction is disputed after three months: how do you find the model that made it?",
    "service.concurrency.safe": "What is shared between requests, and what protects it?",
    "service.load.cost": "Where does the processor time of a prediction go? What did you measure?",
    "service.load.latency": "How did you choose what you promise, and what gives way first?",
    "service.load.capacity": "What limits the throughput, and what would you change first for ten times as much?",
    "service.load.overload": "What should a caller see when there is more traffic than you can serve?",
    "metrics.signals.true": "A dashboard shows these numbers: which decision would they have led to?",
    "metrics.registry.single": "What does Prometheus see when several worker processes each keep their own numbers?",
    "metrics.cardinality.bounded": "What becomes of the time series when callers send what they like?",
    "metrics.alerts.act": "How had you tried this alert, and what would it have cost you to find out?",
    "monitoring.rules.metrics-exist": "How would you have noticed that this alert can never fire?",
    "monitoring.rules.actionable": "Somebody is woken by this alert: what do they know, and what do they do?",
    "monitoring.rules.coverage": "Which failure would your users see before you do?",
    "drift.signal.responds": "Which change in the data would hurt this model most, and what would show it?",
    "drift.alarm.detects": "How did you choose the threshold? What does it miss?",
    "drift.alarm.prompt": "How many wrong decisions happen until the alarm? What would it cost to hear of it sooner?",
    "drift.alarm.quiet": "Which false-alarm rate did you expect of this window and threshold, and from what?",
    "drift.signal.names-column": "The alarm rings: how does the person on duty find out what has changed?",
    "manifests.hardening.restricted": "Which of these rights does the service need, and how did you find out?",
    "manifests.probes.sane": "How do the probes' numbers follow from how long the service takes to start?",
    "manifests.wiring.resolved": "How would you have found this before the first deployment?",
    "pods.ready.reached": "What does a rollout do when the new pods never become ready?",
    "pods.alive.kept": "When is a restart the right answer, and when does it make things worse?",
    "pods.limits.enough": "How did you choose the limits, and what happens when one is reached?",
    "pods.limits.true": "What do these limits cost, and what do they protect?",
    "manifests.availability.survives": "A node is drained at noon: what do users notice?",
    "consistency.probes.answered": "Who changed the route, and why did nothing break before production?",
    "consistency.ports.agree": "Which of these ports is the true one, and how do the others follow it?",
    "consistency.metrics.live": "Who notices when a metric is renamed and the alert on it stays?",
    "consistency.reference.training": "What was the reference made from, and when is it made again?",
    "consistency.packages.agree": "What was installed on your machine that is not written down?",
    "consistency.model.recorded": "Which model is in the image, and how do you know?",
    "consistency.readme.true": "A colleague follows the README on the first day: where do they get stuck?",
    "lineage.dvc.verified": "Which data is this model from, and could you prove it?",
    "consistency.card.true": "Where does the number in the card come from, and why is ours another?",
    "lineage.card.structure": "For whom should this model not be used? How would you tell the business?",
    "model.file.safe": "Somebody sends you a model file like this one: what do you do before you load it?",
}
#: Worth no points and worth a question: what a mean over all rows hides.
NOTEWORTHY = {
    "model.slices.declared": "Why is the model weaker there, and what would you do for those it is wrong about?",
    "model.groups.gap": "Where does this difference come from, and who should decide whether it is acceptable?",
    "model.calibration.error": "Somebody acts on these probabilities: what goes wrong, and how would you mend it?",
    "model.decision.cost": "How would you choose the threshold together with those who pay for the mistakes?",
}
#: What reads well and behaves otherwise: the first is in the files, the second was seen to fail.
CONTRADICTIONS = (
    (
        "dockerfile.command.exec-form",
        "runtime.stop.graceful",
        "Signals do reach the process. What happens to them then?",
    ),
    (
        "monitoring.metrics.defined",
        "metrics.signals.true",
        "The metrics are defined in the code. Why do they not follow the traffic that was sent?",
    ),
    (
        "monitoring.rules.coverage",
        "drift.alarm.detects",
        "There is a rule for it. Why did it stay silent?",
    ),
    (
        "manifests.probes.sane",
        "runtime.health.meaning",
        "The manifest asks the right questions. What would the cluster have done with these answers?",
    ),
    (
        "pipeline.order.gated",
        "pipeline.gate.decides",
        "The pipeline waits for its gate. What does the gate decide by?",
    ),
    (
        "pipeline.stages.complete",
        "pipeline.retrain.works",
        "The pipeline trains. What is different about the data that it was given here?",
    ),
    (
        "dockerfile.user.non-root",
        "runtime.restrictions.kept",
        "The image has a user of its own. What breaks under another one?",
    ),
)


def ask_questions(worths: tuple[Worth, ...], findings: Mapping[str, Finding]) -> tuple[Prompt, ...]:
    """Contradictions first, then what the score does not show, then what cost most; a check is asked about once.

    Args:
        worths: Of every check that counts, most lost first.
        findings: Of the run, by check.
    """
    surprising = [_surprise(findings, *contradiction) for contradiction in CONTRADICTIONS]
    prompts = [prompt for prompt in surprising if prompt is not None]
    asked = {check for prompt in prompts for check in prompt.checks}
    prompts += _prompts(NOTEWORTHY, NOTEWORTHY, findings)
    costly = [findings[worth.check] for worth in worths if worth.check not in asked]
    absent = [finding for finding in costly if _lost(finding) and finding.sentence.startswith(_ABSENT)]
    prompts += _prompts([f.check for f in costly if f not in absent], QUESTIONS, findings)
    return (*prompts[: MOST_PROMPTS - 1], *_about_absent(absent[:_MOST_ABSENT]))


def _about_absent(findings: list[Finding]) -> Iterator[Prompt]:
    """One question about all that is not there: to ask how it was done would presuppose it."""
    if findings:
        yield Prompt(
            checks=tuple(finding.check for finding in findings),
            seen=" ".join(finding.sentence for finding in findings),
            question=_FIRST if len(findings) > 1 else _ALONE,
        )


def _prompts(
    checks: Iterable[str], questions: Mapping[str, str], findings: Mapping[str, Finding]
) -> Iterator[Prompt]:
    for check in checks:
        finding = findings.get(check)
        if finding is not None and check in questions and _lost(finding):
            yield Prompt(checks=(check,), seen=finding.sentence, question=questions[check])


def _lost(finding: Finding) -> bool:
    return finding.outcome in {Outcome.FAILED, Outcome.PARTIAL}


def _surprise(findings: Mapping[str, Finding], written: str, seen: str, question: str) -> Prompt | None:
    promise, deed = findings.get(written), findings.get(seen)
    if promise is None or deed is None or not earns(promise) or earns(deed) or not _lost(deed):
        return None
    return Prompt(
        checks=(written, seen),
        seen=f"{promise.sentence} {deed.sentence}",
        question=question,
    )
