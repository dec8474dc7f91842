"""Which files of a submission its tests import or start, directly or through others. Read, never imported."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.grading.tree import Tree

_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$")
_MOST_FILES = 200


def is_test(path: str) -> bool:
    """Whether a file is one of tests, or belongs to them."""
    return bool(_TEST.search(path)) or "tests" in PurePosixPath(path).parts[:-1]


def reached(tree: Tree) -> dict[str, ast.Module]:
    """The files that tests reach, nearest first, without the tests themselves; those that do not parse are left."""
    known = {path for path in tree.paths if path.endswith(".py")}
    waiting = sorted(path for path in known if is_test(path))
    seen: dict[str, ast.Module] = {}
    while waiting and len(seen) < _MOST_FILES:
        path = waiting.pop(0)
        module = None if path in seen else parse(tree, path)
        if module is not None:
            seen[path] = module
            waiting += [name for name in sorted(_used(module, path, known)) if name not in seen]
    return {path: module for path, module in seen.items() if not is_test(path)}


def parse(tree: Tree, path: str) -> ast.Module | None:
    """A file as Python; None when it is none."""
    text = tree.text(path)
    if text is None:
        return None
    try:
        return ast.parse(text.content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _used(module: ast.Module, path: str, known: set[str]) -> set[str]:
    folder = PurePosixPath(path).parent
    return {found for name in _names(module, folder) if (found := _file(name, known))}


def _names(module: ast.Module, folder: PurePosixPath) -> Iterator[str]:
    """Paths without their ending that a module may mean, and scripts that it names."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.replace(".", "/") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = PurePosixPath((node.module or "").replace(".", "/"))
            if node.level:
                up = folder.parents[node.level - 2] if 1 < node.level <= len(folder.parents) + 1 else folder
                base = up / base
            yield base.as_posix()
            yield from ((base / alias.name).as_posix() for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".py"):
            yield node.value[: -len(".py")]


def _file(name: str, known: set[str]) -> str:
    """The file of a module: from the top, or in whichever folder tests may have put on their path."""
    wanted = (f"{name}.py", f"{name}/__init__.py")
    matching = [path for path in known if path in wanted or path.endswith(tuple(f"/{w}" for w in wanted))]
    return min(matching, key=lambda path: (path.count("/"), path), default="")
