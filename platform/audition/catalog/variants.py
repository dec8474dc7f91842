"""The rules of `[variants]` in `challenge.toml` that need no data; what needs data is looked at at publish."""

import math

from audition.catalog.shape import Problems
from audition.domain.challenge import Manifest
from audition.domain.variant import MAX_COLLUDERS, MAX_COPIES, VariantSpec

_KEY = "variants"
_MOST_CANARIES = 20
#: A copy that lacks more is another table.
_MOST_WITHHELD = 0.2


def check_variants(manifest: Manifest, file: str, problems: Problems) -> None:
    """Apply every rule."""
    spec = manifest.variants
    if spec is None:
        return
    if spec.file not in manifest.inputs or not spec.file.endswith(".csv"):
        problems.say(file, f"{_KEY}.file", f"{spec.file!r} must be a .csv file among the inputs.")
    if manifest.extra_rows is not None and manifest.extra_rows.file == spec.file:
        problems.say(file, f"{_KEY}.file", "holds the hidden rows, which are the same for everybody.")
    _check_numbers(spec, file, problems)
    for name, step in spec.marks.items():
        if not (step > 0 and math.isfinite(step)):
            problems.say(file, f"{_KEY}.marks.{name}", f"is {step:g}; give the smallest step of the column.")
    if spec.label in {*spec.marks, *spec.pseudonyms} - {""}:
        problems.say(
            file, f"{_KEY}.label", "is marked or renamed too; what candidates predict stays as it is."
        )


def _check_numbers(spec: VariantSpec, file: str, problems: Problems) -> None:
    ranges: tuple[tuple[str, float, float, float], ...] = (
        ("copies", spec.copies, 1, MAX_COPIES),
        ("colluders", spec.colluders, 1, MAX_COLLUDERS),
        ("canaries", spec.canaries, 0, _MOST_CANARIES),
        ("marked_share", spec.marked_share, 0, 1),
    )
    for key, value, least, most in ranges:
        if not least <= value <= most:
            problems.say(file, f"{_KEY}.{key}", f"is {value:g}; use {least:g} to {most:g}.")
    if not 0 < spec.false_accusation < 1:
        problems.say(file, f"{_KEY}.false_accusation", "is a probability, above 0 and below 1.")
    if not 0 < spec.withheld_share <= _MOST_WITHHELD:
        problems.say(
            file, f"{_KEY}.withheld_share", f"is a share of rows, above 0 and at most {_MOST_WITHHELD}."
        )
