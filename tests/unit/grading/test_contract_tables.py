"""Every table of `audition.toml`: what a full file means, and what each key says when it will not do."""

from pathlib import Path

import pytest

from audition.domain.contract import Contract
from audition.domain.monitoring import DriftSignal, Monitoring, SignalDirection, SignalScope
from audition.domain.serving import SERVING_KINDS, Payload, Routes, RowForm, Serving, ServingKind
from audition.grading.contract import read_contract
from audition.grading.toml_lines import key_lines

FULL = """
predict = ["python", "predict.py"]

[serving]
kind = "audition"
start = ["python", "serve.py"]
port = 9000
grace_seconds = 20
startup_seconds = 45.5
writable = ["/var/cache/app"]
model_name = "credit"
accepts_batch = false
imputes_missing = true

[serving.routes]
live = "/livez"
ready = "/readyz"
predict = "/v1/score"
metadata = "/v1/model"
openapi = "/openapi.json"

[serving.payload]
form = "matrix"
request_key = "instances"
answer_key = "scores"

[monitoring]
path = "/metrics"
port = 9100
scrape_interval_seconds = 5
rules = ["rules.yml"]
rule_tests = ["rules_test.yml"]
trigger_variable = "RETRAIN_URL"
dashboards = ["board.json"]
reference = "reference.json"

[[monitoring.signals]]
metric = "feature_drift_psi"
labels = { model = "credit" }
direction = "up"
threshold = 0.25
window_requests = 500
refresh_seconds = 5
scope = "feature"
feature_label = "feature"

[[monitoring.signals]]
metric = "prediction_drift_pvalue"
direction = "down"
scope = "prediction"

[pipeline]
gate = ["python", "gate.py", "--model", "{model}", "--data", "{data}"]
retrain = "python train.py {data} {out}"
artifact = "model.joblib"
data_check = ["python", "gate.py", "{data}"]
tests = ["python", "-m", "pytest", "-q"]
train = ["python", "train.py", "{data}", "{out}"]

[model]
path = "model.joblib"
card = "MODEL_CARD.md"
version = "1.2.0"
offline_tolerance = 1e-6
decision_threshold = 0.2

[slo]
p95_ms = 150
error_rate = 0.005
"""
FILES = """predict.py serve.py train.py gate.py rules.yml rules_test.yml board.json reference.json
model.joblib MODEL_CARD.md"""


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """An unpacked submission with every file that the full contract names."""
    for name in FILES.split():
        (tmp_path / name).write_text("")
    return tmp_path


def read(submission: Path, text: str) -> tuple[Contract, list[str]]:
    (submission / "audition.toml").write_text(text)
    return read_contract(submission)


def test_a_full_file_is_read_whole(submission: Path) -> None:
    contract, problems = read(submission, FULL)
    assert problems == []
    assert contract.serving == Serving(
        kind=ServingKind.AUDITION,
        start=("python", "serve.py"),
        port=9000,
        routes=Routes(
            live="/livez", ready="/readyz", predict="/v1/score", metadata="/v1/model", openapi="/openapi.json"
        ),
        payload=Payload(form=RowForm.MATRIX, request_key="instances", answer_key="scores"),
        model_name="credit",
        grace_seconds=20,
        startup_seconds=45.5,
        writable=("/var/cache/app",),
        accepts_batch=False,
        imputes_missing=True,
    )
    assert contract.monitoring == Monitoring(
        path="/metrics",
        port=9100,
        scrape_interval_seconds=5,
        rules=("rules.yml",),
        rule_tests=("rules_test.yml",),
        trigger_variable="RETRAIN_URL",
        dashboards=("board.json",),
        reference="reference.json",
        signals=(
            DriftSignal(
                metric="feature_drift_psi",
                labels={"model": "credit"},
                threshold=0.25,
                window_requests=500,
                refresh_seconds=5,
                scope=SignalScope.FEATURE,
                feature_label="feature",
            ),
            DriftSignal(
                metric="prediction_drift_pvalue",
                direction=SignalDirection.DOWN,
                scope=SignalScope.PREDICTION,
            ),
        ),
    )
    assert contract.pipeline.retrain is not None
    assert contract.pipeline.retrain.words == ("python", "train.py", "{data}", "{out}")
    assert contract.pipeline.gate is not None
    assert contract.pipeline.gate.takes("model")
    assert (contract.pipeline.artifact, contract.model.card) == ("model.joblib", "MODEL_CARD.md")
    assert (contract.model.version, contract.model.offline_tolerance) == ("1.2.0", 1e-6)
    assert contract.model.decision_threshold == 0.2
    assert (contract.slo.p95_ms, contract.slo.error_rate) == (150, 0.005)
    for key in ("serving.port", "serving.routes.live", "monitoring.signals", "pipeline.gate", "slo.p95_ms"):
        assert contract.says(key), key


@pytest.mark.parametrize("kind", ServingKind)
def test_naming_a_kind_brings_its_port_routes_and_payload(submission: Path, kind: ServingKind) -> None:
    contract, problems = read(submission, f'[serving]\nkind = "{kind}"')
    facts = SERVING_KINDS[kind]
    assert problems == []
    assert (contract.serving.port, contract.serving.routes) == (facts.port, facts.routes)
    assert contract.serving.payload == facts.payload


BAD = [
    ("serving", 'kind = "sagemakr"', 'serving.kind = "sagemakr": write one of', 'did you mean "sagemaker"?'),
    ("serving", "kind = 3", "serving.kind = 3", '"open_inference_v2"'),
    ("serving", 'port = "80"', 'serving.port = "80"', "whole number from 1 to 65535, e.g. 8080"),
    ("serving", "port = 0", "serving.port = 0", "from 1 to 65535"),
    ("serving", "port = 80.5", "serving.port = 80.5", "whole number"),
    ("serving", "port = true", "serving.port = true", "whole number"),
    ("serving", "port = 0x" + "f" * 5000, "serving.port = a number of thousands of digits", "whole number"),
    ("serving", "grace_seconds = 0", "serving.grace_seconds = 0", "number from 0.1 to 120"),
    ("serving", "startup_seconds = nan", "serving.startup_seconds = nan", "number from 1 to 300"),
    ("serving", "startup_seconds = inf", "serving.startup_seconds = inf", "number from 1 to 300"),
    ("serving", 'start = "python \'x"', "serving.start", "No closing quotation"),
    ("serving", 'writable = ["/etc/app"]', 'serving.writable has "/etc/app"', "folders of your own"),
    ("serving", 'writable = ["/"]', 'serving.writable has "/"', "folders of your own"),
    ("serving", 'writable = ["/a/../etc"]', 'serving.writable has "/a/../etc"', "folders of your own"),
    ("serving", "writable = 3", "serving.writable = 3", "list of at most 64"),
    ("serving", 'accepts_batch = "yes"', 'serving.accepts_batch = "yes"', "true or false, without quotes"),
    ("serving", 'model_name = "a/b"', 'serving.model_name = "a/b"', "write a name"),
    ("serving", "routes = 3", "serving.routes = 3", "a line [serving.routes]"),
    ("serving.routes", 'live = "health"', 'serving.routes.live = "health"', "begins with a slash"),
    ("serving.routes", 'predict = "/a b"', 'serving.routes.predict = "/a b"', "begins with a slash"),
    ("serving.routes", 'liv = "/x"', "unknown key 'liv' in [serving.routes]", "did you mean 'live'?"),
    ("serving.payload", 'form = "record"', 'serving.payload.form = "record"', 'did you mean "records"?'),
    ("serving.payload", 'answer_key = "a b"', 'serving.payload.answer_key = "a b"', "key of the predictions"),
    ("monitoring", "path = 1", "monitoring.path = 1", 'such as "/metrics"'),
    ("monitoring", "port = -1", "monitoring.port = -1", "whole number"),
    ("monitoring", "scrape_interval_seconds = 0", "monitoring.scrape_interval_seconds = 0", "e.g. 15"),
    ("monitoring", 'rules = ["../x"]', 'monitoring.rules has "../x"', "relative to its top"),
    ("monitoring", 'rules = ["nowhere.yml"]', "monitoring.rules names 'nowhere.yml'", "not in the archive"),
    ("monitoring", 'rules = ["/etc/passwd"]', 'monitoring.rules has "/etc/passwd"', "relative to its top"),
    ("monitoring", "signals = 3", "monitoring.signals = 3", "[[monitoring.signals]]"),
    ("monitoring", "signals = [1]", "monitoring.signals = […]", "[[monitoring.signals]]"),
    ("[monitoring.signals]", "", "monitoring.signals[0].metric: name the metric", "feature_drift_psi"),
    ("[monitoring.signals]", 'metric = "a-b"', 'monitoring.signals[0].metric = "a-b"', "name of a metric"),
    (
        "[monitoring.signals]",
        'metric = "a"\nlabels = { "x y" = "1" }',
        "monitoring.signals[0].labels = {…}",
        "label names and values",
    ),
    (
        "[monitoring.signals]",
        'metric = "a"\ndirection = "upp"',
        'monitoring.signals[0].direction = "upp"',
        'did you mean "up"?',
    ),
    ("[monitoring.signals]", 'metric = "a"\nthreshold = "0.2"', 'threshold = "0.2"', "write a number"),
    ("[monitoring.signals]", 'metric = "a"\nwindow_requests = 0', "window_requests = 0", "e.g. 500"),
    ("[monitoring.signals]", 'metric = "a"\nscope = "feature"', 'scope = "feature"', "say which column"),
    ("[monitoring.signals]", 'metric = "a"\ntreshold = 1', "unknown key 'treshold'", "'threshold'"),
    ("pipeline", 'gate = ["python", "gate.py", "{modl}"]', "pipeline.gate has {modl}", "{model}, {data}"),
    ("pipeline", 'gate = ["python", "no.py"]', "pipeline.gate runs 'no.py'", "not in the archive"),
    ("pipeline", "tests = []", "pipeline.tests = []", "1 to 64 words"),
    ("pipeline", 'artifact = "../model"', 'pipeline.artifact = "../model"', "relative to its top"),
    ("model", 'path = "weights.bin"', "model.path names 'weights.bin'", "not in the archive"),
    ("model", "version = 1.2", "model.version = 1.2", "as a text"),
    ("model", "decision_threshold = 20", "model.decision_threshold = 20", "from 0 to 1"),
    ("model", "offline_tolerance = 1", "model.offline_tolerance = 1", "from 0 to 0.1"),
    ("slo", "p95_ms = 0", "slo.p95_ms = 0", "from 1 to 60000"),
    ("slo", "error_rate = 2", "slo.error_rate = 2", "from 0 to 0.5"),
]


@pytest.mark.parametrize(("table", "text", "what", "instead"), BAD, ids=[row[2][:50] for row in BAD])
def test_a_wrong_value_is_told_with_its_line_and_what_to_write(
    submission: Path, table: str, text: str, what: str, instead: str
) -> None:
    _, problems = read(submission, f"# first line\n[{table}]\n{text}\n")
    assert len(problems) == 1
    line = 2 if "metric: name" in what else 2 + max(1, len(text.splitlines()))
    assert problems[0].startswith(f"audition.toml:{line}: ")
    assert what in problems[0]
    assert instead in problems[0]
    assert len(problems[0]) < 400


def test_a_wrong_value_leaves_the_default(submission: Path) -> None:
    contract, _ = read(submission, '[serving]\nport = "x"\n[slo]\np95_ms = 100')
    assert (contract.serving.port, contract.slo.p95_ms) == (8080, 100)


def test_a_kind_that_fixes_its_routes_says_so(submission: Path) -> None:
    text = '[serving]\nkind = "mlflow"\n[serving.routes]\npredict = "/score"\nlive = "/ping"'
    contract, problems = read(submission, text)
    told = (
        'audition.toml:4: serving.routes.predict = "/score": kind = "mlflow" fixes this route to /invocations;'
        ' leave it out, or use kind = "audition".'
    )
    assert problems == [told]
    assert contract.serving.routes.predict == "/invocations"


def test_a_table_in_the_wrong_place_is_told_and_not_a_crash(submission: Path) -> None:
    _, problems = read(submission, "serving = 3\nmonitoring = []\n[[slo]]\np95_ms = 1")
    assert [p.split(": ")[1] for p in problems] == ["serving = 3", "monitoring = []", "slo = […]"]


def test_problems_come_in_the_order_of_the_file_and_never_endlessly(submission: Path) -> None:
    signals = '[[monitoring.signals]]\nmetric = "-"\ndirection = 1\n' * 60
    _, problems = read(submission, f"[slo]\np95_ms = 0\n[serving]\nport = 0\n{signals}")
    assert [p.split(": ")[0] for p in problems[:3]] == [
        "audition.toml:2",
        "audition.toml:4",
        "audition.toml:6",
    ]
    assert len(problems) == 51
    assert problems[-1] == "audition.toml: 72 more problems are not listed."


def test_more_signals_than_anybody_needs_are_refused(submission: Path) -> None:
    _, problems = read(submission, '[[monitoring.signals]]\nmetric = "a"\n' * 65)
    assert len(problems) == 1
    assert "at most 64 tables" in problems[0]


def test_a_value_cannot_break_out_of_its_line(submission: Path) -> None:
    _, problems = read(submission, '[serving]\nkind = "a\\n\\u001b[31mred"')
    assert "\n" not in problems[0]
    assert "\x1b" not in problems[0]


def test_braces_that_are_no_places_of_ours_are_left_alone(submission: Path) -> None:
    contract, problems = read(submission, '[pipeline]\ntests = ["sh", "-c", "awk \'{print}\' x"]')
    assert problems == []
    assert contract.pipeline.tests is not None


def test_lines_are_found_for_keys_tables_and_lists_of_tables() -> None:
    text = 'a = """\n[no]\nb = 1\n"""\n[t]\n"quoted" = 2\nx.y = 1\n[[l.s]]\nk=1\n[l.s.sub]\nz=1\n[[l.s]]\nk = 2\n'
    assert key_lines(text) == {
        "a": 1, "t": 5, "t.quoted": 6, "t.x.y": 7, "l.s[0]": 8, "l.s[0].k": 9,
        "l.s[0].sub": 10, "l.s[0].sub.z": 11, "l.s[1]": 12, "l.s[1].k": 13,
    }  # fmt: skip
