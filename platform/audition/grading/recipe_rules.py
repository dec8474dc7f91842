"""What an instruction of a candidate's Dockerfile may not ask for, and why. Pure; one function a rule.

Sources: the design's security notes 2.4; the Dockerfile reference; CVE-2024-21626 (WORKDIR), CVE-2024-23651 and
-23653 (mounts and frontends), CVE-2026-33748 (ADD from git).
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: Source: Dockerfile reference, overview of instructions.
_KNOWN = frozenset(
    [
        *("add", "arg", "cmd", "copy", "entrypoint", "env", "expose", "from", "healthcheck", "label"),
        *("maintainer", "run", "shell", "stopsignal", "user", "workdir"),
    ]
)
_REFUSED = {
    "onbuild": "ONBUILD plans steps for another build. Write them as steps of this one.",
    "volume": "VOLUME leaves data behind on the host. Write to /tmp or /out when the image runs.",
}
#: Flags of the classic builder; every other one is BuildKit's, or asks for what no candidate gets.
_FLAGS = {
    "from": frozenset({"platform"}),
    "add": frozenset({"chown"}),
    "copy": frozenset({"chown", "from"}),
    "healthcheck": frozenset({"interval", "retries", "start-period", "timeout"}),
}
_ADVICE = {
    "mount": "Install without a cache mount; there is no cache, and no secret, to mount.",
    "network": "Take it away; steps reach the package mirror and nothing else.",
    "security": "Take it away; steps run without extra rights.",
}
_KERNEL_FOLDERS = ("/proc", "/sys", "/dev")
_RESERVED_LABELS = ("audition.", "org.audition.")
#: Bounded, for a line may be nothing but open braces.
_VARIABLE = re.compile(r"\$(?:\{(\w{1,100})(?::?-([^}]{0,500}))?\}|(\w{1,100}))")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.DOTALL)
_REMOTE = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|git@|[\w.-]+@[\w.-]+:)|\.git(?:#|$)", re.IGNORECASE)
_OFFICIAL = re.compile(r"(?:docker\.io/)?docker/dockerfile(?::1(?:\.\d{1,3}){0,2})?(?:@sha256:[0-9a-f]{64})?")
_MAX_TEXT = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction as it was parsed."""

    name: str
    """Lower case."""
    words: tuple[str, ...]
    flags: tuple[str, ...] = ()
    heredocs: tuple[str, ...] = ()
    line: int = 0
    original: str = ""


@dataclass
class Scene:
    """What the instructions so far have set."""

    arguments: dict[str, str] = field(default_factory=dict)
    """ARG before the first FROM."""
    variables: dict[str, str] = field(default_factory=dict)
    """ENV and ARG of this stage."""
    stages: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Name of each stage above to its variables."""
    count: int = 0
    """Stages begun."""

    def begin_stage(self, alias: str, parent: Mapping[str, str] | None) -> None:
        """A stage begins, from another one or from one of our bases."""
        self.count += 1
        # What all our bases set, as far as a path may be made of it.
        self.variables = {"HOME": "/root"} if parent is None else dict(parent)
        self.stages[alias or f"\0{self.count}"] = self.variables

    def learn(self, instruction: Instruction) -> None:
        """Take over what an accepted instruction sets."""
        if instruction.name not in {"arg", "env"}:
            return
        known = self.variables if self.count else self.arguments
        before = dict(known)
        for name, value in _assignments(instruction):
            known[name] = fill_in(bare(value) or self.arguments.get(name, ""), before)


def why_not(instruction: Instruction, scene: Scene) -> str:
    """The reason against an instruction, with what to do; empty when there is none."""
    name = instruction.name
    if name in _REFUSED:
        return _REFUSED[name]
    if name not in _KNOWN:
        return f"there is no instruction {name.upper()[:20]!r}. Is it a typing error?"
    if not scene.count and name not in {"arg", "from"}:
        return f"{name.upper()} stands before the first FROM. Move it below."
    if len(instruction.original) > _MAX_TEXT:
        return f"it is longer than {_MAX_TEXT} characters. Put the text into a file and COPY it."
    rule = _RULES.get(name)
    return _flag_trouble(instruction) or (rule(instruction, scene) if rule else "")


def is_official_syntax(value: str) -> bool:
    """Whether a `# syntax=` names the usual grammar, which is what is read here anyway."""
    return _OFFICIAL.fullmatch(value) is not None


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Replace variables that have a value, or a default of their own; leave the others as they stand."""
    filled = _VARIABLE.sub(lambda m: (values.get(m[1] or m[3]) or m[2] or m[0])[:1000], text[:_MAX_TEXT])
    return filled[:_MAX_TEXT]


def bare(text: str) -> str:
    """A word without quotes and backslashes, which the builder takes away as well."""
    return text.translate({ord(c): None for c in "\"'\\"})


def folder_of(instruction: Instruction, scene: Scene) -> str:
    """The folder that a WORKDIR names, with its variables filled in."""
    return bare(fill_in(" ".join(instruction.words), scene.variables))


def _flag_trouble(instruction: Instruction) -> str:
    allowed = _FLAGS.get(instruction.name, frozenset())
    for flag in instruction.flags:
        name = flag.removeprefix("--").partition("=")[0]
        if name not in allowed:
            advice = _ADVICE.get(name, "Take it away, or do the same with a RUN step.")
            return f"{instruction.name.upper()} --{name[:20]} is not available here. {advice}"
    return ""


def _from(instruction: Instruction, _scene: Scene) -> str:
    words = instruction.words
    if len(words) == 1:
        return ""
    if len(words) != 3 or words[1].lower() != "as":  # noqa: PLR2004  FROM image AS name
        return "FROM names one image, and perhaps AS and a name."
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_.-]{0,60}", words[2]):
        return "the name of a stage is made of letters, digits, dots, hyphens and underscores. Rename it."
    return ""


def _copy(instruction: Instruction, scene: Scene) -> str:
    for flag in instruction.flags:
        name, _, source = flag.removeprefix("--").partition("=")
        if name == "from" and not _is_stage(bare(source), scene):
            return f"COPY --from={source[:80]!r} names no stage above. Copy from a stage of this file."
    return ""


def _is_stage(source: str, scene: Scene) -> bool:
    # The stage itself, the last one begun, is not above.
    if source.isascii() and source.isdigit():
        return int(source[:9]) < scene.count - 1
    return source.lower() in list(scene.stages)[:-1]


def _add(instruction: Instruction, _scene: Scene) -> str:
    for word in instruction.words[:-1]:
        if _REMOTE.search(bare(word)) or "$" in word:
            return "ADD takes plain paths of the submission only. Put the file there and COPY it."
    return ""


def _workdir(instruction: Instruction, scene: Scene) -> str:
    path = folder_of(instruction, scene)
    if "$" in path:
        return f"WORKDIR {path[:80]!r} depends on an unknown variable. Write the path out."
    # A relative one is taken from / too, which is the strictest place for `..`.
    whole = "/" + posixpath.normpath(f"/{path}").lstrip("/")
    if whole.startswith(tuple(f"{folder}/" for folder in _KERNEL_FOLDERS)) or whole in _KERNEL_FOLDERS:
        return f"WORKDIR {whole[:80]!r} belongs to the kernel. Use a folder such as /app."
    if ".." in path.split("/"):
        return f"WORKDIR {path[:80]!r} goes upwards. Write the path from / on."
    return ""


def _label(instruction: Instruction, _scene: Scene) -> str:
    for key in instruction.words[::2]:
        name = bare(key).lower()
        if "$" in name or name.startswith(_RESERVED_LABELS):
            return f"the label {bare(key)[:80]!r} is reserved. Choose another name, without variables."
    return ""


def _variables(instruction: Instruction, _scene: Scene) -> str:
    for name, _value in _assignments(instruction):
        if name.upper().startswith(("AUDITION_", "BUILDKIT_")):
            return f"the name {name[:80]!r} is reserved. Choose another one."
    return ""


def _assignments(instruction: Instruction) -> list[tuple[str, str]]:
    if instruction.name == "env":
        # The parser gives ENV as name, value, name, value ...
        pairs = zip(instruction.words[::2], instruction.words[1::2], strict=False)
        return [(bare(name), value) for name, value in pairs]
    matches = (_ASSIGNMENT.fullmatch(bare(word)) for word in instruction.words)
    return [(match[1], match[2] or "") for match in matches if match]


_RULES: dict[str, Callable[[Instruction, Scene], str]] = {
    "add": _add,
    "arg": _variables,
    "copy": _copy,
    "env": _variables,
    "from": _from,
    "label": _label,
    "workdir": _workdir,
}
