"""What a candidate has: the challenge, the kit, the clock, and everything that is kept of them."""

from dataclasses import dataclass
from typing import Literal

from flask import Response, jsonify

from audition.services import look_up
from audition.services.authorize import require_candidate
from audition.services.erase_data import erase_own_data
from audition.services.keep_time import pause_clock, resume_clock
from audition.web import shapes
from audition.web.api.routing import Operation, blueprint, describes, read_body
from audition.web.context import asker, ports
from audition.web.downloads import kit_response, own_data_response


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Body of POST /me/erase."""

    confirm: Literal["delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Answer of POST /me/erase."""

    submissions: int
    """How many went."""


@blueprint.get("/challenge")
@describes(Operation(answer=shapes.ChallengeDocument))
def challenge() -> Response:
    """Show the candidate's challenge: brief, data card, limits, attempts, clock."""
    return jsonify(shapes.challenge_document(look_up.candidate_home(ports(), asker())))


@blueprint.get("/kit")
@describes(Operation(media=("application/zip",)))
def kit() -> Response:
    """Download the candidate's kit, a zip."""
    return kit_response(*look_up.kit(ports(), asker()))


@blueprint.post("/clock/pause")
@describes(Operation(answer=shapes.ChallengeDocument))
def pause() -> Response:
    """Stop the candidate's clock."""
    pause_clock(ports(), asker())
    return challenge()


@blueprint.post("/clock/resume")
@describes(Operation(answer=shapes.ChallengeDocument))
def resume() -> Response:
    """Let the candidate's clock run again."""
    resume_clock(ports(), asker())
    return challenge()


@blueprint.get("/me/export")
@describes(Operation(media=("application/zip",)))
def own_data() -> Response:
    """Download everything that is kept of the candidate, one zip."""
    require_candidate(asker())
    return own_data_response(ports(), asker())


@blueprint.post("/me/erase")
@describes(Operation(body=Confirmation, answer=Erased))
def erase() -> Response:
    """Delete everything that is kept of the candidate, and the token with it."""
    read_body(Confirmation)
    return jsonify(submissions=erase_own_data(ports(), asker()))
