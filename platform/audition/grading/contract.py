"""Read `audition.toml`, the file in which a submission says how it is run. Hostile input, like all of it."""

import shlex
import tomllib
from pathlib import Path
from typing import Any

from audition.domain.contract import CONTRACT_FILE, DEFAULT_PREDICT, Contract

_MAX_BYTES = 64 << 10
_MAX_WORDS = 64
_MAX_WORD = 4096
_MAX_UNKNOWN = 20
_MAX_SHOWN = 200
#: In one line: the parser takes quadratic time for a key of many parts.
_MAX_DOTS = 1000
_KNOWN = ("predict",)
#: Options of Python that may stand before the script and take no value.
_SWITCHES = frozenset({"-B", "-E", "-I", "-O", "-OO", "-P", "-s", "-S", "-u", "-v"})


def read_contract(submission: Path) -> tuple[Contract, list[str]]:
    """Read the contract file of an unpacked submission, or its defaults.

    Returns:
        The contract and everything that is wrong with it, each problem naming the key and what to do.
    """
    path = submission / CONTRACT_FILE
    if not path.is_file():
        return Contract(), _missing_script(Contract(), submission)
    document, trouble = _document(path)
    if trouble:
        return Contract(is_declared=True), [trouble]
    problems = [
        f"{CONTRACT_FILE}: unknown key {key[:40]!r}; known keys are: {', '.join(_KNOWN)}."
        for key in document
        if key not in _KNOWN
    ][:_MAX_UNKNOWN]
    words, trouble = _command(document.get("predict", list(DEFAULT_PREDICT)))
    if trouble:
        return Contract(is_declared=True), [*problems, trouble]
    contract = Contract(predict=words, is_declared=True)
    return contract, [*problems, *_missing_script(contract, submission)]


def _document(path: Path) -> tuple[dict[str, Any], str]:
    """The parsed file, and why it cannot be parsed."""
    if path.stat().st_size > _MAX_BYTES:
        return {}, f"{CONTRACT_FILE} is larger than {_MAX_BYTES >> 10} KiB."
    try:
        # utf-8-sig: some editors write a byte-order mark, which TOML does not know.
        text = path.read_text(encoding="utf-8-sig")
        for number, line in enumerate(text.splitlines(), 1):
            if line.count(".") > _MAX_DOTS:
                return {}, f"{CONTRACT_FILE} has more than {_MAX_DOTS:,} dots in line {number}."
        return tomllib.loads(text), ""
    except UnicodeDecodeError as error:
        return {}, f"{CONTRACT_FILE} is not UTF-8 text (byte {error.start})."
    except ValueError as error:
        # TOMLDecodeError is one; a number with thousands of digits raises the plain one.
        return {}, f"{CONTRACT_FILE} is not valid TOML: {str(error)[:_MAX_SHOWN]}."
    except RecursionError:
        return {}, f"{CONTRACT_FILE} is nested too deeply."


def _command(value: Any) -> tuple[tuple[str, ...], str]:  # noqa: ANN401  anything TOML can hold
    """The words of a command, and what is wrong with them."""
    words = value
    if isinstance(value, str):
        try:
            words = shlex.split(value)
        except ValueError as error:
            return (
                (),
                f"{CONTRACT_FILE}: predict: {error}. Write it as a list of words, which needs no quoting.",
            )
    is_good = (
        isinstance(words, list)
        and 0 < len(words) <= _MAX_WORDS
        and all(isinstance(w, str) and w and len(w) <= _MAX_WORD and "\0" not in w for w in words)
    )
    if not is_good:
        return (), (
            f'{CONTRACT_FILE}: predict must be a list of 1 to {_MAX_WORDS} words, e.g. ["python", "predict.py"].'
        )
    return tuple(words), ""


def _missing_script(contract: Contract, submission: Path) -> list[str]:
    """Notice early that the script to run is not there: a failed run would cost an attempt."""
    script = _script(contract.predict)
    if not script or script.startswith("/") or _exists(submission / script):
        return []
    where = f"{CONTRACT_FILE} says to run" if contract.is_declared else "the default is to run"
    command = shlex.join(contract.predict)[:_MAX_SHOWN]
    problem = (
        f"There is no {script[:_MAX_SHOWN]!r} in the archive, and {where} {command!r}."
        f" Add the file, or name your own command under `predict` in {CONTRACT_FILE}."
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
