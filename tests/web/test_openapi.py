"""The API is what its OpenAPI document says: schemathesis asks everything, as each person."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from tests.architecture.test_docs import shown
from tests.web.clients import bearer
from tests.web.stories import tell_all
from tests.web.test_access import API, call
from tests.web.world import World, make_world

#: Which words a slug, an address or a level may be is not in the schema: some that fit it are refused.
EXCLUDED = [checks.positive_data_acceptance]
PEOPLE = ("nobody", "alice", "bob", "olga", "carol")


def _document() -> dict[str, Any]:
    document = make_world().client().get("/api/v1/openapi.json").json
    assert document is not None
    return document


OPERATIONS = [
    (method, path) for path, methods in sorted(_document()["paths"].items()) for method in sorted(methods)
]


def test_the_document_names_every_route_and_nothing_else() -> None:
    app = make_world().app
    there = {
        (method, shown(rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint in API
    }
    assert {(method.upper(), path) for method, path in OPERATIONS} == there


def test_the_document_has_no_reference_that_leads_nowhere() -> None:
    document = _document()

    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(part) for part in value.values()))
        return set().union(*(references(part) for part in value)) if isinstance(value, list) else set()

    shared = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= shared


@pytest.fixture(scope="module")
def site() -> tuple[World, Any]:
    """One site for everything here, and its document: reading it takes longer than asking."""
    world = make_world()
    tell_all(world.ports)
    return world, schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_asked_is_answered_as_described(site: tuple[World, Any], method: str, path: str) -> None:
    world, schema = site
    headers = [bearer(world, who) for who in PEOPLE]

    @settings(
        max_examples=5,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        for asker in headers:
            case.call_and_validate(headers=asker, excluded_checks=EXCLUDED)

    ask()


@pytest.mark.parametrize("endpoint", API)
def test_what_people_get_is_what_the_document_says(
    site: tuple[World, Any], looked_at_world: World, endpoint: str
) -> None:
    """Here the ids are real ones, so that successes are looked at too."""
    rule = next(rule for rule in site[0].app.url_map.iter_rules() if rule.endpoint == endpoint)
    method = API[endpoint][0].split()[0].lower()
    operation = site[1][shown(rule.rule)][method]
    for who in PEOPLE:
        world = looked_at_world
        if method != "get":
            world = make_world()
            tell_all(world.ports)
        operation.validate_response(call(world, who, endpoint))
