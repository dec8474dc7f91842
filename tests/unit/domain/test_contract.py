"""The contract's nouns: kinds of serving, commands with places for values, and what discovery is worth."""

import pytest

from audition import codec
from audition.domain.contract import Command, Contract, Discovery, Inventory, Pipeline, environment_of
from audition.domain.monitoring import DriftSignal, Monitoring
from audition.domain.serving import SERVING_KINDS, Serving, ServingKind


@pytest.mark.parametrize("kind", ServingKind)
def test_each_kind_says_where_to_ask_and_who_says_so(kind: ServingKind) -> None:
    facts = SERVING_KINDS[kind]
    assert facts.source
    for route in (facts.routes.live, facts.routes.ready, facts.routes.predict):
        assert route.startswith("/")


def test_a_start_command_of_ones_own_wins_over_the_words_of_the_kind() -> None:
    assert Serving(kind=ServingKind.SAGEMAKER).arguments == ("serve",)
    assert Serving(kind=ServingKind.SAGEMAKER, start=("./run",)).arguments == ("./run",)
    assert Serving().arguments == ()


def test_variables_of_a_kind_carry_the_values_of_the_contract() -> None:
    facts = SERVING_KINDS[ServingKind.VERTEX]
    serving = Serving(kind=ServingKind.VERTEX, port=9000, routes=facts.routes)
    assert serving.environment == {
        "AIP_HTTP_PORT": "9000",
        "AIP_HEALTH_ROUTE": "/health",
        "AIP_PREDICT_ROUTE": "/predict",
    }


def test_the_name_of_the_model_goes_into_routes() -> None:
    routes = SERVING_KINDS[ServingKind.OPEN_INFERENCE_V2].routes
    serving = Serving(kind=ServingKind.OPEN_INFERENCE_V2, routes=routes, model_name="credit")
    assert serving.path(routes.predict) == "/v2/models/credit/infer"


def test_values_go_into_the_places_of_a_command_and_into_the_environment() -> None:
    gate = Command(words=("python", "gate.py", "--model={model}", "{data}", "{other}"))
    values = {"model": "/in/model.joblib", "data": "/in/rows.csv"}
    assert gate.filled(values) == ("python", "gate.py", "--model=/in/model.joblib", "/in/rows.csv", "{other}")
    assert (gate.takes("model"), gate.takes("out")) == (True, False)
    assert environment_of(values) == {"AUDITION_MODEL": "/in/model.joblib", "AUDITION_DATA": "/in/rows.csv"}


def test_a_contract_knows_what_its_file_says() -> None:
    contract = Contract(declared=("serving.port", "monitoring.signals"))
    assert contract.says("serving.port")
    assert contract.says("serving")
    assert not contract.says("serving.po")


def test_what_was_discovered_earns_less_and_says_so() -> None:
    found = Discovery(key="serving.port", value="8000", source="EXPOSE", file="Dockerfile", line=7)
    inventory = Inventory(discovered=(found,))
    assert inventory.credit("serving.port") == 0.7
    assert inventory.credit("serving.kind") == 1.0
    assert found.sentence == (
        "audition.toml does not say `serving.port`; 8000 was found by EXPOSE (Dockerfile:7)."
        " What depends on it earns 70% of its points; declare it to earn all."
    )


def test_a_contract_crosses_the_boundary_whole() -> None:
    contract = Contract(
        serving=Serving(kind=ServingKind.MLFLOW),
        monitoring=Monitoring(signals=(DriftSignal(metric="psi", labels={"feature": "age"}, threshold=0.2),)),
        pipeline=Pipeline(gate=Command(words=("./gate", "{model}"))),
    )
    inventory = Inventory(contract=contract)
    assert codec.from_json(Inventory, codec.to_json(inventory), what="inventory") == inventory


def test_inventories_of_earlier_runs_can_still_be_read() -> None:
    text = '{"contract": {"predict": ["./run"], "is_declared": true}, "total_bytes": 3}'
    assert codec.from_json(Inventory, text, what="inventory").contract.predict == ("./run",)
