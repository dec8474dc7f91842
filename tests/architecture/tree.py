"""The repository as tests of its architecture see it: its own Python files, parsed."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CODE = ("platform", "graders", "challenges", "sandbox_images")


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: str
    """Relative to the repository."""
    text: str

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of its syntax tree."""
        return tuple(ast.walk(ast.parse(self.text)))

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """Absolute names that it imports, with their lines."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[tuple[str, int]]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield node.module, node.lineno


@cache
def files() -> tuple[str, ...]:
    """Every file that is part of the repository: known to git, or new and not ignored."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(path for path in set(listed) if (REPO / path).is_file()))


@cache
def _sources(root: str) -> tuple[Source, ...]:
    paths = [path for path in files() if path.endswith(".py") and path.startswith(f"{root}/")]
    return tuple(Source(path, (REPO / path).read_text(encoding="utf-8")) for path in paths)


def sources(*roots: str) -> Iterator[Source]:
    """The Python files under some top-level folders; each is read and parsed once."""
    return chain.from_iterable(_sources(root) for root in roots)


def is_in(path: str, *places: str) -> bool:
    """Whether a path is one of some files, or lies in one of some folders (which end with a slash)."""
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def is_sample(path: str) -> bool:
    """Whether a file belongs to a sample submission: what candidates would hand in follows no house rules of ours."""
    return path.startswith("challenges/") and "/submissions/" in path
