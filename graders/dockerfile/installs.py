"""Which RUN instructions install Python packages, by which tool, and what they ask for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.dockerfile.instructions import BuildStage, Instruction
from graders.dockerfile.shell import commands

_PIP = re.compile(r"^pip[0-9.]*$")
_PYTHON = re.compile(r"^python[0-9.]*$")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
#: Options of pip and uv that are followed by a value. Source: their command-line references.
_VALUED = frozenset(
    # One a line would take sixty lines.
    [
        "-t",
        "--target",
        "-i",
        "--index-url",
        "--extra-index-url",
        "--index",
        "--default-index",
        "-f",
        "--find-links",
        "--prefix",
        "--root",
        "--src",
        "--platform",
        "--python-version",
        "--implementation",
        "--abi",
        "--progress-bar",
        "--timeout",
        "--retries",
        "--trusted-host",
        "--proxy",
        "--cert",
        "--client-cert",
        "--cache-dir",
        "--log",
        "--exists-action",
        "--upgrade-strategy",
        "--no-binary",
        "--only-binary",
        "--global-option",
        "--config-settings",
        "-C",
        "--report",
        "--build",
        "-b",
        "-w",
        "--wheel-dir",
        "-d",
        "--dest",
        "-p",
        "--python",
        "--keyring-provider",
        "--use-feature",
        "--use-deprecated",
        "--group",
        "--index-strategy",
        "--resolution",
        "--link-mode",
        "--prerelease",
        "--torch-backend",
        "-P",
        "--upgrade-package",
        "--exclude-newer",
        "--extra",
        "--directory",
        "--project",
    ]
)
_CONDA_VALUED = frozenset(
    ["-n", "--name", "-p", "--prefix", "-c", "--channel", "--solver", "--root-prefix", "-r"]
)
#: What installs, but is no part of what the model runs on.
_TOOLING = frozenset(
    [
        "pip",
        "setuptools",
        "wheel",
        "uv",
        "poetry",
        "poetry-core",
        "pipenv",
        "pdm",
        "hatch",
        "hatchling",
        "build",
        "pip-tools",
        "virtualenv",
    ]
)
#: Tool to the words that make it install from a project's lock, and the lock's name.
_LOCKED = {
    "uv": (frozenset({"sync"}), "uv.lock"),
    "poetry": (frozenset({"install", "sync"}), "poetry.lock"),
    "pdm": (frozenset({"install", "sync"}), "pdm.lock"),
    "pipenv": (frozenset({"install", "sync"}), "Pipfile.lock"),
    "conda-lock": (frozenset({"install"}), "conda-lock.yml"),
}
_LOCAL_FILES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """One command that installs packages."""

    instruction: Instruction
    requirements: tuple[str, ...] = ()
    """Written on the command line."""
    files: tuple[str, ...] = ()
    """Requirement files, as the command names them."""
    constraints: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    """Folders that are installed with what they depend on."""
    environments: tuple[str, ...] = ()
    """Environment files of conda."""
    lock: str = ""
    """Name of the lock file that the command installs from."""
    is_conda: bool = False

    @property
    def is_tooling(self) -> bool:
        """Whether it only brings tools that install others."""
        others = (self.files, self.projects, self.environments, self.lock)
        return not any(others) and all(is_tool(text) for text in self.requirements)


def is_tool(requirement: str) -> bool:
    """Whether a requirement is a tool that installs others."""
    return name_of(requirement) in _TOOLING


def name_of(requirement: str) -> str:
    """The normalized name of a requirement (PEP 503); empty when there is none."""
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower().strip("-") if match else ""


def installs(stage: BuildStage) -> Iterator[Install]:
    """Every install of a stage, in order; tooling included."""
    for instruction in stage.all("run"):
        for command in commands(instruction):
            if found := _install(instruction, command):
                yield found


def _install(instruction: Instruction, command: tuple[str, ...]) -> Install | None:
    name, words = command[0], list(command[1:])
    if _PYTHON.match(name) and "-m" in words[:-1]:
        at = words.index("-m")
        name, words = words[at + 1], words[at + 2 :]
    while words and words[0].startswith("-"):  # Options before the verb.
        words = words[1:]
    verb = words[0] if words else ""
    if name == "uv" and verb == "pip":
        name, words = "pip", words[1:]
        verb = words[0] if words else ""
    if _PIP.match(name):
        return _pip(instruction, verb, words[1:])
    if name in {"conda", "mamba", "micromamba"}:
        return _conda(instruction, words)
    if name in _LOCKED:
        verbs, lock = _LOCKED[name]
        if verb in verbs:
            return Install(instruction=instruction, lock=lock)
        if verb == "add":
            return _pip(instruction, "install", words[1:])
    return None


def _pip(instruction: Instruction, verb: str, words: list[str]) -> Install | None:
    if verb == "sync":  # uv pip sync, whose arguments are requirement files.
        files = tuple(_plain(words, _VALUED))
        return Install(instruction=instruction, files=files)
    if verb not in {"install", "wheel", "download"}:
        return None
    taken: dict[str, list[str]] = {"-r": [], "-c": [], "-e": []}
    plain = list(_plain(_take_values(words, taken), _VALUED))
    local = [word for word in (*plain, *taken["-e"]) if is_local(word)]
    with_dependencies = "--no-deps" not in words
    return Install(
        instruction=instruction,
        requirements=tuple(word for word in (*plain, *taken["-e"]) if word not in local),
        files=tuple(taken["-r"]),
        constraints=tuple(taken["-c"]),
        projects=tuple(w for w in local if with_dependencies and not _is_file(w)),
    )


def _take_values(words: list[str], taken: dict[str, list[str]]) -> list[str]:
    """The words without -r, -c and -e, whose values go into `taken`."""
    long = {
        "--requirement": "-r",
        "--requirements": "-r",
        "--constraint": "-c",
        "--constraints": "-c",
        "--editable": "-e",
    }
    rest: list[str] = []
    upcoming = ""
    for word in words:
        name, equals, value = word.partition("=")
        if upcoming:
            taken[upcoming].append(word)
            upcoming = ""
        elif word in taken or word in long:
            upcoming = long.get(word, word)
        elif equals and name in long:
            taken[long[name]].append(value)
        elif word[:2] in taken and not word.startswith("--"):
            taken[word[:2]].append(word[2:].lstrip("="))
        else:
            rest.append(word)
    return rest


def _plain(words: list[str], valued: frozenset[str]) -> Iterator[str]:
    """The words that are neither options nor their values."""
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word in valued
        else:
            yield word


def is_local(word: str) -> bool:
    """Whether a requirement is a file or folder of the candidate's own."""
    if "://" in word:
        return False
    return (
        word.startswith((".", "/", "~"))
        or word.endswith(_LOCAL_FILES)
        or "/" in word.split("[", maxsplit=1)[0].split("@", maxsplit=1)[0]
    )


def _is_file(word: str) -> bool:
    return word.rstrip("*").endswith(_LOCAL_FILES) or word.endswith("*")


def _conda(instruction: Instruction, words: list[str]) -> Install | None:
    if words[:1] == ["env"]:
        words = words[1:]
    verb = words[0] if words else ""
    if verb not in {"install", "create", "update"}:
        return None
    rest, files = [], []
    upcoming = False
    for word in words[1:]:
        name, _, value = word.partition("=")
        if upcoming or (name == "--file" and value):
            files.append(word if upcoming else value)
            upcoming = False
        elif word in {"-f", "--file"}:
            upcoming = True
        else:
            rest.append(word)
    requirements = tuple(_plain(rest, _CONDA_VALUED))
    return Install(
        instruction=instruction, requirements=requirements, environments=tuple(files), is_conda=True
    )
