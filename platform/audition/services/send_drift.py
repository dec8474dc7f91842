"""Send the drift protocol's traffic to the candidate's own image, and keep what its metrics did.

The plan is made here, from what the contract declares and from the capacity that the serve stage measured; a plan that
does not fit into the time of the stage gives way to a smaller one before anything is sent.
"""

from dataclasses import dataclass, replace

from audition import codec
from audition.domain.challenge import Manifest
from audition.domain.contract import Contract, Inventory
from audition.domain.drift import MAX_BYTES, DriftEvidence, problems
from audition.domain.drift_plan import DriftPlan, DriftScale, make_plan, pace_of
from audition.domain.errors import UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind, StageEvidence
from audition.domain.execution import Exit
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import ProbeTask
from audition.domain.run import Stage, StageRecord, StageStatus, Verdict
from audition.domain.sink import sink_environment
from audition.services import containers
from audition.services.build_image import Built
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.lint import linted_rules
from audition.services.probe_service import converse, traffic_seed, wanted_service
from audition.services.runner import Runner
from audition.services.serve_image import Served
from audition.services.stage_book import StageBook

DRIFT_FILE = "drift.json"
#: What the prober has begun may take longer than its own deadline: one run at a slow rate, and an end.
_SLACK_SECONDS = 120.0
_NOT_SERVED = "No service predicted in the stage before, so there is nothing to send traffic to."
#: What is assumed of a start that was not measured.
_START_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How the stage went, and what it left."""

    stage: StageEvidence
    artifacts: tuple[Artifact, ...] = ()


def send_drift(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    inventory: Inventory,
    built: Built | None,
    served: Served | None,
    linted: tuple[Artifact, ...],
    book: StageBook,
) -> Sent | None:
    """Send every run of the plan; that nothing notices the drift is a result.

    Returns:
        What was seen; None when there is nothing to send to, or no time to send it in.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: The engine or the prober failed.
    """
    check_lease(lease)
    record = book.begin(Stage.DRIFT)
    if built is None or served is None or not served.seen.has_predicted:
        book.end(record, StageStatus.SKIPPED, None, _NOT_SERVED)
        return None
    obstacle = no_metrics(inventory.contract, served.seen)
    # What nothing could notice is not sent, so it needs no time: a slow service fares no better than a quick one.
    capable = replace(served.seen, capacity=None) if obstacle else served.seen
    plan, reason = plan_for(claimed.version.manifest, inventory.contract, capable, traffic_seed(claimed))
    if plan is None:
        book.end(record, StageStatus.SKIPPED, None, reason)
        return None
    image = built.stage.image_id
    if obstacle:
        seen = DriftEvidence(plan=plan, signals=inventory.contract.monitoring.signals, obstacle=obstacle)
    else:
        seen = _send(runner, claimed, lease, inventory.contract, plan, built, linted, book, record)
    message = seen.obstacle or _lost(seen)
    status = StageStatus.FAILED if message else StageStatus.PASSED
    book.end(record, status, Exit(exit_code=0, image_id=image), message)
    # A monitor that is missing is not a run that failed: what it costs is in the grade.
    stage = StageEvidence(stage=Stage.DRIFT, verdict=Verdict.ACCEPTED, message=message, image_id=image)
    return Sent(stage=stage, artifacts=(_stored(runner, claimed, seen),))


def plan_for(
    manifest: Manifest, contract: Contract, seen: ServiceEvidence, seed: int
) -> tuple[DriftPlan | None, str]:
    """The largest plan up to what the challenge asks for that fits into the time of its stage.

    Returns:
        The plan and no reason, or no plan and the reason why there is none.
    """
    spec = manifest.drift
    if spec is None:
        return None, "The challenge has no drift family."
    capacity = capacity_of(seen)
    if capacity is not None and capacity <= 0:
        return (
            None,
            "The service held no rate at all under load, so no traffic could be sent that means anything.",
        )
    pace = pace_of(contract.monitoring.signals, capacity, spec.lengths)
    starts = [start.predict_seconds for start in seen.starts if start.predict_seconds is not None]
    start_seconds = max(starts, default=_START_SECONDS)
    limit = manifest.limits_of(Stage.DRIFT).time_seconds
    needed = 0.0
    for scale in (spec.scale, DriftScale.LEAN):
        plan = make_plan(spec, scale, pace, seed)
        needed = sum(plan.seconds_of(run) + start_seconds for run in plan.runs)
        if needed <= limit:
            return plan, ""
    return None, (
        f"The protocol would take {needed / 60:.0f} minutes at {pace.rate_per_second():.0f} requests a second, which is"
        f" {'30 % of what the service can answer' if capacity else 'the most that is sent'}; there are"
        f" {limit / 60:.0f}. So it was not done."
    )


def capacity_of(seen: ServiceEvidence) -> float | None:
    """Requests a second that the service can answer; None when it was not measured.

    When no step of the search was held, perhaps because the host was busy, half of the lowest is a careful guess: runs
    in which too many requests fail are not used anyway.
    """
    if seen.capacity is None:
        return None
    tried = [step.rate_per_second for step in seen.capacity.steps]
    return seen.capacity.capacity_per_second or min(tried, default=0.0) / 2


def no_metrics(contract: Contract, seen: ServiceEvidence) -> str:
    """Why nothing of the service could tell of drift, a sentence; empty when its metrics can be read."""
    if not contract.monitoring.path:
        return "The service has no metrics page, so nothing of it can tell of drift."
    if seen.exposition is not None and not seen.exposition.is_parsed:
        return f"The metrics page cannot be read, so nothing can tell of drift. {seen.exposition.trouble}"[
            :400
        ]
    return ""


def _send(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    contract: Contract,
    plan: DriftPlan,
    built: Built,
    linted: tuple[Artifact, ...],
    book: StageBook,
    record: StageRecord,
) -> DriftEvidence:
    spec = containers.drift_spec(runner, claimed.version, claimed.owner)
    task = ProbeTask(contract=contract, seed=plan.seed, drift=plan, rules=linted_rules(runner, linted))
    usual = wanted_service(runner, claimed, contract, built)
    variables = {**usual.spec.environment, **sink_environment(contract)}
    wanted = replace(usual, spec=replace(usual.spec, environment=variables))
    seconds = spec.limits.time_seconds + _SLACK_SECONDS
    try:
        with runner.sandbox.probe(spec) as prober:
            said = converse(prober, task, wanted, lease, seconds, lambda text: book.note(record, text)).drift
    except UnavailableError:
        check_lease(lease)  # The prober was ended because the work must not go on.
        raise
    check_lease(lease)
    wrong = problems(said) if said is not None else ["It said something else."]
    if said is None or wrong:
        msg = f"The prober's drift evidence cannot be used: {wrong[0]}"
        raise UnavailableError(msg, code="prober-failed")
    return said


def _lost(seen: DriftEvidence) -> str:
    """What the candidate should know of runs that could not be used; empty when all could."""
    if not seen.invalid:
        return ""
    reasons = dict.fromkeys(reason for run in seen.invalid for reason in run.reasons)
    return f"{len(seen.invalid)} of {len(seen.plan.runs)} runs could not be used. {' '.join(reasons)}"[:1000]


def _stored(runner: Runner, claimed: Claimed, seen: DriftEvidence) -> Artifact:
    data = codec.to_json(seen)
    if len(data) > MAX_BYTES:
        msg = f"The drift evidence has {len(data):,} bytes; at most {MAX_BYTES:,} are kept."
        raise UnavailableError(msg, code="prober-failed")
    return Artifact(
        run_id=claimed.run.id,
        fence=claimed.fence,
        stage=Stage.DRIFT,
        kind=ArtifactKind.DRIFT,
        name=DRIFT_FILE,
        digest=runner.ports.blobs.put(data),
        bytes=len(data),
    )
