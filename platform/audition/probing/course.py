"""The course of a whole task: several starts of the service, each with a session, put together as one evidence."""

from audition.domain.probe import ServiceEvidence, Unfinished, merged
from audition.domain.probe_plan import ALL_PROBES, AskVerb, Probe, ProbePlan, ProbeTask, Start
from audition.probing.inputs import Inputs
from audition.probing.prober import probe_service
from audition.probing.session import Runner

#: Starts whose time is taken, the main one included. Source: the grader catalogue, B1.
STARTS = 3


def plan_of(task: ProbeTask, inputs: Inputs, probes: tuple[Probe, ...]) -> ProbePlan:
    """A session of a task."""
    contract = task.contract
    return ProbePlan(
        serving=contract.serving,
        rows=inputs.rows,
        metrics_path=contract.monitoring.path,
        metrics_port=contract.monitoring.port,
        slo=contract.slo if contract.says("slo") else None,
        offline=inputs.offline,
        tolerance=contract.model.offline_tolerance,
        probes=probes,
        seed=task.seed,
        reference=task.reference,
        expected_versions=(contract.model.version,) if contract.model.version else (),
        pace=task.pace,
    )


async def take_course(task: ProbeTask, inputs: Inputs, runner: Runner) -> ServiceEvidence:
    """The main session with every probe first; then, if the service can start at all, the further starts."""
    sessions = [await _session(task, inputs, runner, ALL_PROBES)]
    starts = sessions[0].starts
    if starts and starts[0].predict_seconds is not None:
        sessions += [await _session(task, inputs, runner, (Probe.START,)) for _ in range(STARTS - 1)]
        await runner.ask(AskVerb.KILL)
    return merged(tuple(sessions))


async def _session(
    task: ProbeTask, inputs: Inputs, runner: Runner, probes: tuple[Probe, ...]
) -> ServiceEvidence:
    answer = await runner.ask(AskVerb.START, Start())
    if answer.trouble:
        reason = f"The service was not started. {answer.trouble}"[:300]
        lost = tuple(Unfinished(probe=probe.value, reason=reason, is_ours=True) for probe in probes)
        return ServiceEvidence(seed=task.seed, unfinished=lost)
    return await probe_service(plan_of(task, inputs, probes), runner)
