"""The rules of `challenge.toml` that its types cannot say; each adds what it finds, so all come at once."""

import math
import re
from collections.abc import Callable

from audition.catalog.drift import check_drift
from audition.catalog.extra_rows import check_extra_rows
from audition.catalog.metric import FILE, check_detail, check_metric, check_repeated
from audition.catalog.shape import Problems
from audition.catalog.variants import check_variants
from audition.domain.build import BuildLimits
from audition.domain.challenge import Manifest
from audition.domain.execution import Limits
from audition.domain.run import Stage

OUTPUT_ENDINGS = (".csv", ".parquet")
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
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
        check_metric,
        check_detail,
        _check_output,
        _check_files,
        _check_hidden_rows,
        _check_weights,
    )
    for rule in rules:
        rule(manifest, problems)
    check_drift(manifest, FILE, problems)
    check_extra_rows(manifest, FILE, problems)
    check_variants(manifest, FILE, problems)


def _check_words(manifest: Manifest, problems: Problems) -> None:
    if not SLUG.fullmatch(manifest.slug):
        problems.say(FILE, "slug", "use lower-case words and digits joined by hyphens.")
    for key in ("title", "summary", "industry", "role", "language", "image"):
        if not getattr(manifest, key).strip():
            problems.say(FILE, key, "is empty; write it.")
    if not manifest.graders:
        problems.say(FILE, "graders", "is empty; name at least one grader.")
    check_repeated("graders", manifest.graders, problems)


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
    if manifest.reference_image_bytes is not None:
        _check_positive("reference_image_bytes", manifest.reference_image_bytes, problems)


def _check_positive(key: str, value: float, problems: Problems) -> None:
    if not (value > 0 and math.isfinite(value)):
        problems.say(FILE, key, f"is {value}; it must be more than 0.")


def _check_output(manifest: Manifest, problems: Problems) -> None:
    output = manifest.output
    if not output.names:
        problems.say(FILE, "output.names", "is empty; name the predictions file.")
    for name in output.names:
        if not (_PLAIN_NAME.fullmatch(name) and name.endswith(OUTPUT_ENDINGS)):
            problems.say(FILE, "output.names", f"{name!r} must be a plain name with .csv or .parquet.")
    if output.prediction_column and output.prediction_columns:
        problems.say(FILE, "output.prediction_columns", "write this or prediction_column, not both.")
    key = "output.prediction_columns" if output.prediction_columns else "output.prediction_column"
    if not all(output.columns):
        problems.say(FILE, key, "is empty; name the column of the predictions.")
    if output.id_column in output.columns:
        problems.say(FILE, key, "must differ from id_column.")
    check_repeated(key, output.columns, problems)
    check_repeated("output.labels", output.labels, problems)
    _check_positive("output.most_items", output.most_items, problems)
    if output.minimum is not None and output.maximum is not None and output.minimum >= output.maximum:
        problems.say(FILE, "output.minimum", f"is {output.minimum}, not below maximum {output.maximum}.")


def _check_files(manifest: Manifest, problems: Problems) -> None:
    for key, names in (("inputs", manifest.inputs), ("answers.file", (manifest.answers.file,))):
        for name in names:
            if not _PLAIN_NAME.fullmatch(name):
                problems.say(FILE, key, f"{name!r} must be a plain file name without folders.")
    if not manifest.inputs:
        problems.say(FILE, "inputs", "is empty; name the public files that a submission predicts from.")
    check_repeated("inputs", manifest.inputs, problems)
    if manifest.answers.file in manifest.inputs:
        problems.say(FILE, "inputs", f"{manifest.answers.file!r} holds the answers and must stay private.")


def _check_hidden_rows(manifest: Manifest, problems: Problems) -> None:
    tables = [name for name in manifest.inputs if name.endswith(".csv")]
    if not manifest.hidden_rows:
        # A sample of predictions has the ids as well, and a service would be asked about it.
        if Stage.SERVE in manifest.stages and len(tables) > 1:
            step = 'name the input whose rows services are asked about, e.g. "test.csv".'
            problems.say(FILE, "hidden_rows", f"is missing; {step}")
    elif manifest.hidden_rows not in tables:
        problems.say(FILE, "hidden_rows", f"{manifest.hidden_rows!r} must be a .csv file among the inputs.")


def _check_weights(manifest: Manifest, problems: Problems) -> None:
    weights = manifest.weights
    if any(weight < 0 for weight in weights.values()):
        problems.say(FILE, "weights", "must not be below 0.")
    total = math.fsum(weights.values())
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        problems.say(FILE, "weights", f"add up to {total:g}; they must add up to 1.")
