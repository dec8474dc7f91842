"""The bad requests (C4): each must be refused or, where that was declared, be filled in; none may end the service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from audition.domain.probe import ONLY_JSON
from audition.domain.probe_api import BadInputCase, BadInputEvidence, Failure
from audition.domain.serving import RowForm
from audition.probing import payloads
from audition.probing.client import Caps, Reply, Request
from audition.probing.payloads import AnyRow
from audition.probing.session import CannotProbeError, Session

_BIG_BYTES = 10 << 20
_DEPTH = 20_000
_LONG_TEXT = 200_000
_CAPS = Caps(seconds=15.0)
_EXCERPT = 120


@dataclass(frozen=True, slots=True)
class _Case:
    """A request and what an honest answer may be."""

    name: str
    request: Request
    is_imputable: bool = False
    is_harmless: bool = False
    may_close: bool = False


async def probe_bad_input(session: Session) -> BadInputEvidence:
    """Send all cases, look after each one without an answer whether the service is still there, and at the end."""
    if session.serving.payload.form is RowForm.CSV:
        raise CannotProbeError(ONLY_JSON, is_ours=True)
    cases = list(_cases(session))
    session.chance.shuffle(cases)
    seen: list[BadInputCase] = []
    for case in cases:
        reply = await session.client.ask(case.request, caps=_CAPS)
        seen.append(_seen(session, case, reply))
        if reply.failure is not Failure.NONE and not await session.is_answering():
            session.timeline.note("died", f"after bad input: {case.name}")
            return _evidence(session, seen, len(cases), died_after=case.name)
    survived = await session.is_answering()
    live = await session.get(session.routes.live) if session.routes.live else None
    evidence = _evidence(session, seen, len(cases), died_after="" if survived else seen[-1].name)
    return replace(evidence, live_after=None if live is None else live.is_good)


def _evidence(session: Session, seen: list[BadInputCase], planned: int, died_after: str) -> BadInputEvidence:
    return BadInputEvidence(
        cases=tuple(seen),
        planned=planned,
        survived=not died_after,
        died_after=died_after,
        is_imputing_declared=session.serving.imputes_missing,
    )


def _seen(session: Session, case: _Case, reply: Reply) -> BadInputCase:
    try:
        has_predictions = reply.is_good and bool(
            payloads.read_answer(session.serving.payload, reply.body, 1).predictions
        )
    except payloads.UnreadableError:
        has_predictions = False
    return BadInputCase(
        name=case.name,
        status=reply.status,
        failure=reply.failure,
        is_imputable=case.is_imputable,
        is_harmless=case.is_harmless,
        may_close=case.may_close,
        has_predictions=has_predictions,
        excerpt=reply.body[:_EXCERPT].decode("utf-8", "replace"),
    )


def _cases(session: Session) -> Iterator[_Case]:
    """The 24 cases of the catalogue; a column of each kind is taken from the rows themselves."""
    row: AnyRow = session.some_rows(1)[0]
    number = next((name for name, value in row.items() if _is_number(value)), next(iter(row)))
    text = next((name for name, value in row.items() if isinstance(value, str)), number)
    yield from _cell_cases(session, row, number, text)
    yield from _shape_cases(session, row, number)
    yield from _body_cases(session, row)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell_cases(session: Session, row: AnyRow, number: str, text: str) -> Iterator[_Case]:
    def cell(name: str, column: str, value: Any, **kind: bool) -> _Case:  # noqa: ANN401  any JSON value, or worse
        return _Case(name, session.prediction([{**row, column: value}]), **kind)

    yield cell("null for a number", number, None, is_imputable=True)
    yield cell("null for a category", text, None, is_imputable=True)
    yield cell("the text NaN for a number", number, "NaN", is_imputable=True)
    yield cell("the bare word NaN", number, float("nan"), is_imputable=True)
    yield cell("infinity", number, float("inf"))
    yield cell("a word for a number", number, session.canary())
    yield cell("an empty text for a number", number, "")
    yield cell("a list for a number", number, [1, 2])
    yield cell("an object for a number", number, {"value": 1})
    yield cell("a number beyond any float", number, 10**400)
    yield cell("an unseen category", text, session.canary(), is_imputable=True)
    yield cell(
        "a category of odd Unicode", text, "\u202e\U0001f9ea\u0000é" + session.canary(), is_imputable=True
    )
    yield cell("a very long text", text, "x" * _LONG_TEXT, is_imputable=True)


def _shape_cases(session: Session, row: AnyRow, number: str) -> Iterator[_Case]:
    without = {name: value for name, value in row.items() if name != number}
    payload = session.serving.payload
    yield _Case("a missing column", session.prediction([without]), is_imputable=True)
    yield _Case("a row without columns", session.prediction([{}]))
    yield _Case(
        "an extra column", session.prediction([{**row, f"extra_{session.canary()}": 1}]), is_harmless=True
    )
    yield _Case("an empty batch", session.prediction([]))
    yield _Case("no rows at all", _raw(session, b"{}"))
    yield _Case("rows that are a text", _raw(session, json.dumps({payload.request_key: "rows"}).encode()))


def _body_cases(session: Session, row: AnyRow) -> Iterator[_Case]:
    whole = session.prediction([row])
    big = _raw(session, b'{"padding": "' + b"x" * _BIG_BYTES + b'"}')
    yield _Case("a body of 10 MB", big, may_close=True)
    yield _Case("broken JSON", _raw(session, whole.body[:-2]))
    yield _Case("an empty body", _raw(session, b""))
    yield _Case(
        "a wrong content type", replace(whole, headers={"Content-Type": "application/xml"}, body=b"<rows/>")
    )
    nested = b"[" * _DEPTH + b"]" * _DEPTH
    yield _Case("nesting 20,000 deep", _raw(session, nested))


def _raw(session: Session, body: bytes) -> Request:
    return Request(
        path=session.routes.predict, method="POST", body=body, headers={"Content-Type": "application/json"}
    )
