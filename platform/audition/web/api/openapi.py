"""The OpenAPI document (3.1.1), made from the routes and what stands beside them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from werkzeug.routing import Rule

from audition import codec
from audition.web.api.paging import PAGE
from audition.web.api.routing import JSON, OPERATIONS, Operation
from audition.web.errors import PROBLEM_TYPE, ProblemDocument

_REFERENCE = "#/components/schemas/{model}"
_VARIABLE = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
    "description": "The same key again is the same request: it is done once.",
}


def openapi(rules: Iterable[Rule], views: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """Describe the API.

    Args:
        rules: All rules of the site; those of the API are taken.
        views: Endpoint to view; the first line of its docstring is its summary.

    Raises:
        KeyError: A route of the API has no description.
    """
    taken, given, shared = _documents()
    paths: dict[str, dict[str, Any]] = {}
    for rule, method in sorted(_routes(rules), key=lambda found: (found[0].rule, found[1])):
        operation = OPERATIONS[rule.endpoint]
        described = {
            "operationId": rule.endpoint.removeprefix("api."),
            "summary": (views[rule.endpoint].__doc__ or "").strip().splitlines()[0],
            "parameters": _parameters(rule, method, operation),
            "responses": _responses(operation, given),
        }
        if operation.is_open:
            described["security"] = []
        if body := _body(operation, taken):
            described["requestBody"] = body
        paths.setdefault(_VARIABLE.sub(r"{\1}", rule.rule), {})[method.lower()] = described
    return {
        "openapi": "3.1.1",
        "info": {"title": "Audition", "version": "1", "summary": "Assess ML engineers by real work."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": shared,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _routes(rules: Iterable[Rule]) -> Iterator[tuple[Rule, str]]:
    for rule in rules:
        if rule.endpoint.startswith("api."):
            yield from ((rule, method) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"})


@cache
def _documents() -> tuple[Mapping[Any, Any], Mapping[Any, Any], dict[str, Any]]:
    taken = {o.body for o in OPERATIONS.values() if o.body}
    given = {o.answer for o in OPERATIONS.values() if o.answer} | {ProblemDocument}
    of_taken, of_given, shared = codec.schemas(sorted(taken, key=str), sorted(given, key=str), _REFERENCE)
    for schema in of_taken.values():
        # `read_body` refuses what it does not know.
        shared[schema["$ref"].rsplit("/", 1)[1]]["additionalProperties"] = False
    return of_taken, of_given, shared


def _parameters(rule: Rule, method: str, operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _VARIABLE.findall(rule.rule)
    ]
    in_query = [
        {
            "name": query.name,
            "in": "query",
            "required": query.is_required,
            "description": query.about,
            "schema": query.schema,
        }
        for query in operation.query
    ]
    return in_path + in_query + ([_KEY_HEADER] if _takes_key(method, operation) else [])


def _takes_key(method: str, operation: Operation) -> bool:
    return method == "POST" and (operation.takes_key or bool(operation.uploads))


def _body(operation: Operation, taken: Mapping[Any, Any]) -> dict[str, Any] | None:
    if operation.uploads:
        return {"required": True, "content": {kind: {} for kind in operation.uploads}}
    if operation.body is None:
        return None
    return {"required": True, "content": {JSON: {"schema": taken[operation.body]}}}


def _responses(operation: Operation, given: Mapping[Any, Any]) -> dict[str, Any]:
    problem = {PROBLEM_TYPE: {"schema": given[ProblemDocument]}}
    success: dict[str, Any] = {"description": "Done."}
    if operation.media:
        success["content"] = {kind: {} for kind in operation.media}
    elif operation.answer is not None:
        schema = given[operation.answer]
        success["content"] = {JSON: {"schema": _list_of(schema, operation) if operation.is_list else schema}}
    return {
        str(operation.status): success,
        "4XX": {"description": "Not done; `next` says what to do.", "content": problem},
        "5XX": {"description": "Not done, and our fault.", "content": problem},
    }


def _list_of(schema: object, operation: Operation) -> dict[str, Any]:
    members: dict[str, Any] = {"items": {"type": "array", "items": schema}}
    if operation.query == PAGE:
        members["next_cursor"] = {"type": ["string", "null"], "description": "Null on the last page."}
    return {"type": "object", "properties": members, "required": list(members)}
