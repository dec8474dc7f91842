"""The rules of a metric that a challenge brings with it: `[metric.own]`, and `metric.py`, which is read and not run."""

import ast
import math
import re
from collections.abc import Mapping
from pathlib import Path

from audition.catalog.shape import Problems, read_text
from audition.domain.challenge import METRIC_PROGRAM, Manifest
from audition.domain.metrics import METRICS, Form, OwnMetric

OWN_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""A name like those of our metrics: reports make words of it."""
FUNCTION = "measure"
_FILE = "challenge.toml"
#: A submission writes these in columns whose number another key of the manifest says.
_COLUMNS = frozenset({Form.SURVIVAL, Form.QUANTILES})


def check_own(name: str, own: OwnMetric, problems: Problems) -> None:
    """Apply the rules that need the manifest alone."""
    if name in METRICS:
        problems.say(_FILE, "metric.name", f"{name!r} is one of ours; give yours another name, or take ours.")
    elif not OWN_NAME.fullmatch(name):
        problems.say(
            _FILE, "metric.name", f"{name!r}: use lower-case words and digits joined by underscores."
        )
    if not own.label.strip():
        problems.say(_FILE, "metric.own.label", "is empty; write what people call it.")
    if own.form in _COLUMNS:
        problems.say(_FILE, "metric.own.form", f"{own.form.value!r} goes with our metrics only.")
    ends = [end for end in (own.low, own.high) if end is not None]
    if not all(map(math.isfinite, ends)) or ends != sorted(set(ends)):
        problems.say(_FILE, "metric.own.low", "low must be less than high, and both finite.")


def check_own_metric(
    folder: Path, manifest: Manifest, checksums: Mapping[str, str], problems: Problems
) -> None:
    """Apply the rules that need the folder."""
    is_there = (folder / METRIC_PROGRAM).exists()
    if manifest.metric.own is None:
        if is_there:
            problems.say(METRIC_PROGRAM, "", "is not used; add [metric.own] to challenge.toml, or delete it.")
        return
    if f"private/{METRIC_PROGRAM}" in checksums:
        problems.say("data/prepare.py", "", f"makes private/{METRIC_PROGRAM}, whose place your metric takes.")
    text = read_text(folder, METRIC_PROGRAM, problems)
    if text.strip():
        _check_program(text, problems)


def _check_program(text: str, problems: Problems) -> None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        problems.say(METRIC_PROGRAM, f"line {line}" if line else "", f"is not Python: {error}.")
        return
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == FUNCTION]
    if not found:
        step = f"write def {FUNCTION}(answers, predictions): that returns a number."
        problems.say(METRIC_PROGRAM, "", f"has no function {FUNCTION}; {step}")
    elif len(found[-1].args.args) != 2:  # noqa: PLR2004  answers and predictions
        problems.say(METRIC_PROGRAM, f"line {found[-1].lineno}", f"{FUNCTION} takes answers and predictions.")
