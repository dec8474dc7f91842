"""Reading a challenge folder: everything it says, checked, or every problem at once."""

from dataclasses import dataclass
from pathlib import Path

from audition.catalog.archive import list_files
from audition.catalog.manifest import check_manifest
from audition.catalog.metric import FILE
from audition.catalog.own_metric import check_own_metric
from audition.catalog.rubric import read_rubric
from audition.catalog.samples import Sample, collect_samples
from audition.catalog.shape import Problems, read_table, read_text, shape
from audition.catalog.sources import RAW_FOLDER, check_raw, read_sources
from audition.catalog.told import Told, locate
from audition.domain.challenge import METRIC_PROGRAM, Manifest
from audition.domain.errors import InvalidError
from audition.domain.rubric import RubricItem

BRIEF_FILE = "brief.md"
DATACARD_FILE = "datacard.md"
PRIVACY_FILE = "privacy.toml"
PREPARE_FILE = "data/prepare.py"
CHECKSUMS_FILE = "data/checksums.toml"
STARTER_FOLDER = "starter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeFolder:
    """A challenge folder that was read and found to be in order."""

    path: Path
    manifest: Manifest
    brief: str
    """Markdown."""
    datacard: str
    """Markdown."""
    rubric: tuple[RubricItem, ...]
    checksums: dict[str, str]
    """SHA-256 of every file that `prepare` makes, by "public/NAME" or "private/NAME"."""
    samples: tuple[Sample, ...]

    @property
    def prepare(self) -> Path:
        """The author's `prepare.py`: untrusted, never imported by the platform."""
        return self.path / PREPARE_FILE

    @property
    def metric(self) -> Path | None:
        """The author's `metric.py`, likewise; None where the metric is one of ours."""
        return None if self.manifest.metric.own is None else self.path / METRIC_PROGRAM

    @property
    def raw(self) -> Path:
        """The raw data; leaves this machine only through `prepare`."""
        return self.path / RAW_FOLDER

    @property
    def starter(self) -> Path:
        """The code of the kit."""
        return self.path / STARTER_FOLDER


def read_challenge(folder: Path, *, is_built: bool = True) -> ChallengeFolder:
    """Read and check a challenge folder.

    Args:
        folder: Where it is.
        is_built: Whether it has to have the digests of what `prepare` makes; before the first build nobody knows them.

    Raises:
        InvalidError: `problems` lists everything that is wrong, each with file, line, key and what to do.
    """
    challenge, told = check_challenge(folder, is_built=is_built)
    if challenge is None:
        msg = f"The challenge in {folder.resolve().name}/ has {len(told)} problem(s)."
        step = "Correct them all and read the folder again."
        raise InvalidError(msg, code="invalid-challenge", next_step=step, problems=[str(one) for one in told])
    return challenge


def check_challenge(
    folder: Path, *, is_built: bool = True
) -> tuple[ChallengeFolder | None, tuple[Told, ...]]:
    """Read and check a challenge folder: what it says, or, without it, everything that is wrong."""
    folder = folder.resolve()
    problems = Problems()
    _check_plain(folder, problems)
    manifest = _read_manifest(folder, problems)
    brief = read_text(folder, BRIEF_FILE, problems)
    datacard = read_text(folder, DATACARD_FILE, problems)
    rubric = read_rubric(folder, problems)
    read_table(folder, PRIVACY_FILE, problems)
    read_text(folder, PREPARE_FILE, problems)
    for name, source in read_sources(folder, problems).items():
        check_raw(folder, name, source, problems)
    is_promised = is_built or (folder / CHECKSUMS_FILE).exists()
    checksums = _read_checksums(folder, problems) if is_promised else {}
    if manifest is not None:
        check_own_metric(folder, manifest, checksums, problems)
    if not (folder / STARTER_FOLDER).is_dir():
        problems.say(f"{STARTER_FOLDER}/", "", "is missing; add a submission that runs and scores low.")
    samples = collect_samples(folder, problems)
    if problems or manifest is None:
        return None, locate(problems, lambda name: read_text(folder, name, Problems()))
    challenge = ChallengeFolder(
        path=folder,
        manifest=manifest,
        brief=brief,
        datacard=datacard,
        rubric=rubric,
        checksums=checksums,
        samples=samples,
    )
    return challenge, ()


def _check_plain(folder: Path, problems: Problems) -> None:
    try:
        list_files(folder)
    except InvalidError as error:
        problems.extend(error.problems or [f"{error.detail} {error.next_step}".strip()])


def _read_manifest(folder: Path, problems: Problems) -> Manifest | None:
    table = read_table(folder, FILE, problems)
    manifest = None if table is None else shape(Manifest, table, FILE, problems)
    if manifest is not None:
        check_manifest(manifest, folder.name, problems)
    return manifest


def _read_checksums(folder: Path, problems: Problems) -> dict[str, str]:
    table = read_table(folder, CHECKSUMS_FILE, problems)
    files = (table or {}).get("files")
    if not isinstance(files, dict) or not files:
        problems.say(CHECKSUMS_FILE, "files", "add the digest of every file that prepare makes.")
        return {}
    for name, digest in files.items():
        if not isinstance(digest, str) or name.partition("/")[0] not in {"public", "private"}:
            problems.say(
                CHECKSUMS_FILE,
                f"files.{name}",
                'write "public/NAME" or "private/NAME" = "SHA-256".',
            )
    return {str(name): str(digest) for name, digest in files.items()}
