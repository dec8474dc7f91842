"""Do the commands of the README name things that are there (K9)? Read, not run."""

import itertools
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_assessed, passed
from audition.grading.readme import find_readme, read_lines
from audition.grading.tree import Text, Tree

_TARGET = re.compile(r"^([A-Za-z0-9_.-]+(?:[ \t]+[A-Za-z0-9_.-]+)*)[ \t]*:(?!=)")
_PYTHON = re.compile(r"python[\d.]*")
#: Commands before the one that matters.
_WRAPPERS = frozenset({"sudo", "time", "env", "exec", "uv", "poetry", "run", "pipenv"})
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile")


@check(
    "consistency.readme.true",
    "Commands of the README name what is there",
    points=1,
    why="The README is the first thing that a colleague tries, and the last that was updated.",
    fix="Run every command of the README in a fresh clone, and mend those that fail.",
    is_static=True,
)
def readme(workspace: Workspace) -> Result:
    """Every script, module, file and make target that a fenced command names exists (K9); nothing is run."""
    tree = Tree(workspace.submission)
    text = find_readme(tree)
    if text is None:
        return not_assessed("Not assessed: there is no README.md at the top.")
    named = [
        (line, *thing)
        for line in read_lines(text)
        for words in line.commands
        for thing in _things(_unwrapped(words))
    ]
    if not named:
        return not_assessed("Not assessed: no command of the README names a file, module or target.")
    made = set(_made(text))
    missing = [
        Evidence(summary=f"{kind} {thing[:100]!r} is not there", file=text.path, line=line.number)
        for line, kind, thing in named
        if thing not in made and not _exists(tree, kind, thing)
    ]
    if not missing:
        return passed(f"All {len(named)} things that commands of the README name are there.")
    return failed(
        f"{len(missing)} of {len(named)} things that commands of the README name are not there.", *missing
    )


def _unwrapped(words: tuple[str, ...]) -> tuple[str, ...]:
    """A command without the programs that only start it."""
    while words and (words[0] in _WRAPPERS or re.match(r"[A-Za-z_]\w*=", words[0])):
        words = words[1:]
    return words


def _things(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What a command needs from the submission: its kind and its name."""
    if not words:
        return
    first, rest = words[0], words[1:]
    if first.startswith("./"):
        yield "script", first[2:]
    elif _PYTHON.fullmatch(PurePosixPath(first).name):
        yield from _python(rest)
    elif first in {"bash", "sh"} and rest and not rest[0].startswith("-"):
        yield "script", rest[0].removeprefix("./")
    elif first == "make":
        yield from (("target", word) for word in rest if re.fullmatch(r"[A-Za-z][\w.-]*", word))
    elif first in {"pip", "pip3"} or PurePosixPath(first).name == "pip":
        yield from _behind(rest, "-r", "--requirement")
    elif first in {"docker", "docker-compose", "podman", "kubectl"}:
        yield from _behind(rest, "-f", "--file", "--filename", "-k")


def _python(rest: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if rest[:1] == ("-m",) and len(rest) > 1:
        if rest[1] == "pip":
            yield from _behind(rest[2:], "-r", "--requirement")
        else:
            yield "module", rest[1]
    elif rest and rest[0].endswith(".py"):
        yield "script", rest[0].removeprefix("./")


def _behind(words: tuple[str, ...], *options: str) -> Iterator[tuple[str, str]]:
    """Files that options name."""
    for option, value in itertools.pairwise(words):
        if option in options and not value.startswith(("http:", "https:", "-")) and "$" not in value:
            yield "file", value.removeprefix("./").rstrip("/")


def _made(text: Text) -> Iterator[str]:
    """What commands of the README themselves make: files behind `>` and `-o`."""
    for line in text.lines:
        yield from re.findall(r"(?:>|-o|--output|--out)\s+([\w./-]{1,200})", line)


def _exists(tree: Tree, kind: str, thing: str) -> bool:
    if "<" in thing or "{" in thing or thing.startswith(("/", "~", "..")):
        return True  # A place-holder, or a place outside the submission.
    if kind == "target":
        return thing in _targets(tree)
    if kind == "module":
        path = thing.replace(".", "/")
        # A module that is not of the submission is one of an installed package.
        top = path.partition("/")[0]
        is_ours = any(p == f"{top}.py" or p.startswith(f"{top}/") for p in tree.paths)
        return not is_ours or any(p in tree.paths for p in (f"{path}.py", f"{path}/__main__.py"))
    return any(path == thing or path.startswith(f"{thing}/") for path in tree.paths)


def _targets(tree: Tree) -> frozenset[str]:
    found: set[str] = set()
    for text in tree.named(*_MAKEFILES):
        for line in text.lines:
            match = _TARGET.match(line)
            found.update(match[1].split() if match else ())
    return frozenset(found)
