"""What a contract file leaves open is looked for in the submission, and each find says where it was."""

import json
import os
from pathlib import Path

import pytest

from audition.domain.contract import Command, Contract
from audition.domain.serving import SERVING_KINDS, ServingKind
from audition.grading.contract import read_contract
from audition.grading.discover import discover
from audition.grading.tree import Tree

RULES = "groups:\n- name: a\n  rules:\n  - alert: Slow\n    expr: up == 0\n"
BOARD = json.dumps({"title": "x", "schemaVersion": 39, "panels": []}, indent=1)


def found(folder: Path, files: dict[str, str]) -> tuple[Contract, dict[str, tuple[str, str, int | None]]]:
    """The filled contract, and value, file and line of each discovery by its key."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    contract, _ = read_contract(folder)
    contract, discoveries = discover(folder, contract)
    return contract, {d.key: (d.value, d.file, d.line) for d in discoveries}


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, {"predict.py": "print(1)\n"}) == (Contract(), {})


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"Dockerfile": "FROM x\nEXPOSE 9001\n"}, ("9001", "Dockerfile", 2)),
        (
            {"deploy/Dockerfile": 'FROM x\nCMD ["uvicorn", "a:b", "--port", "9001"]'},
            ("9001", "deploy/Dockerfile", 2),
        ),
        ({"Dockerfile": "FROM x\nCMD gunicorn -b 0.0.0.0:9001 app:app\n"}, ("9001", "Dockerfile", 2)),
        ({"serve.py": "import x\nuvicorn.run(app, host=HOST, port=9001)\n"}, ("9001", "serve.py", 2)),
        ({"src/serve.py": "PORT: int = 9001\n"}, ("9001", "src/serve.py", 1)),
        ({"start.sh": "exec uvicorn app:app --port 9001\n"}, ("9001", "start.sh", 1)),
    ],
)
def test_the_port_is_found(tmp_path: Path, files: dict[str, str], place: tuple[str, str, int]) -> None:
    contract, where = found(tmp_path, files)
    assert where["serving.port"] == place
    assert contract.serving.port == 9001


def test_the_dockerfile_is_believed_before_the_code(tmp_path: Path) -> None:
    contract, _ = found(tmp_path, {"Dockerfile": "FROM x\nEXPOSE 9001", "a.py": "port=9002"})
    assert contract.serving.port == 9001


def test_a_port_that_is_none_is_passed_over(tmp_path: Path) -> None:
    _, where = found(tmp_path, {"Dockerfile": "FROM x\nEXPOSE 99999\nEXPOSE $PORT", "a.py": "port = 70000"})
    assert "serving.port" not in where


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"Dockerfile": 'FROM x\nCMD ["mlflow", "models", "serve", "-m", "m"]'}, ServingKind.MLFLOW),
        ({"model/MLmodel": "flavors: {}\n"}, ServingKind.MLFLOW),
        ({"app.py": "port = os.environ['AIP_HTTP_PORT']\n"}, ServingKind.VERTEX),
        ({"app.py": "@app.post('/invocations')\n"}, ServingKind.SAGEMAKER),
        ({"serve": "#!/usr/bin/env python\n"}, ServingKind.SAGEMAKER),
        ({"app.py": "@app.post('/v2/models/{name}/infer')\n"}, ServingKind.OPEN_INFERENCE_V2),
        ({"Dockerfile": 'FROM x\nCMD ["azmlinfsrv", "--entry_script", "score.py"]'}, ServingKind.AZUREML),
    ],
)
def test_the_kind_of_serving_is_found_with_all_it_brings(
    tmp_path: Path, files: dict[str, str], kind: ServingKind
) -> None:
    contract, where = found(tmp_path, files)
    assert json.loads(where["serving.kind"][0]) == kind
    assert contract.serving.kind == kind
    assert contract.serving.payload == SERVING_KINDS[kind].payload
    assert contract.serving.routes.predict == SERVING_KINDS[kind].routes.predict


def test_routes_and_metrics_are_found_in_the_code(tmp_path: Path) -> None:
    code = (
        "from prometheus_client import Counter\n@app.get('/healthz')\n@app.get('/readyz')\n"
        "@app.post('/v1/predict')\n@app.get('/internal/metrics')\nprint('/openapi.json')\n"
    )
    contract, where = found(tmp_path, {"app/main.py": code, "tests/test_app.py": "get('/predict')"})
    routes = contract.serving.routes
    assert (routes.live, routes.ready, routes.predict) == ("/healthz", "/readyz", "/v1/predict")
    assert contract.monitoring.path == "/internal/metrics"
    assert where["serving.routes.ready"] == ('"/readyz"', "app/main.py", 3)
    assert where["monitoring.path"] == ('"/internal/metrics"', "app/main.py", 1)


def test_a_metrics_server_of_its_own_has_its_own_port(tmp_path: Path) -> None:
    contract, _ = found(
        tmp_path, {"a.py": "import prometheus_client\nprometheus_client.start_http_server(9105)"}
    )
    assert contract.monitoring.port == 9105


def test_rules_their_tests_and_dashboards_are_found_by_what_is_in_them(tmp_path: Path) -> None:
    files = {
        "ops/alerts.yaml": RULES,
        "ops/other.yml": "groups:\n- name: people\n",
        "ops/alerts_test.yml": "rule_files:\n- alerts.yaml\ntests:\n- interval: 1m\n",
        "ops/board.json": BOARD,
        "ops/data.json": '{"panels": 3}',
    }
    contract, where = found(tmp_path, files)
    assert contract.monitoring.rules == ("ops/alerts.yaml",)
    assert contract.monitoring.rule_tests == ("ops/alerts_test.yml",)
    assert contract.monitoring.dashboards == ("ops/board.json",)
    assert where["monitoring.rules"] == ('["ops/alerts.yaml"]', "ops/alerts.yaml", None)


def test_programs_of_the_pipeline_and_the_model_are_found_by_their_names(tmp_path: Path) -> None:
    names = ["ci/quality_gate.py", "retrain.py", "validate_data.py", "train.py", "tests/test_a.py",
             "model.joblib", "docs/MODEL_CARD.md", "reference_stats.json"]  # fmt: skip
    contract, _ = found(tmp_path, dict.fromkeys(names, ""))
    assert contract.pipeline.gate == Command(words=("python", "ci/quality_gate.py", "{model}", "{data}"))
    assert contract.pipeline.retrain == Command(words=("python", "retrain.py", "{data}", "{out}"))
    assert contract.pipeline.data_check == Command(words=("python", "validate_data.py", "{data}"))
    assert contract.pipeline.tests == Command(words=("python", "-m", "pytest", "-q"))
    assert (contract.model.path, contract.model.card) == ("model.joblib", "docs/MODEL_CARD.md")
    assert contract.monitoring.reference == "reference_stats.json"


def test_what_is_declared_is_not_looked_for(tmp_path: Path) -> None:
    files = {
        "audition.toml": '[serving]\nkind = "audition"\nport = 7000\n[serving.routes]\npredict = "/go"\n',
        "predict.py": "",
        "Dockerfile": "FROM x\nEXPOSE 9001\n",
        "app.py": "'/predict' '/invocations' '/healthz'",
    }
    contract, where = found(tmp_path, files)
    assert (contract.serving.port, contract.serving.routes.predict) == (7000, "/go")
    assert set(where) == {"serving.routes.live", "serving.routes.ready"}


def test_a_declared_kind_with_fixed_routes_keeps_them(tmp_path: Path) -> None:
    files = {
        "audition.toml": '[serving]\nkind = "mlflow"',
        "predict.py": "",
        "app.py": "'/predict' '/healthz'",
    }
    contract, where = found(tmp_path, files)
    assert contract.serving.routes.predict == "/invocations"
    assert where == {}


class TestHostileTrees:
    """Looking is bounded, whatever is there."""

    def test_large_files_and_no_text_are_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "large.py").write_text("port = 9001\n" + "#" * (300 << 10))
        (tmp_path / "binary.py").write_bytes(b"\0port = 9001\n")
        (tmp_path / "broken.py").write_bytes(b"\xff\xfeport = 9001\n")
        contract, _ = discover(tmp_path, Contract())
        assert contract.serving.port == 9001, "text that is not UTF-8 is read as far as it goes"
        assert Tree(tmp_path).text("large.py") is None
        assert Tree(tmp_path).text("binary.py") is None

    def test_all_reading_together_is_bounded(self, tmp_path: Path) -> None:
        for n in range(40):
            (tmp_path / f"f{n:02}.py").write_text("#" * (200 << 10))
        tree = Tree(tmp_path)
        assert len(list(tree.ending(".py"))) == 10

    def test_a_long_line_is_cut(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("x" * 100_000)
        text = Tree(tmp_path).text("a.py")
        assert text is not None
        assert len(text.lines[0]) == 2000

    def test_links_names_with_newlines_and_locked_folders_do_no_harm(self, tmp_path: Path) -> None:
        (tmp_path / "a\nb.py").write_text("port = 9001")
        (tmp_path / "link.py").symlink_to("/etc/passwd")
        os.mkfifo(tmp_path / "pipe.py")
        assert discover(tmp_path, Contract()) == (Contract(), ())

    def test_installed_packages_and_histories_are_not_the_candidates_words(self, tmp_path: Path) -> None:
        for folder in (".git", ".venv/lib", "node_modules/x"):
            (tmp_path / folder).mkdir(parents=True)
            (tmp_path / folder / "a.py").write_text("port = 9001")
        assert discover(tmp_path, Contract()) == (Contract(), ())
