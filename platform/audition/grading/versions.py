"""Versions of graders that follow their content: a changed line is a changed version."""

from hashlib import sha256
from pathlib import Path
from types import ModuleType


def content_version(declared: str, module_file: str, *helpers: str) -> str:
    """The declared version and the first eight hex digits of the SHA-256 over its sources.

    Args:
        declared: What people call the version, e.g. "1".
        module_file: The `__file__` of the grader package's `__init__`.
        helpers: The `__file__` of modules elsewhere that its judgement depends on.
    """
    digest = sha256()
    for path in (*sorted(Path(module_file).parent.glob("*.py")), *map(Path, helpers)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{declared}+{digest.hexdigest()[:8]}"


def sources_of(*modules: ModuleType) -> tuple[str, ...]:
    """The source files of modules, of packages all that are directly in their folder: for `content_version`."""
    places = (Path(str(module.__file__)) for module in modules)
    return tuple(
        str(path)
        for place in places
        for path in (sorted(place.parent.glob("*.py")) if place.name == "__init__.py" else (place,))
    )
