"""What share of a lock file's packages is named by its content. Read line by line: locks are large and hostile."""

import json
import re
from collections.abc import Iterator

_SHA256 = re.compile(r"sha256[\"']?\s*[:=]\s*[\"']?[0-9a-f]{64}")
_MD5 = re.compile(r"md5[\"']?\s*[:=]\s*[\"']?[0-9a-f]{32}")
_PACKAGE = re.compile(r"^\[\[packages?\]\]\s*$")
_HEADER = re.compile(r"^\[")
#: Where poetry kept its hashes before version 1.2, for all packages together.
_FILES_OF_ALL = re.compile(r"^\[metadata\.files\]\s*$")
#: The project itself: it is built here, so there is nothing to compare.
_OWN = re.compile(r"^source\s*=\s*\{\s*(?:virtual|editable|directory|path)\b|^type\s*=\s*\"directory\"")
_CONDA_ITEM = re.compile(r"^\s{0,4}-\s+name:\s")
_MAX_LINE = 4096


def hashed_share(name: str, text: str) -> float:
    """Share of a lock's packages with a SHA-256 (for conda also an MD5) of what is installed, in [0, 1].

    Args:
        name: Of the file; the ending says how it is written.
        text: Its content.
    """
    if name == "Pipfile.lock":
        packages = list(_of_pipfile(text))
    elif name.endswith((".yml", ".yaml")):
        packages = [bool(_SHA256.search(part) or _MD5.search(part)) for part in _conda_items(text)]
    else:
        parts = list(_tables(text))
        packages = [is_hashed for is_hashed, is_own in parts if not is_own]
    return sum(packages) / len(packages) if packages else 0.0


def _tables(text: str) -> Iterator[tuple[bool, bool]]:
    """For each package of a TOML lock whether it has a hash, and whether it is the project itself."""
    lines = [line[:_MAX_LINE] for line in text.splitlines()]
    if any(_FILES_OF_ALL.match(line) for line in lines):
        yield from ((True, False) for line in lines if _SHA256.search(line))
        return
    inside, is_hashed, is_own = False, False, False
    for line in [*lines, "[end]"]:
        is_package = bool(_PACKAGE.match(line))
        # A table of the package's own, as [package.dependencies] or [[packages.wheels]], goes on with it.
        if inside and (is_package or (_HEADER.match(line) and not line.strip("[ ").startswith("package"))):
            yield is_hashed, is_own
            inside = False
        if is_package:
            inside, is_hashed, is_own = True, False, False
        is_hashed |= bool(_SHA256.search(line))
        is_own |= bool(_OWN.match(line))


def _of_pipfile(text: str) -> Iterator[bool]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for key, group in document.items() if isinstance(document, dict) else ():
        if key != "_meta" and isinstance(group, dict):
            yield from (isinstance(item, dict) and bool(item.get("hashes")) for item in group.values())


def _conda_items(text: str) -> Iterator[str]:
    """The items of a conda-lock file."""
    item: list[str] = []
    for line in text.splitlines():
        if _CONDA_ITEM.match(line) and item:
            yield "\n".join(item)
            item = []
        if item or _CONDA_ITEM.match(line):
            item.append(line[:_MAX_LINE])
    if item:
        yield "\n".join(item)
