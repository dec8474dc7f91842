"""Reading a challenge folder: everything it says, checked, or every problem at once."""

from dataclasses import dataclass
from pathlib import Path

from audition.catalog.archive import list_files
from audition.catalog.manifest import check_manifest
from audition.catalog.metric import FILE
from audition.catalog.raw import raw_digest
from audition.catalog.rubric import read_rubric
from audition.catalog.samples import Sample, collect_samples
from audition.catalog.shape import Problems, read_table, read_text, shape
from audition.catalog.told import Told, locate
from audition.domain.challenge import Manifest
from audition.domain.errors import InvalidError
from audition.domain.rubric import RubricItem

BRIEF_FILE = "brief.md"
DATACARD_FILE = "datacard.md"
PRIVACY_FILE = "privacy.toml"
SOURCES_FILE = "sources.toml"
PREPARE_FILE = "data/prepare.py"
CHECKSUMS_FILE = "data/checksums.toml"
RAW_FOLDER = "data/raw"
STARTER_FOLDER = "starter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One raw file and where it comes from; further keys of its table are for people."""

    file: str
    """Name in data/raw, of a file or of a folder of files that are one table."""
    sha256: str
    licence: str


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
    def raw(self) -> Path:
        """The raw data; leaves this machine only through `prepare`."""
        return self.path / RAW_FOLDER

    @property
    def starter(self) -> Path:
        """The code of the kit."""
        return self.path / STARTER_FOLDER


def read_challenge(folder: Path) -> ChallengeFolder:
    """Read and check a challenge folder.

    Raises:
        InvalidError: `problems` lists everything that is wrong, each with file, line, key and what to do.
    """
    challenge, told = check_challenge(folder)
    if challenge is None:
        msg = f"The challenge in {folder.resolve().name}/ has {len(told)} problem(s)."
        step = "Correct them all and read the folder again."
        raise InvalidError(msg, code="invalid-challenge", next_step=step, problems=[str(one) for one in told])
    return challenge


def check_challenge(folder: Path) -> tuple[ChallengeFolder | None, tuple[Told, ...]]:
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
    _check_sources(folder, problems)
    checksums = _read_checksums(folder, problems)
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


def _check_sources(folder: Path, problems: Problems) -> None:
    tables = (read_table(folder, SOURCES_FILE, problems) or {}).get("source")
    if not isinstance(tables, dict) or not tables:
        problems.say(SOURCES_FILE, "source", "add a table [source.NAME] for each raw file.")
        return
    for name, table in tables.items():
        known = {key: table.get(key) for key in Source.__slots__} if isinstance(table, dict) else table
        source = shape(Source, known, f"{SOURCES_FILE}: source.{name}", problems)
        if source is not None:
            _check_source(folder, name, source, problems)


def _check_source(folder: Path, name: str, source: Source, problems: Problems) -> None:
    path = folder / RAW_FOLDER / source.file
    if Path(source.file).name != source.file or path.is_symlink() or not path.exists():
        problems.say(SOURCES_FILE, f"source.{name}.file", f"{RAW_FOLDER}/{source.file} is missing; fetch it.")
        return
    digest = raw_digest(path)
    if digest != source.sha256:
        what = f"{RAW_FOLDER}/{source.file} has {digest}; fetch the right file."
        problems.say(SOURCES_FILE, f"source.{name}.sha256", what)


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
