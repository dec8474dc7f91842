"""What a challenge folder in order still lacks before it can be proved: what the gate would miss."""

from collections.abc import Iterator

from audition.catalog.metric import FILE
from audition.catalog.read import CHECKSUMS_FILE, STARTER_FOLDER, ChallengeFolder
from audition.catalog.samples import ATTACK, SAMPLES_FOLDER
from audition.catalog.told import Told

REFERENCE = "accepted/reference"
"""The sample that has to reach the anchor of the same name."""
SAMPLE_SUBMISSION = "sample_submission.csv"
"""The public file that has the form of a submission, with the same prediction for every row."""


def advise(challenge: ChallengeFolder) -> tuple[Told, ...]:
    """Everything that is missing; none of it stops a look at the challenge."""
    return tuple(Told(file=file, line=0, key=key, what=what) for file, key, what in _lacks(challenge))


def _lacks(challenge: ChallengeFolder) -> Iterator[tuple[str, str, str]]:
    names = {sample.name for sample in challenge.samples}
    if REFERENCE not in names:
        yield f"{SAMPLES_FOLDER}/", "", f"add {REFERENCE}, a submission as good as you would wish for."
    if not any(sample.folder == challenge.starter for sample in challenge.samples):
        step = f'add accepted/starter with use = "{STARTER_FOLDER}": it must be accepted, and score low.'
        yield f"{SAMPLES_FOLDER}/", "", step
    if not any(name.startswith(f"{ATTACK}/") for name in names):
        yield f"{SAMPLES_FOLDER}/", "", f"add {ATTACK}/constant: what cheats must gain nothing."
    if all(name.split("/")[0] in {"accepted", ATTACK} for name in names):
        yield f"{SAMPLES_FOLDER}/", "", "add one that fails, e.g. invalid_output/missing_row."
    if f"public/{SAMPLE_SUBMISSION}" not in challenge.checksums:
        step = f"prepare makes no public/{SAMPLE_SUBMISSION}; candidates check the form of theirs by it."
        yield CHECKSUMS_FILE, "files", step
    anchors = {anchor.name for anchor in challenge.manifest.metric.anchors}
    for name in ("constant", "reference"):
        if name not in anchors:
            yield FILE, "metric.anchors", f"add one named {name!r}; the gate measures it."
