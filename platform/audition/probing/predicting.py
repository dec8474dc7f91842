"""Probes of predictions: contract, parity, invariance, traceability, concurrency (C1 to C3, C6, C7)."""

import asyncio
import json
import re
from collections.abc import Iterator

from audition.domain.probe_api import (
    ConcurrencyEvidence,
    ContractEvidence,
    InvarianceEvidence,
    Invariant,
    ParityEvidence,
    TraceEvidence,
    VersionSeen,
)
from audition.domain.probe_plan import Prediction
from audition.domain.serving import RowForm
from audition.probing import payloads
from audition.probing.client import Reply
from audition.probing.payloads import AnyRow, agree
from audition.probing.session import CannotProbeError, Session

_EXCERPT = 300
_BATCH = 50
_PARITY_ROWS = 300
_INVARIANCE_ROWS = 20
_PARALLEL = 32
_VERSION = re.compile(
    r"(?:^|[-_])(?:model[-_]?)?version$|^model[-_]?(?:id|hash|sha256|digest|revision)$", re.IGNORECASE
)
#: Headers that name the version of a server, not of a model.
_OTHER = frozenset({"x-aspnet-version", "openapi_version", "api_version"})
_MAX_VERSIONS = 20
_MAX_FIELDS = 2000


async def probe_contract(session: Session) -> ContractEvidence:
    """A valid request of held-out rows is answered as the contract says (C1)."""
    rows = session.some_rows(3 if session.serving.accepts_batch else 1)
    reply = await session.predict(rows)
    excerpt = reply.body[:_EXCERPT].decode("utf-8", "replace")
    kept, usable, trouble = False, False, ""
    found: tuple[Prediction, ...] = ()
    if reply.is_good:
        try:
            answer = payloads.read_answer(session.serving.payload, reply.body, len(rows))
            kept, usable, trouble, found = not answer.deviation, True, answer.deviation, answer.predictions
        except payloads.UnreadableError as error:
            trouble = str(error)
    elif reply.status:
        trouble = f"A valid request was answered with {reply.status}."
    else:
        trouble = f"A valid request was not answered ({reply.failure.value})."
    return ContractEvidence(
        is_kept=kept,
        is_usable=usable,
        status=reply.status,
        failure=reply.failure,
        predictions=found,
        trouble=trouble,
        excerpt=excerpt,
    )


async def probe_parity(session: Session) -> ParityEvidence:
    """Served and offline predictions of the same rows are the same (C2)."""
    offline = session.plan.offline
    if not offline:
        msg = "There are no offline predictions to compare with."
        raise CannotProbeError(msg)
    numbers = session.chance.sample(range(len(offline)), min(_PARITY_ROWS, len(offline)))
    agreeing, unanswered, largest = 0, 0, 0.0
    for start in range(0, len(numbers), _BATCH):
        part = numbers[start : start + _BATCH]
        served = await session.predictions([session.plan.rows[number] for number in part])
        if served is None:
            unanswered += len(part)
            continue
        for number, prediction in zip(part, served, strict=True):
            agreeing += agree(prediction, offline[number], session.plan.tolerance)
            largest = max(largest, _difference(prediction, offline[number]))
    return ParityEvidence(
        rows=len(numbers),
        agreeing=agreeing,
        unanswered=unanswered,
        max_difference=largest,
        tolerance=session.plan.tolerance,
    )


def _difference(one: Prediction, other: Prediction) -> float:
    if isinstance(one, str) or isinstance(other, str):
        return float(one != other)
    return abs(one - other)


async def probe_invariance(session: Session) -> InvarianceEvidence:
    """What must not change a prediction does not: company in a batch, order, repetition (C3)."""
    rows = session.some_rows(_INVARIANCE_ROWS)
    alone = [await session.predictions([row]) for row in rows]
    singles = None if any(one is None for one in alone) else tuple(one[0] for one in alone if one)
    held = [await _same(session, "repeated", singles, rows)]
    if session.serving.payload.form is not RowForm.MATRIX:  # There cells have no names, only places.
        turned: list[AnyRow] = [dict(reversed(list(row.items()))) for row in rows]
        held.append(await _same(session, "columns in another order", singles, turned))
    if session.serving.accepts_batch:
        held += await _batch_invariants(session, rows, singles)
    return InvarianceEvidence(invariants=tuple(held))


async def _batch_invariants(
    session: Session, rows: list[AnyRow], singles: tuple[Prediction, ...] | None
) -> list[Invariant]:
    order = list(range(len(rows)))
    session.chance.shuffle(order)
    shuffled = None if singles is None else tuple(singles[number] for number in order)
    doubled = None if singles is None else singles + singles
    return [
        _invariant("one batch", singles, await session.predictions(rows), session.plan.tolerance),
        _invariant(
            "shuffled batch",
            shuffled,
            await session.predictions([rows[number] for number in order]),
            session.plan.tolerance,
        ),
        _invariant(
            "every row twice", doubled, await session.predictions(rows + rows), session.plan.tolerance
        ),
    ]


async def _same(
    session: Session, name: str, wanted: tuple[Prediction, ...] | None, rows: list[AnyRow]
) -> Invariant:
    found = [await session.predictions([row]) for row in rows]
    given = None if any(one is None for one in found) else tuple(one[0] for one in found if one)
    return _invariant(name, wanted, given, session.plan.tolerance)


def _invariant(
    name: str, wanted: tuple[Prediction, ...] | None, given: tuple[Prediction, ...] | None, tolerance: float
) -> Invariant:
    if wanted is None or given is None:
        return Invariant(name=name, is_held=False, detail="A request was not answered.")
    differing = sum(not agree(one, other, tolerance) for one, other in zip(wanted, given, strict=True))
    detail = f"{differing} of {len(wanted)} predictions differ." if differing else ""
    return Invariant(name=name, is_held=not differing, detail=detail)


async def probe_trace(session: Session) -> TraceEvidence:
    """Which version of the model answers is told somewhere (C6)."""
    replies = [("answer", await session.predict(session.some_rows(1)))]
    paths = (session.routes.metadata, session.routes.ready, session.routes.live)
    replies += [(path, await session.get(path)) for path in dict.fromkeys(paths) if path]
    seen = [version for place, reply in replies if reply.is_good for version in _versions(place, reply)]
    unique = tuple(dict.fromkeys(seen))[:_MAX_VERSIONS]
    return TraceEvidence(seen=unique, expected=session.plan.expected_versions)


def _versions(place: str, reply: Reply) -> Iterator[VersionSeen]:
    for name, value in reply.headers.items():
        if _VERSION.search(name) and name not in _OTHER:
            yield VersionSeen(place=f"header {name[:60]}", value=value[:100])
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        return
    for name, value in _fields(document):
        if _VERSION.search(name) and name not in _OTHER:
            yield VersionSeen(place=f"{place}: {name[:60]}", value=value[:100])


def _fields(document: object) -> Iterator[tuple[str, str]]:
    """Named texts and numbers, up to a number of nodes, without recursion."""
    queue, looked = [document], 0
    while queue and looked < _MAX_FIELDS:
        node = queue.pop()
        looked += 1
        if isinstance(node, list):
            queue += node[:10]
        if not isinstance(node, dict):
            continue
        for name, value in list(node.items())[:100]:
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                yield name, str(value)
            elif name == "versions" and isinstance(value, list):
                # Open Inference v2 lists the versions of a model.
                yield from (("version", one) for one in value[:5] if isinstance(one, str))
            else:
                queue.append(value)


async def probe_concurrency(session: Session) -> ConcurrencyEvidence:
    """Many distinct rows at once get each its own answer (C7)."""
    rows = session.some_rows(_PARALLEL)
    serial = [await session.predictions([row]) for row in rows]
    parallel = await asyncio.gather(*(session.predictions([row]) for row in rows))
    answered, mismatches = 0, 0
    for one, other in zip(serial, parallel, strict=True):
        if one is None or other is None:
            mismatches += 1
            continue
        answered += 1
        mismatches += not agree(one[0], other[0], session.plan.tolerance)
    return ConcurrencyEvidence(sent=len(rows), answered=answered, mismatches=mismatches)
