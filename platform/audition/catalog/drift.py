"""The rules of `[drift]` in `challenge.toml` that need no data; what needs data is measured at publish."""

import math

from audition.catalog.shape import Problems
from audition.domain.challenge import Manifest
from audition.domain.drift_plan import SCRAPE_EVERY_REQUESTS, DriftKind, DriftSpec, Injection, Lengths
from audition.domain.run import Stage

LEAST_REQUESTS = 4 * SCRAPE_EVERY_REQUESTS
"""In each phase: with fewer scrapes its later part is one or two numbers."""
_BY_COLUMN = frozenset(DriftKind) - {DriftKind.NONE, DriftKind.PRIOR, DriftKind.LABEL_SWAP}
#: Amounts of these are shares of rows.
_SHARES = frozenset({DriftKind.MISSING, DriftKind.CATEGORY, DriftKind.PRIOR})


def check_drift(manifest: Manifest, file: str, problems: Problems) -> None:
    """Apply every rule."""
    spec = manifest.drift
    if Stage.DRIFT in manifest.stages:
        if spec is None:
            problems.say(
                file, "drift", "is missing; the stage 'drift' needs to know what to send. Add [drift]."
            )
        if Stage.SERVE not in manifest.stages:
            problems.say(file, "stages", "add 'serve'; drift is sent to a service that was looked at before.")
    if spec is not None:
        _check_spec(spec, file, problems)


def _check_spec(spec: DriftSpec, file: str, problems: Problems) -> None:
    for key in ("rows", "reference", "label"):
        if not getattr(spec, key).strip():
            problems.say(file, f"drift.{key}", "is empty; write it.")
    for key in ("rows", "reference"):
        if not getattr(spec, key).endswith(".csv"):
            problems.say(file, f"drift.{key}", "must be a .csv file that prepare makes.")
    for key in Lengths.__slots__:
        if getattr(spec.lengths, key) < LEAST_REQUESTS:
            problems.say(file, f"drift.lengths.{key}", f"use at least {LEAST_REQUESTS} requests.")
    primary = spec.family.primary
    if primary.kind != DriftKind.MEAN_SHIFT:
        problems.say(
            file, "drift.family.primary.kind", "must be 'mean_shift': doses are multiples of its size."
        )
    _check_injection(primary, "drift.family.primary", file, problems)
    seen = {primary.kind}
    for number, injection in enumerate(spec.family.others):
        key = f"drift.family.others.{number}"
        _check_injection(injection, key, file, problems)
        if injection.kind in seen:
            problems.say(
                file, f"{key}.kind", f"{injection.kind.value!r} is there already; keep one of a kind."
            )
        seen.add(injection.kind)


def _check_injection(injection: Injection, key: str, file: str, problems: Problems) -> None:
    kind = injection.kind
    if kind in {DriftKind.NONE, DriftKind.LABEL_SWAP}:
        problems.say(file, f"{key}.kind", f"{kind.value!r} cannot be sent; choose a change of rows.")
    if kind in _BY_COLUMN and not injection.column:
        problems.say(file, f"{key}.column", f"is empty; name the column that {kind.value} changes.")
    if kind == DriftKind.CORRELATION and not injection.partner:
        problems.say(file, f"{key}.partner", "is empty; name the column that it is tied to.")
    amount = injection.amount
    if not math.isfinite(amount) or amount == 0:
        problems.say(file, f"{key}.amount", f"is {amount}; it must be a number that changes something.")
    if kind in _SHARES and not 0 < amount < 1:
        problems.say(file, f"{key}.amount", f"is {amount:g}; it is a share of rows, above 0 and below 1.")
    if kind in {DriftKind.SCALE, DriftKind.UNIT_ERROR} and amount <= 0:
        problems.say(file, f"{key}.amount", f"is {amount:g}; it is a factor and must be above 0.")
    if kind == DriftKind.CORRELATION and abs(amount) > 1:
        problems.say(file, f"{key}.amount", f"is {amount:g}; it is a correlation, from -1 to 1.")
