"""The commands of a README: the lines of its fenced blocks, and which of them can be tried here.

Whoever tries them and whoever judges what came of it ask the same functions, so that both speak of the same lines.
"""

import itertools
import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from audition.grading.tree import Text, Tree

_FENCE = re.compile(r"^\s*(?:```|~~~)\s*(?P<tongue>[\w+-]*)")
_SHELLS = frozenset({"", "sh", "bash", "shell", "console", "zsh", "terminal", "shell-session"})
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_PYTHON = re.compile(r"python[\d.]*")
_OPERATORS = ";|&"
_JOINED_STREAMS = re.compile(r"\d?>&\d")
_MOST_LINES = 100
_PLACE_HOLDER = re.compile(r"<[A-Za-z][^<>]*>|…|(?:^|\s)\.\.\.(?:\s|$)|/?path/to\b|\byour[-_]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Programs that fetch something, or ask somebody: there is no network here, and no service beside a command.
_NETWORK = _words(
    "pip pip3 pipx uv poetry pipenv conda mamba git gh glab curl wget http npm npx apt apt-get brew aws gcloud az"
    " gsutil ssh scp rsync huggingface-cli sudo"
)
#: Programs that need a container engine or a cluster.
_ENGINE = _words(
    "docker docker-compose podman buildah kubectl kustomize helm kind minikube k3d act terraform"
)
#: Programs and modules that run until they are stopped.
_SERVERS = _words(
    "uvicorn gunicorn hypercorn flask waitress-serve waitress streamlit jupyter jupyter-lab notebook mlflow"
    " http.server prometheus grafana-server locust"
)
_ENVIRONMENTS = _words("source . activate deactivate virtualenv venv")
#: Programs that are tried; scripts in the submission (`./run.sh`) are as well.
_TRIED = _words("pytest make bash sh")
#: What stands beside them in a line, and is nothing to try alone.
_HELPERS = _words(
    "cd export set echo printf cat ls mkdir cp mv rm head tail wc sort grep tee test true sleep diff date pwd exit wait"
    " touch"
)
#: Lines that only say where the lines after them run, and with which variables.
_SETUP = _words("cd export set")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a fenced block of a shell."""

    text: str
    """Without its prompt, continuations joined."""
    number: int
    """Where it begins, 1-based."""
    commands: tuple[tuple[str, ...], ...]
    """Its simple commands, without assignments and comments; none when it is no shell."""
    before: tuple[str, ...] = ()
    """Lines of the same block that say where it runs and with which variables."""

    @property
    def script(self) -> str:
        """What a shell is given."""
        return " && ".join((*self.before, self.text))


def find_readme(tree: Tree) -> Text | None:
    """The README at the top."""
    return next((tree.text(path) for path in tree.paths if path.lower() == "readme.md"), None)


def read_lines(text: Text) -> Iterator[Line]:
    """Its lines that are commands, at most 100."""
    count = 0
    for block in _blocks(text):
        before: list[str] = []
        for number, line in _joined(block):
            commands = tuple(_split(line))
            if not commands:
                continue
            count += 1
            if count > _MOST_LINES:
                return
            yield Line(line, number, commands, tuple(before))
            if all(words[0] in _SETUP for words in commands):
                before.append(line)


def _blocks(text: Text) -> Iterator[list[tuple[int, str]]]:
    """Numbered lines of each block; where some have a prompt, the others are what was printed."""
    tongue: str | None = None
    block: list[tuple[int, str]] = []
    for number, line in enumerate(text.lines, 1):
        fence = _FENCE.match(line)
        if fence is None:
            if tongue in _SHELLS:
                block.append((number, line.strip()))
            continue
        if tongue is None:
            tongue, block = fence["tongue"].lower(), []
            continue
        yield _typed(block)
        tongue, block = None, []
    if block:
        yield _typed(block)


def _typed(block: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if not any(line.startswith("$ ") for _, line in block):
        return block
    kept, goes_on = [], False
    for number, line in block:
        if goes_on or line.startswith("$ "):
            kept.append((number, line.removeprefix("$ ").removeprefix("> ")))
            goes_on = line.endswith("\\")
    return kept


def _joined(block: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    held, begun = "", 0
    for number, line in block:
        held, begun = f"{held} {line}".strip(), begun if held else number
        if held.endswith("\\"):
            held = held[:-1]
            continue
        yield begun, held
        held = ""


def _split(line: str) -> Iterator[tuple[str, ...]]:
    """The simple commands of a line."""
    lexer = shlex.shlex(_JOINED_STREAMS.sub("", line), posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return  # A quote that is not closed: shown to people, not to a shell.
    for is_operator, group in itertools.groupby(words, lambda word: not word.strip(_OPERATORS)):
        if not is_operator:
            command = tuple(itertools.dropwhile(_ASSIGNED.match, group))
            if command:
                yield command


def served_programs(tree: Tree) -> frozenset[str]:
    """Scripts and modules that the image's own command starts."""
    found: set[str] = set()
    for text in tree.named("Dockerfile"):
        for line in text.lines:
            if re.match(r"\s*(?:CMD|ENTRYPOINT)\b", line):
                found.update(re.findall(r"[\w./-]+\.(?:py|sh)\b", line))
                found.update(re.findall(r"-m[\"',\s]+([\w.]+)", line))
    return frozenset(name.removeprefix("./") for name in found)


def is_to_try(line: Line) -> bool:
    """Whether it does something that shows whether the README is true."""
    return any(words[0] not in _HELPERS for words in line.commands)


def why_not(line: Line, served: Collection[str]) -> str:
    """Why a line is not tried, to follow "line 12"; empty when it is.

    Args:
        line: One for which `is_to_try` holds.
        served: What `served_programs` found.
    """
    if _PLACE_HOLDER.search(line.text):
        return "has a place-holder in it"
    return next((reason for words in line.commands if (reason := _why_not(words, served))), "")


def _why_not(words: tuple[str, ...], served: Collection[str]) -> str:
    first = words[0]
    name = first.rpartition("/")[2]
    if first.startswith("./") or name in {"bash", "sh"}:
        script = first if first.startswith("./") else next((w for w in words[1:] if w[0] != "-"), "")
        return _is_served(script, served)
    if _PYTHON.fullmatch(name):
        return _of_python(words[1:], served)
    return _by_name(name)


def _by_name(name: str) -> str:
    if name in _NETWORK:
        return "needs a network, rights or a running service"
    if name in _ENGINE:
        return "needs a container engine or a cluster"
    if name in _SERVERS:
        return "runs until it is stopped"
    if name in _ENVIRONMENTS:
        return "prepares an environment"
    return "" if name in _TRIED or name in _HELPERS else "is not among the programs that are tried"


def _of_python(rest: tuple[str, ...], served: Collection[str]) -> str:
    if rest[:1] != ("-m",):
        return _is_served(next((word for word in rest if not word.startswith("-")), ""), served)
    module = rest[1] if len(rest) > 1 else ""
    if module in _NETWORK | _SERVERS | _ENVIRONMENTS:
        return _by_name(module)
    return _is_served(module, served)


def _is_served(program: str, served: Collection[str]) -> str:
    return "starts the service" if program and program.removeprefix("./") in served else ""
