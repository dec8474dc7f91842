"""The rules of `challenge.toml` that its types cannot say; each adds what it finds, so all come at once."""

import itertools
import math
import re
from collections.abc import Callable, Iterable

from audition.catalog.shape import Problems
from audition.domain.build import BuildLimits
from audition.domain.challenge import Direction, Manifest
from audition.domain.execution import Limits
from audition.domain.run import Stage

FILE = "challenge.toml"
OUTPUT_ENDINGS = (".csv", ".parquet")
LEAST_ROUNDS = 100
"""Fewer bootstrap rounds than this give no usable 95 % interval."""
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_manifest(manifest: Manifest, folder_name: str, problems: Problems) -> None:
    """Apply every rule."""
    if manifest.slug != folder_name:
        problems.say(FILE, "slug", f"is {manifest.slug!r} in folder {folder_name!r}; make them agree.")
    rules: tuple[Callable[[Manifest, Problems], None], ...] = (
        _check_words,
        _check_numbers,
        _check_stages,
        _check_limits,
        _check_metric,
        _check_anchors,
        _check_output,
        _check_files,
        _check_weights,
    )
    for rule in rules:
        rule(manifest, problems)


def _check_words(manifest: Manifest, problems: Problems) -> None:
    if not _SLUG.fullmatch(manifest.slug):
        problems.say(FILE, "slug", "use lower-case words and digits joined by hyphens.")
    for key in ("title", "summary", "industry", "role", "language", "image"):
        if not getattr(manifest, key).strip():
            problems.say(FILE, key, "is empty; write it.")
    if not manifest.graders:
        problems.say(FILE, "graders", "is empty; name at least one grader.")
    _check_repeated("graders", manifest.graders, problems)


def _check_numbers(manifest: Manifest, problems: Problems) -> None:
    for key in ("declared_hours", "attempts", "upload_bytes", "unpacked_bytes", "unpacked_entries"):
        _check_positive(key, getattr(manifest, key), problems)


def _check_stages(manifest: Manifest, problems: Problems) -> None:
    order = list(Stage)
    places = [order.index(stage) for stage in manifest.stages]
    if places != sorted(set(places)):
        problems.say(FILE, "stages", f"each at most once and in this order: {', '.join(order)}.")
    if Stage.UNPACK not in manifest.stages:
        problems.say(FILE, "stages", "add 'unpack'; nothing can run before it.")
    if Stage.SERVE in manifest.stages and Stage.BUILD not in manifest.stages:
        problems.say(FILE, "stages", "add 'build'; what is served is the submission's own image.")


def _check_limits(manifest: Manifest, problems: Problems) -> None:
    for stage, limits in manifest.limits.items():
        if stage not in manifest.stages:
            problems.say(FILE, f"limits.{stage}", "is no stage of this challenge; add it to 'stages'.")
        for key in Limits.__slots__:
            _check_positive(f"limits.{stage}.{key}", getattr(limits, key), problems)
    if Stage.BUILD in manifest.limits:
        problems.say(
            FILE, "limits.build", "is not used: a build has limits of its own; write them under [build]."
        )
    for key in BuildLimits.__slots__:
        _check_positive(f"build.{key}", getattr(manifest.build, key), problems)


def _check_positive(key: str, value: float, problems: Problems) -> None:
    if not (value > 0 and math.isfinite(value)):
        problems.say(FILE, key, f"is {value}; it must be more than 0.")


def _check_metric(manifest: Manifest, problems: Problems) -> None:
    metric = manifest.metric
    if not 0 < metric.confidence < 1:
        problems.say(FILE, "metric.confidence", f"is {metric.confidence}; choose one like 0.95.")
    if metric.bootstrap_rounds < LEAST_ROUNDS:
        problems.say(FILE, "metric.bootstrap_rounds", f"use at least {LEAST_ROUNDS}.")


def _check_anchors(manifest: Manifest, problems: Problems) -> None:
    key, anchors = "metric.anchors", manifest.metric.anchors
    if len(anchors) < 2:  # noqa: PLR2004  a line needs two points
        problems.say(FILE, key, "give at least two, so that a value can be mapped to a score.")
    _check_repeated(key, [anchor.name for anchor in anchors], problems)
    for anchor in anchors:
        if not (math.isfinite(anchor.value) and 0 <= anchor.score <= 1):
            problems.say(FILE, f"{key}.{anchor.name}", "needs a finite value and a score from 0 to 1.")
    is_higher = manifest.metric.direction == Direction.HIGHER
    for worse, better in itertools.pairwise(anchors):
        is_better = better.value > worse.value if is_higher else better.value < worse.value
        if not is_better or better.score <= worse.score:
            what = f"{better.name!r} must have a better value and a higher score than {worse.name!r}"
            problems.say(FILE, key, f"{what}; list anchors from worst to best.")


def _check_output(manifest: Manifest, problems: Problems) -> None:
    output = manifest.output
    if not output.names:
        problems.say(FILE, "output.names", "is empty; name the predictions file.")
    for name in output.names:
        if not (_PLAIN_NAME.fullmatch(name) and name.endswith(OUTPUT_ENDINGS)):
            problems.say(FILE, "output.names", f"{name!r} must be a plain name with .csv or .parquet.")
    if output.id_column == output.prediction_column:
        problems.say(FILE, "output.prediction_column", "must differ from id_column.")
    if output.minimum is not None and output.maximum is not None and output.minimum >= output.maximum:
        problems.say(FILE, "output.minimum", f"is {output.minimum}, not below maximum {output.maximum}.")


def _check_files(manifest: Manifest, problems: Problems) -> None:
    for key, names in (("inputs", manifest.inputs), ("answers.file", (manifest.answers.file,))):
        for name in names:
            if not _PLAIN_NAME.fullmatch(name):
                problems.say(FILE, key, f"{name!r} must be a plain file name without folders.")
    if not manifest.inputs:
        problems.say(FILE, "inputs", "is empty; name the public files that a submission predicts from.")
    _check_repeated("inputs", manifest.inputs, problems)
    if manifest.answers.file in manifest.inputs:
        problems.say(FILE, "inputs", f"{manifest.answers.file!r} holds the answers and must stay private.")


def _check_weights(manifest: Manifest, problems: Problems) -> None:
    weights = manifest.weights
    if any(weight < 0 for weight in weights.values()):
        problems.say(FILE, "weights", "must not be below 0.")
    total = math.fsum(weights.values())
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        problems.say(FILE, "weights", f"add up to {total:g}; they must add up to 1.")


def _check_repeated(key: str, names: Iterable[str], problems: Problems) -> None:
    seen = list(names)
    for name in sorted({name for name in seen if seen.count(name) > 1}):
        problems.say(FILE, key, f"{name!r} is listed more than once.")
