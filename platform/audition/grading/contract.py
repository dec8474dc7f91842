"""Read `audition.toml`, the file in which a submission says how it is run. Hostile input, like all of it."""

import shlex
import tomllib
from pathlib import Path
from typing import Any

from audition.domain.contract import CONTRACT_FILE, DEFAULT_PREDICT, Contract

_MAX_BYTES = 64 << 10
_MAX_WORDS = 64
_KNOWN = ("predict",)


def read_contract(submission: Path) -> tuple[Contract, list[str]]:
    """Read the contract file of an unpacked submission, or its defaults.

    Returns:
        The contract and everything that is wrong with it, each problem naming the key and what to do.
    """
    path = submission / CONTRACT_FILE
    if not path.is_file():
        return _with_script(Contract(), submission, [])
    if path.stat().st_size > _MAX_BYTES:
        return Contract(), [f"{CONTRACT_FILE} is larger than {_MAX_BYTES >> 10} KiB."]
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        return Contract(), [f"{CONTRACT_FILE} is not UTF-8 text (byte {error.start})."]
    except tomllib.TOMLDecodeError as error:
        return Contract(), [f"{CONTRACT_FILE} is not valid TOML: {error}."]
    except RecursionError:
        return Contract(), [f"{CONTRACT_FILE} is nested too deeply."]
    problems = [
        f"{CONTRACT_FILE}: unknown key {key[:40]!r}; known keys are: {', '.join(_KNOWN)}."
        for key in document
        if key not in _KNOWN
    ]
    command = _command(document.get("predict", list(DEFAULT_PREDICT)), problems)
    return _with_script(Contract(predict=command, is_declared=True), submission, problems)


def _command(value: Any, problems: list[str]) -> tuple[str, ...]:  # noqa: ANN401  anything TOML can hold
    words: list[Any]
    if isinstance(value, str):
        try:
            words = list(shlex.split(value))
        except ValueError as error:
            problems.append(f"{CONTRACT_FILE}: predict: {error}.")
            return DEFAULT_PREDICT
    else:
        words = value if isinstance(value, list) else []
    is_good = 0 < len(words) <= _MAX_WORDS and all(
        isinstance(word, str) and word and "\0" not in word for word in words
    )
    if not is_good:
        problems.append(
            f'{CONTRACT_FILE}: predict must be a list of 1 to {_MAX_WORDS} words, e.g. ["python", "predict.py"].'
        )
        return DEFAULT_PREDICT
    return tuple(words)


def _with_script(
    contract: Contract, submission: Path, problems: list[str]
) -> tuple[Contract, list[str]]:
    """Notice early that the script to run is not there: a failed run would cost an attempt."""
    script = next((word for word in contract.predict[1:2] if word.endswith(".py")), None)
    if script is not None and not script.startswith("/") and not (submission / script).is_file():
        where = f"{CONTRACT_FILE} says to run" if contract.is_declared else "the default is to run"
        problems.append(
            f"There is no {script!r} in the archive, and {where} {shlex.join(contract.predict)!r}."
            f" Add the file, or name your own command under `predict` in {CONTRACT_FILE}."
        )
    return contract, problems
