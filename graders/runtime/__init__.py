"""How does the container behave: start, address, health, stop? Judged from what the prober saw (B1, B4, B7, B9)."""

from statistics import median

from audition.domain.grade import Dimension
from audition.domain.probe import HealthEvidence, StartEvidence
from audition.domain.serving import STOP_CODES
from audition.grading import CheckList, Need, Result, Workspace, blocked, check, failed, passed
from audition.grading.versions import content_version
from graders.chain import START
from graders.probed import part_of, plural, scored, service_of, why_missing
from graders.runtime import lasting, memory

#: Seconds: full score up to the first, 0.3 at the second. Source: the grader catalogue, B1.
_QUICK, _SLOW, _SLOW_SHARE = 5.0, 60.0, 0.3
_ONE_ROUTE = 0.6


@check(
    "runtime.start.ready",
    "The service starts and predicts",
    points=4,
    why="A slow start makes every deployment, every crash and every scaling step slow.",
    fix="Load the model once at start, import only what is used, and train nothing when the container starts.",
)
def starts(workspace: Workspace) -> Result:
    """1 at 5 s or less, linear to 0.3 at 60 s, 0 if never; the median over all starts (B1)."""
    service = service_of(workspace)
    if service is None or not service.starts:
        return why_missing(workspace, "start")
    times = [_start_seconds(start) for start in service.starts]
    if any(seconds is None for seconds in times):
        waited = max(start.waited_seconds for start in service.starts)
        return failed(f"The service gave no prediction within {waited:.0f} seconds.")
    seconds = median(seconds for seconds in times if seconds is not None)
    share = 1 - (1 - _SLOW_SHARE) * max(0.0, seconds - _QUICK) / (_SLOW - _QUICK)
    sentence = f"The first prediction came {seconds:.1f} seconds after the start."
    return scored(max(_SLOW_SHARE, share), sentence, note=f"Measured in {plural(len(times), 'start')}.")


def _start_seconds(start: StartEvidence) -> float | None:
    if start.predict_seconds is None or start.ready_seconds is None:
        return start.predict_seconds
    return max(start.predict_seconds, start.ready_seconds)


@check(
    "runtime.network.binding",
    "The service can be reached from outside its container",
    points=1,
    why="A service on 127.0.0.1 works on a laptop and is dead in a container.",
    fix="Let the server listen on 0.0.0.0, every address of its container.",
)
def binding(workspace: Workspace) -> Result:
    """Not the loopback address only, by the kernel's table of sockets."""
    service = service_of(workspace)
    found = service.binding if service else None
    if found is None or not found.addresses:
        return (
            why_missing(workspace, "binding")
            if found is None
            else blocked("nothing listens on the port.", START)
        )
    if found.is_loopback_only:
        return failed(
            f"The service listens on {', '.join(found.addresses)} only; no other machine can reach it."
        )
    return passed(f"The service listens on {', '.join(found.addresses)}.")


@check(
    "runtime.health.meaning",
    "Health routes mean what they say",
    points=2,
    why="Readiness decides who gets traffic, liveness who is restarted: a lie costs requests or restarts.",
    fix="Answer liveness always and quickly, and readiness, on its own route, with 503 until the model is loaded.",
)
def health(workspace: Workspace) -> Result:
    """Liveness stays 200 under load 0.5; readiness false until the model loads 0.5; one route at most 0.6 (B7)."""
    service = service_of(workspace)
    found = service.health if service else None
    if service is None or found is None:
        return why_missing(workspace, "health")
    if not found.has_live_route and not found.has_ready_route:
        return failed("There is no health route.")
    alive, alive_words = _liveness(found)
    honest, ready_words = _readiness(service.starts, found)
    storm = service.bad_input
    if storm is not None and storm.live_after is False:
        alive, alive_words = 0.0, "Liveness said no after bad requests."
    share = 0.5 * alive + 0.5 * honest
    words = f"{alive_words} {ready_words}".strip()
    if found.has_one_route or not (found.has_live_route and found.has_ready_route):
        return scored(min(share, _ONE_ROUTE), f"{words} There is one health route for both questions.")
    return scored(share, words)


def _liveness(found: HealthEvidence) -> tuple[float, str]:
    if not found.has_live_route or not found.live_asked:
        return 0.0, "There is no liveness route."
    share = found.live_good / found.live_asked
    return share, f"Liveness answered {found.live_good} of {plural(found.live_asked, 'question')} under load."


def _readiness(starts: tuple[StartEvidence, ...], found: HealthEvidence) -> tuple[float, str]:
    if not found.has_ready_route:
        return 0.0, "There is no readiness route."
    lies = sum(start.ready_lies for start in starts)
    if lies:
        return 0.0, f"Readiness said yes {plural(lies, 'time')} while no prediction was answered."
    return 1.0, "Readiness never said yes too early."


@check(
    "runtime.stop.graceful",
    "It finishes its work on SIGTERM and ends",
    points=3,
    why="Every deployment stops the old version: what is in flight then must be answered, not dropped.",
    fix="Start the service in exec form so that signals arrive; on SIGTERM stop accepting, finish, and exit.",
)
def stops(workspace: Workspace) -> Result:
    """0.4 ends in its grace with 0 or 143; 0.4 x share answered; 0.2 refuses what is new (B4)."""
    found = part_of(workspace, "stop", lambda service: service.stop)
    if isinstance(found, Result):
        return found
    is_in_time = found.exit_seconds is not None and found.exit_seconds <= found.grace_seconds
    ends = is_in_time and found.exit_code in STOP_CODES
    parts = [(0.4, float(ends)), (0.2, float(found.refused_after))]
    if found.in_flight:
        parts.append((0.4, found.answered / found.in_flight))
    share = sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)
    how = (
        f"ended after {found.exit_seconds:.1f} seconds with code {found.exit_code}"
        if found.exit_seconds is not None
        else f"did not end within {found.grace_seconds:.0f} seconds"
    )
    flight = (
        f"{found.answered} of {plural(found.in_flight, 'request')} in flight were answered"
        if found.in_flight
        else "no request was in flight"
    )
    return scored(
        share, f"After SIGTERM the service {how}; {flight}.", note=str(found.in_flight_failures or "")
    )


grader = CheckList(
    name="runtime",
    version=content_version("1", __file__),
    dimension=Dimension.DEPLOYMENT,
    needs=frozenset({Need.SERVICE, Need.DRIFT}),
    checks=(
        starts,
        binding,
        health,
        stops,
        lasting.restrictions,
        lasting.restart,
        lasting.masked,
        lasting.offline,
        lasting.logs,
        memory.steady,
    ),
)
