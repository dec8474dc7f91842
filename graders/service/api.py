"""Checks on answers: right, the same, and refusals where they must be (C1 to C7)."""

from http import HTTPStatus

from audition.domain.grade import Evidence
from audition.domain.probe_api import BadInputCase, Failure
from audition.grading import Result, Workspace, check, failed, partial, passed
from graders import chain
from graders.probed import part_of, plural, scored, service_of, why_missing

_SILENT = 0.3
_MISMATCH_FACTOR = 10
_DOCUMENT, _NO_ERRORS = 0.4, 0.6


@check(
    "service.contract.kept",
    "A valid request is answered as the contract says",
    points=3,
    why="Whoever calls the service programs against its contract.",
    fix="Send the published example to your service and compare with the contract: route, key, one number a row.",
)
def contract(workspace: Workspace) -> Result:
    """1 or 0 (C1)."""
    found = part_of(workspace, "contract", lambda service: service.contract)
    if isinstance(found, Result):
        return found
    if found.is_kept:
        return passed("A valid request is answered as the contract says.")
    # Nobody there is a fault of the start, told once; a wrong answer is one of the contract.
    never_there = chain.no_service(workspace) if not found.status else None
    return never_there or failed(found.trouble, Evidence(summary="the answer", excerpt=found.excerpt))


@check(
    "service.predictions.parity",
    "Served predictions are those of the offline run",
    points=3,
    why="Another answer online than offline is training-serving skew: the measured quality is not what users get.",
    fix="Use one function for the features and one model file in both paths.",
)
def parity(workspace: Workspace) -> Result:
    """Share of rows that agree, up to the declared relative tolerance (C2)."""
    found = part_of(workspace, "parity", lambda service: service.parity)
    if isinstance(found, Result):
        return found
    sentence = f"{found.agreeing} of {plural(found.rows, 'row')} got the prediction of the offline run."
    if found.unanswered:
        sentence += f" {found.unanswered} got no answer."
    return scored(
        found.agreeing / found.rows, sentence, note=f"Largest difference {found.max_difference:.3g}."
    )


@check(
    "service.predictions.invariant",
    "A prediction depends on its own row only",
    points=1.5,
    why="If company or order changes a prediction, the same customer gets another answer the next time.",
    fix="Compute nothing over the rows of a request: no mean, no scaling, no encoding fitted on the batch.",
)
def invariance(workspace: Workspace) -> Result:
    """Share of invariants that held: repetition, order of columns, company in a batch (C3)."""
    service = service_of(workspace)
    found = service.invariance if service else None
    if found is None or not found.invariants:
        return why_missing(workspace, "invariance")
    broken = [invariant for invariant in found.invariants if not invariant.is_held]
    names = ", ".join(invariant.name for invariant in broken)
    sentence = (
        f"Predictions changed with: {names}." if broken else "Nothing changed a prediction that must not."
    )
    return scored(
        1 - len(broken) / len(found.invariants), sentence, note=" ".join(item.detail for item in broken)
    )


@check(
    "service.input.refused",
    "Bad requests are refused and end nothing",
    points=3,
    why="A service meets bad input every day: it must say so, not crash and not guess.",
    fix="Check every request against a schema; answer 4xx with what is wrong. Declare it if gaps are filled in.",
)
def bad_input(workspace: Workspace) -> Result:
    """Mean over the cases; those that could not be sent any more count as 0 (C4)."""
    service = service_of(workspace)
    found = service.bad_input if service else None
    if found is None or not found.planned:
        return why_missing(workspace, "bad_input")
    worth = [(case, _worth(case, is_declared=found.is_imputing_declared)) for case in found.cases]
    points = sum(value for _, value in worth)
    bad = [_shown(case) for case, value in worth if value < 1]
    if not found.survived:
        points = max(0.0, points - 1)
        sentence = f"The service did not answer any more after: {found.died_after}."
        share = min(points / found.planned, 0.5)
        return partial(share, sentence, *bad) if share > 0 else failed(sentence, *bad)
    refused = sum(value == 1 for _, value in worth)
    sentence = f"{refused} of {plural(found.planned, 'bad request')} were handled as they should."
    result = scored(points / found.planned, sentence)
    return Result(outcome=result.outcome, share=result.share, sentence=sentence, evidence=tuple(bad))


def _worth(case: BadInputCase, *, is_declared: bool) -> float:
    """4xx 1; a good answer 1 where it is right or declared, else 0.3; 5xx or no answer 0."""
    if case.failure is not Failure.NONE:
        return float(case.may_close and case.failure is Failure.CLOSED)
    if HTTPStatus.BAD_REQUEST <= case.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return 1.0
    if HTTPStatus.OK <= case.status < HTTPStatus.MULTIPLE_CHOICES:
        return 1.0 if case.is_harmless or (case.is_imputable and is_declared) else _SILENT
    return 0.0


def _shown(case: BadInputCase) -> Evidence:
    answer = str(case.status) if case.failure is Failure.NONE else case.failure.value
    return Evidence(summary=f"{case.name}: {answer}", excerpt=case.excerpt)


@check(
    "service.description.true",
    "The API describes itself, and truly",
    points=1,
    why="A description that is served is the contract that others generate their clients from.",
    fix="Serve an OpenAPI document that names the prediction route; answer what it allows without server errors.",
)
def description(workspace: Workspace) -> Result:
    """0.4 there and valid, 0.6 if what it describes caused no server error (C5)."""
    found = part_of(workspace, "openapi", lambda service: service.openapi)
    if isinstance(found, Result):
        return found
    if not found.path:
        return failed("The OpenAPI document that the contract names is not served.")
    is_clean = found.sent > 0 and not found.server_errors and not found.unanswered
    share = _DOCUMENT * found.is_valid + _NO_ERRORS * is_clean
    said = "is valid" if found.is_valid else f"has problems: {' '.join(found.problems[:2])}"
    failures = found.server_errors + found.unanswered
    sentence = (
        f"The document at {found.path} {said}; {failures} of {plural(found.sent, 'request')} from it failed."
    )
    return scored(share, sentence, note=" | ".join(found.examples[:5]))


@check(
    "service.version.told",
    "Answers tell which model gave them",
    points=1,
    why="When a prediction is questioned, somebody must be able to say which model made it.",
    fix="Put the model's version into a header or a field, the same that its files name.",
)
def version_told(workspace: Workspace) -> Result:
    """None 0, told 0.5, told and equal to what the files name 1 (C6)."""
    found = part_of(workspace, "trace", lambda service: service.trace)
    if isinstance(found, Result):
        return found
    if not found.seen:
        return failed("Neither answers nor health routes name a version of the model.")
    values = {seen.value.strip() for seen in found.seen}
    place = found.seen[0].place
    if values & set(found.expected):
        return passed(f"The version in {place} is the one that the files name.")
    why = (
        "is not the one that the files name"
        if found.expected
        else "could not be compared: the files name none"
    )
    return partial(0.5, f"The version in {place} {why}.")


@check(
    "service.concurrency.safe",
    "Many requests at once get each its own answer",
    points=1.5,
    why="A global that two requests share mixes up two customers' answers.",
    fix="Keep what belongs to a request in its function, never in a module or an object that all share.",
)
def concurrency(workspace: Workspace) -> Result:
    """1 - 10 x share of mismatches (C7)."""
    service = service_of(workspace)
    found = service.concurrency if service else None
    if found is None or not found.sent:
        return why_missing(workspace, "concurrency")
    share = 1 - _MISMATCH_FACTOR * found.mismatches / found.sent
    right = found.sent - found.mismatches
    return scored(share, f"{right} of {plural(found.sent, 'request')} sent at once got their own answer.")
