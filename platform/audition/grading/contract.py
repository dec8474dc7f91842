"""Read `audition.toml`, the file in which a submission says how it is run. Hostile input, like all of it.

Every problem is told at once, with its line, its key, the value that is there and what to write instead.
"""

import re
import shlex
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from audition.domain.contract import (
    CONTRACT_FILE,
    DEFAULT_PREDICT,
    Command,
    Contract,
    ModelFiles,
    Pipeline,
    Slo,
)
from audition.grading.contract_notebook import notebook_problems, read_notebook
from audition.grading.contract_service import read_monitoring, read_serving
from audition.grading.toml_lines import key_lines
from audition.grading.toml_table import Problems, Table

_MAX_BYTES = 64 << 10
_MAX_SHOWN = 200
#: In one line: the parser takes quadratic time for a key of many parts.
_MAX_DOTS = 1000
#: Options of Python that may stand before the script and take no value.
_SWITCHES = frozenset({"-B", "-E", "-I", "-O", "-OO", "-P", "-s", "-S", "-u", "-v"})
_PLACE = re.compile(r"\{([a-z_]{2,20})\}")
#: Command of the pipeline to the values that it is given.
_GIVEN = {
    "gate": ("model", "data"),
    "retrain": ("data", "out"),
    "train": ("data", "out"),
    "data_check": ("data",),
    "tests": (),
}


def read_contract(submission: Path) -> tuple[Contract, list[str]]:
    """Read the contract file of an unpacked submission, or its defaults.

    Returns:
        The contract and everything that is wrong with it, each problem naming the key and what to do.
    """
    path = submission / CONTRACT_FILE
    if not path.is_file():
        return Contract(), _missing_script(Contract(), submission)
    document, lines, trouble = _document(path)
    if trouble:
        return Contract(is_declared=True), [trouble]
    problems = Problems(CONTRACT_FILE, lines)
    top = Table(document, problems)
    contract = _contract(top, submission, problems)
    if problems.has("predict") or top.has(
        "notebook"
    ):  # Whether the default's script is there matters to nobody.
        return contract, problems.told()
    return contract, [*problems.told(), *_missing_script(contract, submission)]


def _document(path: Path) -> tuple[dict[str, Any], dict[str, int], str]:
    """The parsed file, the lines of its keys, and why it cannot be parsed."""
    if path.stat().st_size > _MAX_BYTES:
        return {}, {}, f"{CONTRACT_FILE} is larger than {_MAX_BYTES >> 10} KiB."
    try:
        # utf-8-sig: some editors write a byte-order mark, which TOML does not know.
        text = path.read_text(encoding="utf-8-sig")
        for number, line in enumerate(text.splitlines(), 1):
            if line.count(".") > _MAX_DOTS:
                return {}, {}, f"{CONTRACT_FILE} has more than {_MAX_DOTS:,} dots in line {number}."
        return tomllib.loads(text), key_lines(text), ""
    except UnicodeDecodeError as error:
        return {}, {}, f"{CONTRACT_FILE} is not UTF-8 text (byte {error.start})."
    except ValueError as error:
        # TOMLDecodeError is one; a number with thousands of digits raises the plain one.
        return {}, {}, f"{CONTRACT_FILE} is not valid TOML: {str(error)[:_MAX_SHOWN]}."
    except RecursionError:
        return {}, {}, f"{CONTRACT_FILE} is nested too deeply."


def _contract(top: Table, submission: Path, problems: Problems) -> Contract:
    """The whole file, table by table."""
    predict = top.words("predict", DEFAULT_PREDICT, '["python", "predict.py"]')
    serving, of_serving = read_serving(top.table("serving"))
    monitoring, of_monitoring = read_monitoring(top.table("monitoring"))
    pipeline, of_pipeline = _pipeline(top.table("pipeline"), submission, problems)
    model, of_model = _model(top.table("model"))
    slo, of_slo = _slo(top.table("slo"))
    notebook, of_notebook = read_notebook(top)
    own = top.close()
    contract = Contract(
        predict=predict,
        is_declared=True,
        declared=(*own, *of_serving, *of_monitoring, *of_pipeline, *of_model, *of_slo, *of_notebook),
        serving=serving,
        monitoring=monitoring,
        pipeline=pipeline,
        model=model,
        slo=slo,
        notebook=notebook,
    )
    _tell_missing_files(contract, submission, problems)
    if notebook is not None:
        notebook_problems(notebook, submission, problems)
    return contract


def _pipeline(table: Table, submission: Path, problems: Problems) -> tuple[Pipeline, tuple[str, ...]]:
    commands = {name: _command(table, name, submission, problems) for name in _GIVEN}
    artifact = table.path("artifact")
    share = table.number("train_share", Pipeline().train_share, 0.01, 1, "0.2")
    return Pipeline(**commands, artifact=artifact, train_share=share), table.close()


def _command(table: Table, name: str, submission: Path, problems: Problems) -> Command | None:
    """A command of the pipeline, with its places for values checked."""
    given = _GIVEN[name]
    places = " ".join(f'"{{{value}}}"' for value in given)
    words = table.words(
        name, (), f'["python", "{name}.py"{", " + places.replace(" ", ", ") if given else ""}]'
    )
    if not words:
        return None
    for place in dict.fromkeys(place for word in words for place in _PLACE.findall(word)):
        near = get_close_matches(place, ("model", "data", "out"), n=1)
        if place not in given and near:
            wanted = f"{name} is given {', '.join(f'{{{g}}}' for g in given) or 'nothing'}"
            problems.say(table.at(name), f"{table.at(name)} has {{{place}}}, but {wanted}.")
    script = _script(words)
    if script and not script.startswith("/") and not _exists(submission / script):
        problems.say(
            table.at(name), f"{table.at(name)} runs {script[:_MAX_SHOWN]!r}, which is not in the archive."
        )
    return Command(words=words)


def _model(table: Table) -> tuple[ModelFiles, tuple[str, ...]]:
    files = ModelFiles(
        path=table.path("path"),
        card=table.path("card"),
        version=table.text("version", "", r".{1,100}", 'write the version as a text, e.g. "1.2.0".'),
        offline_tolerance=table.number("offline_tolerance", ModelFiles().offline_tolerance, 0, 0.1, "1e-5"),
        decision_threshold=table.number("decision_threshold", ModelFiles().decision_threshold, 0, 1, "0.2"),
    )
    return files, table.close()


def _slo(table: Table) -> tuple[Slo, tuple[str, ...]]:
    slo = Slo(
        p95_ms=table.number("p95_ms", Slo().p95_ms, 1, 60_000, "200"),
        error_rate=table.number("error_rate", Slo().error_rate, 0, 0.5, "0.01"),
    )
    return slo, table.close()


def _tell_missing_files(contract: Contract, submission: Path, problems: Problems) -> None:
    """A file that is named has to be there: a report would otherwise tell it much later."""
    monitoring, model = contract.monitoring, contract.model
    named = {
        "monitoring.rules": monitoring.rules,
        "monitoring.rule_tests": monitoring.rule_tests,
        "monitoring.dashboards": monitoring.dashboards,
        "monitoring.reference": (monitoring.reference,),
        "model.path": (model.path,),
        "model.card": (model.card,),
    }
    for key, paths in named.items():
        for path in paths:
            if path and not _exists(submission / path):
                problems.say(
                    key, f"{key} names {path!r}, which is not in the archive. Add it, or take it out."
                )


def _missing_script(contract: Contract, submission: Path) -> list[str]:
    """Notice early that the script to run is not there: a failed run would cost an attempt."""
    script = _script(contract.predict)
    if not script or script.startswith("/") or _exists(submission / script):
        return []
    where = f"{CONTRACT_FILE} says to run" if contract.is_declared else "the default is to run"
    command = shlex.join(contract.predict)[:_MAX_SHOWN]
    problem = (
        f"There is no {script[:_MAX_SHOWN]!r} in the archive, and {where} {command!r}."
        f" Add the file, or name your own command under `predict` in {CONTRACT_FILE}, or a notebook under [notebook]."
    )
    return [problem]


def _script(command: tuple[str, ...]) -> str:
    """The Python script that a command runs, as far as one can tell; else empty."""
    word = next((word for word in command[1:] if word not in _SWITCHES), "")
    return word if word.endswith(".py") else ""


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # A name that is too long for any file.
        return False
