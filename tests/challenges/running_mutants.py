"""The golden submission with one thing broken at a time that shows only when something is run."""

from tests.challenges.mutants import both, delete, edit, mutant, write

_DRIFT = "credit/drift.py"
_PAGE = "credit/metrics.py"
_WORKERS = """    uvicorn.run(
        "credit.service:make_app",
        factory=True,
        workers=3,
"""

#: What shows only when the service runs.
LIVE = (
    mutant(
        "it listens on the loopback only",
        edit("serve.py", 'host="0.0.0.0"', 'host="127.0.0.1"'),
        "runtime.network.binding",
    ),
    mutant(
        "SIGTERM is ignored",
        edit(
            "serve.py",
            "    uvicorn.run(",
            "    uvicorn.Server.handle_exit = lambda *_: None\n    uvicorn.run(",
        ),
        "runtime.stop.graceful",
    ),
    mutant(
        "bad input is the server's error",
        edit("credit/service.py", "422 if is_json else 400", "500"),
        "service.input.refused",
        "service.description.true",
    ),
    mutant(
        "three workers with a registry each",
        edit("serve.py", "    uvicorn.run(\n        make_app(),\n", _WORKERS),
        "metrics.registry.single",
    ),
)

_COPYING = """import pathlib, shutil, sys

shutil.copy(pathlib.Path("model", "model.safetensors"), sys.argv[2])
"""
_NO_ASSERTS = """import unittest

from credit import drift, features, model


class ModelTests(unittest.TestCase):
    def test_the_model_loads(self) -> None:
        model.load(drift.Path("model", "model.safetensors"))
"""

#: What shows when the commands of the contract are tried; what is read of them is as before.
TRIED = (
    mutant(
        "a gate with its bar on the floor",
        both(
            edit("gate.py", "LEAST_AUC = 0.77", "LEAST_AUC = 0.0"),
            edit("gate.py", "MOST_BRIER_RATIO = 0.95", "MOST_BRIER_RATIO = 95"),
        ),
        "pipeline.gate.decides",
    ),
    mutant(
        "a gate that nobody passes",
        edit("gate.py", "LEAST_AUC = 0.77", "LEAST_AUC = 0.98"),
        "pipeline.gate.decides",
    ),
    mutant(
        "retraining that ignores the data",
        both(
            write("retrain.py", _COPYING),
            edit("audition.toml", 'retrain = ["python", "train.py"', 'retrain = ["python", "retrain.py"'),
        ),
        "pipeline.retrain.works",
    ),
    mutant(
        "training that depends on the moment",
        edit(
            "train.py",
            "    rows = read_rows(data)\n",
            "    rows = list(np.random.default_rng().choice(read_rows(data), 250))\n",
        ),
        "lineage.training.reproduces",
    ),
    mutant(
        "a data check that reports and accepts",
        edit("check_data.py", "sys.exit(1 if found else 0)", "sys.exit(0)"),
        "lineage.data.checked",
    ),
    mutant(
        "tests that assert nothing",
        both(
            *(
                delete(f"tests/test_{name}.py")
                for name in ("decisions", "drift", "features", "model", "service")
            ),
            write("tests/test_model.py", _NO_ASSERTS),
        ),
        "code.tests.matter",
    ),
)

#: What shows when the model is measured on the hidden answers.
MEASURED = (
    mutant(
        "a card that lies",
        edit("MODEL_CARD.md", "| ROC AUC | 0.", "| ROC AUC | 0.9"),
        "consistency.card.true",
    ),
)

_PSI, _SCORES_PSI = "bins[name].psi(values) if is_full", "self._reference.scores.psi(self._scores) if is_full"
_NOTHING_NOTICED = ("drift.alarm.detects", "drift.alarm.prompt")
#: What shows when rows that drift are sent.
DRIFTING = (
    mutant(
        "a gauge that rises by itself",
        both(
            edit(_DRIFT, _PSI, "self._seen / 20_000 if is_full"),
            edit(_DRIFT, _SCORES_PSI, "self._seen / 20_000 if is_full"),
        ),
        "drift.signal.responds",
        "drift.signal.names-column",
        "drift.signal.clears",
        "drift.alarm.quiet",
        "drift.alarm.prompt",
    ),
    mutant(
        "a gauge that stands still",
        both(edit(_DRIFT, _PSI, "0.01 if is_full"), edit(_DRIFT, _SCORES_PSI, "0.01 if is_full")),
        "drift.signal.responds",
        "drift.signal.names-column",
        *_NOTHING_NOTICED,
    ),
    mutant(
        "a window of fifty rows",
        edit(_DRIFT, "WINDOW = 500", "WINDOW = 50"),
        "drift.alarm.quiet",
        "drift.signal.clears",
        *_NOTHING_NOTICED,
    ),
    mutant(
        "an average since the start",
        both(
            edit(_DRIFT, "size: int = WINDOW", "size: int = 100 * WINDOW"),
            edit(_DRIFT, "is_full = rows == size", "is_full = rows >= WINDOW"),
            edit(_DRIFT, "psi(self._scores)", "psi(self._scores[:rows])"),
        ),
        "drift.signal.clears",
        "drift.alarm.prompt",
    ),
    mutant(
        "a signal that names another column",
        edit(
            _PAGE,
            "self.psi.labels(name).set(psi)",
            "self.psi.labels(dict(zip(drift.columns, reversed(drift.columns)))[name]).set(psi)",
        ),
        "drift.signal.names-column",
    ),
    mutant(
        "a threshold that nothing reaches",
        edit("audition.toml", "threshold = 0.1", "threshold = 100.0"),
        *_NOTHING_NOTICED,
    ),
)
