"""The rules of `[extra_rows]` in `challenge.toml` that need no data; what needs data is looked at at publish."""

import math

from audition.catalog.shape import Problems
from audition.domain.challenge import Manifest
from audition.domain.extra_rows import CORRUPTIONS, MAX_ROWS, Corruption, ExtraRowsSpec, RowKind
from audition.domain.metrics import Interval
from audition.domain.run import Stage

LEAST_ROWS = 20
"""Of each kind: of fewer rows nothing can be said."""
_KEY = "extra_rows"


def check_extra_rows(manifest: Manifest, file: str, problems: Problems) -> None:
    """Apply every rule."""
    spec = manifest.extra_rows
    if Stage.REPEAT in manifest.stages:
        if spec is None:
            step = "the stage 'repeat' needs to know which rows to add. Add [extra_rows]."
            problems.say(file, _KEY, f"is missing; {step}")
        if Stage.PREDICT not in manifest.stages:
            problems.say(file, "stages", "add 'predict'; 'repeat' is its second time.")
    if spec is not None:
        _check_spec(manifest, spec, file, problems)


def _check_spec(manifest: Manifest, spec: ExtraRowsSpec, file: str, problems: Problems) -> None:
    if spec.file not in manifest.inputs or not spec.file.endswith(".csv"):
        problems.say(file, f"{_KEY}.file", f"{spec.file!r} must be a .csv file among the inputs.")
    for key in ("copies", "nudged", "corrupted"):
        if getattr(spec, key) < LEAST_ROWS:
            problems.say(file, f"{_KEY}.{key}", f"use at least {LEAST_ROWS} rows.")
    if spec.copies + spec.nudged + spec.corrupted * len(spec.corruptions) > MAX_ROWS:
        problems.say(file, f"{_KEY}.corrupted", f"use fewer: together at most {MAX_ROWS:,} extra rows.")
    if not 0 < spec.nudge <= 0.1:  # noqa: PLR2004  beyond a tenth a number says something else
        problems.say(file, f"{_KEY}.nudge", f"is {spec.nudge:g}; use more than 0 and at most 0.1.")
    facts = manifest.metric.known_facts
    if facts is not None and facts.interval == Interval.CLUSTER:
        step = "its predictions depend on the other rows of a group, so rows cannot be added."
        problems.say(file, _KEY, f"does not go with {manifest.metric.name}: {step}")
    for place, corruption in enumerate(spec.corruptions):
        _check_corruption(manifest, corruption, f"{_KEY}.corruptions.{place}", file, problems)


def _check_corruption(
    manifest: Manifest, corruption: Corruption, key: str, file: str, problems: Problems
) -> None:
    if corruption.kind not in CORRUPTIONS:
        known = ", ".join(CORRUPTIONS)
        problems.say(file, f"{key}.kind", f"{corruption.kind.value!r} is none of {known}.")
    if not corruption.columns:
        problems.say(file, f"{key}.columns", "is empty; name the columns that go wrong.")
    if manifest.output.id_column in corruption.columns:
        problems.say(file, f"{key}.columns", "names the id; name columns that describe rows.")
    is_factor = math.isfinite(corruption.factor) and corruption.factor not in {0.0, 1.0}
    if corruption.kind == RowKind.UNIT and not is_factor:
        problems.say(file, f"{key}.factor", f"is {corruption.factor:g}; it must change a number.")
    if corruption.kind == RowKind.UNSEEN and not corruption.level.strip():
        problems.say(file, f"{key}.level", "is empty; that is a missing value, of kind 'missing'.")
