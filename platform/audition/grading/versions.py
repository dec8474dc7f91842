"""Versions of graders that follow their content: a changed line is a changed version.

A grader's judgement depends on its own package, and on what that imports: further modules of the same top-level
package, and readers of files in `audition.grading`. These are followed as they are written, so that no list can be
forgotten. Not followed are the kit that every grader has, without a judgement of its own, and the domain's nouns; what
of these a judgement does depend on is named.
"""

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

_KIT = frozenset({"__init__", "checks", "runner", "versions", "workspace"})
_HERE = Path(__file__).parent
_PLATFORM = "audition.grading"
#: One statement; several names may stand in brackets over several lines. Imports inside functions count.
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"[A-Za-z_]\w*")


def content_version(declared: str, module_file: str, *helpers: str) -> str:
    """The declared version and the first eight hex digits of the SHA-256 over its sources.

    Args:
        declared: What people call the version, e.g. "1".
        module_file: The `__file__` of the grader package's `__init__`.
        helpers: The `__file__` of modules of the domain that its judgement depends on.
    """
    digest = sha256()
    paths = {*sources_of(module_file), *map(Path, helpers)}
    for path in sorted(paths, key=lambda path: path.parts[-3:]):
        digest.update(path.name.encode() + b"\0" + _read(path).encode())
    return f"{declared}+{digest.hexdigest()[:8]}"


def sources_of(module_file: str) -> frozenset[Path]:
    """The modules in a package's folder, and what they import, and so on; see this module's words for what counts.

    Args:
        module_file: The `__file__` of the package's `__init__`.
    """
    found: set[Path] = set()
    wanted = set(Path(module_file).parent.glob("*.py"))
    while wanted:
        path = wanted.pop()
        found.add(path)
        wanted |= _imported_by(path) - found
    return frozenset(found)


def _imported_by(path: Path) -> frozenset[Path]:
    """What one module imports of its own top-level package and of the readers of files."""
    return _imported_by_text(path, _read(path))


@cache
def _imported_by_text(path: Path, text: str) -> frozenset[Path]:
    top = path.parent
    while (top.parent / "__init__.py").is_file():
        top = top.parent
    return frozenset(
        file
        for name in _names_in(text)
        if (file := _file_of(name, top)) is not None and not (file.parent == _HERE and file.stem in _KIT)
    )


def _names_in(text: str) -> Iterator[str]:
    """Dotted names that may be modules."""
    for source, names, plain in _IMPORT.findall(text):
        if plain:
            yield from (part.split()[0] for part in plain.split(",") if part.strip())
            continue
        yield source
        yield from (f"{source}.{name}" for name in _NAME.findall(_COMMENT.sub("", names)))


@cache
def _file_of(name: str, top: Path) -> Path | None:
    """The file of a module, if it is one of those that count."""
    if name.partition(".")[0] == top.name:
        place = top.parent.joinpath(*name.split("."))
    elif name.startswith(f"{_PLATFORM}."):
        place = _HERE.joinpath(*name.removeprefix(f"{_PLATFORM}.").split("."))
    else:
        return None
    files = (place.with_name(f"{place.name}.py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _read(path: Path) -> str:
    facts = path.stat()
    return _read_once(path, facts.st_mtime_ns, facts.st_size)


@cache
def _read_once(path: Path, _mtime_ns: int, _size: int) -> str:
    return path.read_text(encoding="utf-8")
