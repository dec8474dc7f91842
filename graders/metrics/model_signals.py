"""Which families of a metrics page speak of the model: its answers, its inputs, its version, its age (E5)."""

import re
from collections.abc import Callable, Mapping

from audition.domain.probe_metrics import FamilySeen

_ANSWERS = re.compile(r"predict|score|probab|decision|output|class(?!ifier)|label|drift|psi", re.IGNORECASE)
_INPUTS = re.compile(r"feature|input|column|missing|unseen|null", re.IGNORECASE)
_VERSION = re.compile(r"model_info|build_info|version", re.IGNORECASE)
_AGE = re.compile(r"train|fitted|stale|model.*(?:age|timestamp|since|created|loaded|updated)", re.IGNORECASE)
#: By one of these a counter tells answers apart; by a route or a status it only counts requests.
_ANSWER_LABELS = frozenset({"class", "label", "prediction", "decision", "outcome", "bucket", "output"})
_INPUT_LABELS = frozenset({"feature", "column", "field", "input"})
_DISTRIBUTIONS = frozenset({"histogram", "summary", "gauge"})


def _text(family: FamilySeen) -> str:
    return f"{family.name} {family.help}"


def _is_answers(family: FamilySeen) -> bool:
    is_told_apart = family.kind in _DISTRIBUTIONS or bool(_ANSWER_LABELS & set(family.labels))
    is_time = family.name.endswith(("_seconds", "_bytes"))
    return is_told_apart and not is_time and bool(_ANSWERS.search(family.name)) and not _is_inputs(family)


def _is_inputs(family: FamilySeen) -> bool:
    return bool(_INPUT_LABELS & set(family.labels)) or bool(_INPUTS.search(family.name))


def _is_version(family: FamilySeen) -> bool:
    is_named = bool({"version", "model_version"} & set(family.labels))
    return is_named or family.kind == "info" or bool(_VERSION.search(family.name))


def _is_age(family: FamilySeen) -> bool:
    return family.kind in {"gauge", "unknown"} and bool(_AGE.search(_text(family)))


MODEL_SIGNALS: Mapping[str, Callable[[FamilySeen], bool]] = {
    "predictions": _is_answers,
    "inputs": _is_inputs,
    "the model's version": _is_version,
    "the model's age": _is_age,
}
