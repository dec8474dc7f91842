"""The API's own description (C5): is it there, is it well-formed, and does what it describes avoid server errors."""

import json
import random
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from audition.domain.probe import NO_DOCUMENT
from audition.domain.probe_api import Failure, OpenApiEvidence
from audition.probing.client import Caps, Request
from audition.probing.session import CannotProbeError, Session

_PLACES = ("/openapi.json", "/swagger.json", "/docs/openapi.json")
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
_SENT_METHODS = frozenset({"get", "post", "put", "patch"})
_MAX_BYTES = Caps(body_bytes=2 << 20)
_MAX_PATHS = 200
_MAX_OPERATIONS = 8
_MAX_DEPTH = 8
_BODIES = 10
_MAX_PROBLEMS = 20
#: Values that break code which expects something else.
_ODD: tuple[Any, ...] = (None, "", "\u0000", -1, 10**30, 0.1, True, [], {}, [[]], "x" * 5000, {"$ref": "#"})
Document = Mapping[str, Any]


async def probe_openapi(session: Session) -> OpenApiEvidence:
    """Read the description and send requests made from it; only server errors count, and unhandled ends."""
    path, document = await _fetch(session)
    if not path:
        if not session.routes.openapi:
            raise CannotProbeError(NO_DOCUMENT)
        return OpenApiEvidence()
    problems = tuple(_problems(document))[:_MAX_PROBLEMS]
    paths = document.get("paths")
    described = isinstance(paths, dict) and _describes(document, paths, session.routes.predict)
    sent, errors, unanswered, examples = 0, 0, 0, []
    for request in _requests(session, document):
        reply = await session.client.ask(request)
        sent += 1
        is_error = reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        errors += is_error
        unanswered += reply.failure is not Failure.NONE
        if is_error or reply.failure is not Failure.NONE:
            examples.append(f"{request.method} {request.path} {request.body[:80]!r}: {reply.outcome}"[:240])
            if not await session.is_answering():
                break
    return OpenApiEvidence(
        path=path,
        is_valid=not problems,
        problems=problems,
        describes_predict=described,
        sent=sent,
        server_errors=errors,
        unanswered=unanswered,
        examples=tuple(examples[:10]),
    )


async def _fetch(session: Session) -> tuple[str, Document]:
    for path in dict.fromkeys((session.routes.openapi, *_PLACES)):
        reply = await session.get(path, caps=_MAX_BYTES) if path else None
        if reply is None or not reply.is_good:
            continue
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            return path, document
    return "", {}


def _problems(document: Document) -> Iterator[str]:
    """What breaks the structure of OpenAPI 2 or 3. Source: OpenAPI Specification 3.1, sections 4.8.1 to 4.8.17."""
    version = document.get("openapi", document.get("swagger"))
    if not isinstance(version, str) or not version.startswith(("2.", "3.")):
        yield "There is no version of OpenAPI in it."
    info = document.get("info")
    if not isinstance(info, dict) or not all(
        isinstance(info.get(name), str) for name in ("title", "version")
    ):
        yield "info has no title and version."
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        yield "It describes no path."
        return
    for path, item in list(paths.items())[:_MAX_PATHS]:
        if not path.startswith("/") or not isinstance(item, dict):
            yield f"paths: {path[:60]!r} is no path."
            continue
        yield from _operation_problems(path, item)
    for reference in _references(document):
        if _resolve(document, reference) is None:
            yield f"{reference[:80]!r} leads nowhere."


def _operation_problems(path: str, item: Document) -> Iterator[str]:
    for method, operation in item.items():
        if method in _METHODS and not (
            isinstance(operation, dict)
            and isinstance(operation.get("responses"), dict)
            and operation["responses"]
        ):
            yield f"{method.upper()} {path[:60]} describes no answer."


def _references(document: Document) -> list[str]:
    """Every `$ref`, without recursion."""
    queue: list[Any] = [document]
    found: dict[str, None] = {}
    while queue and len(found) < _MAX_PATHS:
        node = queue.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                found[reference] = None
            queue += node.values()
        elif isinstance(node, list):
            queue += node
    return list(found)


def _resolve(document: Document, reference: str) -> Any:  # noqa: ANN401  any JSON value
    if not reference.startswith("#/"):
        return None
    node: Any = document
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _describes(document: Document, paths: Document, predict: str) -> bool:
    base = document.get("basePath")
    prefix = base.rstrip("/") if isinstance(base, str) else ""
    wanted = predict.strip("/").split("/")
    for path, item in paths.items():
        parts = f"{prefix}{path}".strip("/").split("/")
        is_same = len(parts) == len(wanted) and all(
            part == word or part.startswith("{") for part, word in zip(parts, wanted, strict=True)
        )
        if is_same and isinstance(item, dict) and "post" in item:
            return True
    return False


def _requests(session: Session, document: Document) -> Iterator[Request]:
    """Requests for each operation: what its schema asks for, and the same with a part broken."""
    paths = document.get("paths")
    operations = [
        (path, method, operation)
        for path, item in (list(paths.items())[:_MAX_PATHS] if isinstance(paths, dict) else [])
        if isinstance(item, dict)
        and path.startswith("/")
        and path.isascii()
        and path.isprintable()
        and " " not in path
        for method, operation in item.items()
        if method in _SENT_METHODS and isinstance(operation, dict)
    ][:_MAX_OPERATIONS]
    for path, method, operation in operations:
        if path == session.plan.metrics_path:
            continue
        if method == "get":
            yield Request(path=path)
            continue
        schema = _body_schema(document, operation)
        for number in range(_BODIES):
            body = _sample(document, schema, session.chance, _MAX_DEPTH)
            if number:
                body = _broken(body, session.chance)
            yield Request(
                path=path,
                method=method.upper(),
                body=json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
            )


def _body_schema(document: Document, operation: Document) -> Any:  # noqa: ANN401  hostile
    body = operation.get("requestBody")
    if isinstance(body, dict) and isinstance(body.get("$ref"), str):
        body = _resolve(document, body["$ref"])
    content = body.get("content") if isinstance(body, dict) else None
    media = content.get("application/json") if isinstance(content, dict) else None
    return media.get("schema") if isinstance(media, dict) else None


def _sample(document: Document, schema: Any, chance: random.Random, depth: int) -> Any:  # noqa: ANN401  hostile
    """A value that a schema would accept, roughly; a wrong one is fine as well."""
    if not isinstance(schema, dict) or depth == 0:
        return {}
    if isinstance(schema.get("$ref"), str):
        return _sample(document, _resolve(document, schema["$ref"]), chance, depth - 1)
    for name in ("allOf", "anyOf", "oneOf", "enum", "examples"):
        if isinstance(schema.get(name), list) and schema[name]:
            picked = chance.choice(schema[name])
            return picked if name in {"enum", "examples"} else _sample(document, picked, chance, depth - 1)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "array":
        return [
            _sample(document, schema.get("items"), chance, depth - 1) for _ in range(chance.randint(1, 2))
        ]
    simple: dict[Any, Any] = {
        "string": "".join(chance.choices("abcxyz", k=5)),
        "integer": chance.randint(0, 100),
        "number": round(chance.uniform(0, 100), 3),
        "boolean": chance.random() < 0.5,  # noqa: PLR2004  a coin
        "null": None,
    }
    if kind in simple:
        return simple[kind]
    properties = schema.get("properties")
    named = list(properties.items())[:60] if isinstance(properties, dict) else []
    return {name: _sample(document, part, chance, depth - 1) for name, part in named}


def _broken(value: Any, chance: random.Random) -> Any:  # noqa: ANN401  any JSON value
    """The same value with something odd somewhere in it."""
    if isinstance(value, dict) and value and chance.random() < 0.9:  # noqa: PLR2004  mostly inside
        name = chance.choice(list(value))
        if chance.random() < 0.2:  # noqa: PLR2004  now and then it is missing
            return {key: item for key, item in value.items() if key != name}
        return {**value, name: _broken(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:  # noqa: PLR2004  mostly inside
        place = chance.randrange(len(value))
        return [_broken(item, chance) if number == place else item for number, item in enumerate(value)]
    return chance.choice(_ODD)
