"""Is what the model card says of the model's quality what was measured (K5)?

The card is read where the submission is, the metric is measured where the answers are: the claims come with the
evidence, so that nobody gets both.
"""

from dataclasses import replace
from statistics import NormalDist

from audition.domain.contract import Claim
from audition.domain.grade import Dimension, Evidence, Metric
from audition.grading import CheckList, Need, Result, Workspace, blocked, check, failed, not_assessed, passed
from audition.grading.versions import content_version
from graders.answers import answers_of
from graders.chain import MODEL
from graders.predictions import read_predictions

#: How far a claim may lie from the measured value, in standard errors. Source: the grader catalogue, K5.
_TOLERANCE = 2.0
#: Rounds of a bootstrap, where one is needed: enough for a standard error.
_ROUNDS = 200


@check(
    "consistency.card.true",
    "The model card's metric is the measured one",
    points=1,
    why="Decisions are made on the number in the card, long after anybody could check it.",
    fix="Write the number that an honest split or cross-validation gave, from the code that computed it.",
)
def card(workspace: Workspace) -> Result:
    """The first value that the card names lies within two standard errors of the measured one (K5)."""
    claims = workspace.evidence.inventory.claims
    if not claims:
        return not_assessed("Not assessed: no model card names a value of the challenge's metric.")
    metric = _measured(workspace)
    if metric is None:
        return blocked("there are no predictions that can be measured.", MODEL)
    claim = claims[0]
    error = (metric.high - metric.low) / (2 * NormalDist().inv_cdf(0.5 + metric.confidence / 2))
    distance = abs(claim.value - metric.value)
    note = f"Card: {claim.value:g}; measured: {metric.value:.4f}, standard error {error:.4f}."
    if distance <= _TOLERANCE * error:
        return replace(
            passed("What the card says is what was measured, within two standard errors."), note=note
        )
    side = "better" if (claim.value > metric.value) == metric.is_higher_better else "worse"
    sentence = f"The card names {claim.value:g}, which is {side} than what was measured by more than chance explains."
    return replace(failed(sentence, _place(claim)), note=note)


def _place(claim: Claim) -> Evidence:
    return Evidence(summary="the number of the card", file=claim.file, line=claim.line)


def _measured(workspace: Workspace) -> Metric | None:
    """The metric on the hidden answers; None without usable predictions."""
    # Loads numpy, for which those who only ask for this grader's checks should not wait.
    from graders.model_quality.measure import measure  # noqa: PLC0415

    path, manifest = workspace.output(), workspace.manifest
    if path is None:
        return None
    truth = answers_of(workspace.answers, manifest)
    found = read_predictions(path, manifest.output, frozenset(truth.values), manifest.metric.form)
    if not found.is_usable:
        return None
    quick = replace(manifest, metric=replace(manifest.metric, bootstrap_rounds=_ROUNDS))
    return measure(quick, truth, found.values)[0]


grader = CheckList(
    name="claims",
    version=content_version("1", __file__),
    dimension=Dimension.CONSISTENCY,
    needs=frozenset({Need.OUTPUTS, Need.ANSWERS}),
    checks=(card,),
)
