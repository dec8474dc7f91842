"""The kit: everything a candidate downloads, as one zip."""

import io
import json
import zipfile
from collections.abc import Mapping
from importlib.resources import files as package_files

from audition.catalog.archive import pack_files, read_files
from audition.catalog.read import BRIEF_FILE, DATACARD_FILE, ChallengeFolder
from audition.codec import to_plain
from audition.domain.challenge import METRIC_PROGRAM, Manifest
from audition.domain.metrics import Form
from audition.domain.rubric import RubricItem
from audition.domain.run import Stage

CHECK_FILE = "check_predictions.py"
MIB = 1 << 20


def build_kit(challenge: ChallengeFolder, public_files: Mapping[str, bytes]) -> bytes:
    """Make the kit's zip; equal input gives equal bytes.

    Args:
        challenge: The folder that was read.
        public_files: What `prepare` made for candidates, by name.

    Raises:
        InvalidError: The starter holds things that are not plain files.
    """
    manifest = challenge.manifest
    check = package_files("audition.catalog").joinpath("kit_files", CHECK_FILE).read_bytes()
    content = {
        "README.md": _readme(manifest).encode(),
        BRIEF_FILE: challenge.brief.encode(),
        DATACARD_FILE: challenge.datacard.encode(),
        "rubric.md": _rubric(challenge.rubric).encode(),
        f"checks/{CHECK_FILE}": check,
        "checks/output.json": _output(manifest),
    }
    if challenge.metric is not None:
        content[f"checks/{METRIC_PROGRAM}"] = challenge.metric.read_bytes()
    content |= {f"data/{name}": data for name, data in public_files.items()}
    content |= {f"starter/{name}": data for name, data in read_files(challenge.starter).items()}
    return pack_files({f"{manifest.slug}/{name}": data for name, data in content.items()})


def with_copy(kit: bytes, manifest: Manifest, copy: bytes) -> bytes:
    """The kit of a candidate who has a copy of the training data of their own."""
    spec = manifest.variants
    if spec is None:
        return kit
    with zipfile.ZipFile(io.BytesIO(kit)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    return pack_files(content | {f"{manifest.slug}/data/{spec.file}": copy})


def _output(manifest: Manifest) -> bytes:
    """The form of predictions, for the script that checks them."""
    plain = to_plain(manifest.output) | {
        "prediction_columns": list(manifest.output.columns),
        "form": manifest.metric.form.value,
    }
    return (json.dumps(plain, indent=2) + "\n").encode()


def _readme(manifest: Manifest) -> str:
    limits = manifest.limits_of(Stage.PREDICT)
    inputs = ", ".join(f"`/in/{name}`" for name in manifest.inputs)
    columns = ", ".join(f"`{name}`" for name in (manifest.output.id_column, *manifest.output.columns))
    outputs = " or ".join(f"`/out/{name}`" for name in manifest.output.names)
    return f"""# {manifest.title}

{manifest.summary} About {manifest.declared_hours:g} hours of work; {manifest.attempts} attempts.

| in this kit | what it is |
|---|---|
| `brief.md` | the problem, what to hand in, how it is graded |
| `datacard.md` | where the data comes from, what each column means, what anonymization changed |
| `rubric.md` | what people look at besides the numbers |
| `data/` | the public data{_own_copy(manifest)} |
| `starter/` | a complete submission that scores low: start from it |
| `checks/` | `python checks/{CHECK_FILE} PREDICTIONS.csv` says whether a file has the right form |{_own(manifest)}

## What happens to a submission

You upload one zip with your code, your trained model and `audition.toml` at its top: at most
{manifest.upload_bytes / MIB:g} MiB, and unpacked {manifest.unpacked_bytes / MIB:g} MiB in
{manifest.unpacked_entries:,} files. The command in `audition.toml` runs without network.

It reads {inputs} and writes {outputs}
with the columns {columns}.{_form(manifest)}

It may take {limits.time_seconds:g} seconds, {limits.memory_bytes / MIB:g} MiB of memory and
{limits.cpus:g} processor core(s).
"""


def _own(manifest: Manifest) -> str:
    """What candidates are told of a metric that is the challenge's own."""
    own = manifest.metric.own
    return f"\n| `checks/{METRIC_PROGRAM}` | how {own.label} is computed |" if own is not None else ""


def _own_copy(manifest: Manifest) -> str:
    """What candidates are told of their copy."""
    spec = manifest.variants
    if spec is None:
        return ""
    return (
        f"; `{spec.file}` is a copy of your own. Copies differ in a few rows and digits, are equally good to learn"
        " from, and name whose they are: please share yours with nobody"
    )


def _form(manifest: Manifest) -> str:
    """What a prediction is, where it is not simply a number."""
    output = manifest.output
    words = {
        Form.LABEL: f" A prediction is one of: {', '.join(output.labels)}.",
        Form.ITEMS: f" A prediction is a list, best first, separated by spaces: at most {output.most_items}.",
        Form.PROBABILITIES: " The columns of a row add up to 1.",
    }
    return words.get(manifest.metric.form, "")


def _rubric(items: tuple[RubricItem, ...]) -> str:
    parts = ["# What people look at\n"]
    for item in items:
        levels = "\n".join(f"| {level.points:g} | {level.means} |" for level in item.levels)
        parts.append(f"## {item.question}\n\n| points | means |\n|---|---|\n{levels}\n")
    return "\n".join(parts)
