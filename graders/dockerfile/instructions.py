"""A parsed Dockerfile: stages and instructions with their lines. Hostile input, parsed in a sandbox."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import dockerfile

from audition.domain.grade import Evidence
from audition.grading import Workspace

NAMES = ("Dockerfile", "docker/Dockerfile", "deploy/Dockerfile", "deployment/Dockerfile")
_MAX_BYTES = 256 << 10
_MAX_EXCERPT = 160
#: Source: Dockerfile reference, overview of instructions.
_KNOWN = frozenset(
    [
        "add",
        "arg",
        "cmd",
        "copy",
        "entrypoint",
        "env",
        "expose",
        "from",
        "healthcheck",
        "label",
        "maintainer",
        "onbuild",
        "run",
        "shell",
        "stopsignal",
        "user",
        "volume",
        "workdir",
    ]
)
#: Bounded, for a line may be nothing but open braces.
_VARIABLE = re.compile(r"\$(?:\{(\w{1,100})(?::?-([^}]{0,500}))?\}|(\w{1,100}))")
#: Characters that variables may add to one text: each may hold others twice, forty times over.
_MAX_FILLED = 4096
_MAX_STAGES = 100
_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile."""

    name: str
    """Lower case, e.g. "run"."""
    words: tuple[str, ...]
    """Arguments; for the shell form one string."""
    heredocs: tuple[str, ...]
    """Contents of its here-documents."""
    flags: tuple[str, ...]
    is_exec_form: bool
    line: int
    """1-based."""
    original: str
    file: str

    def evidence(self, summary: str) -> Evidence:
        """Point at this instruction."""
        return Evidence(summary=summary, file=self.file, line=self.line, excerpt=self.original[:_MAX_EXCERPT])

    @property
    def text(self) -> str:
        """All arguments in one string."""
        return " ".join(self.words)

    def assignments(self) -> tuple[tuple[str, str], ...]:
        """Names and values of an ENV or ARG, quotes taken off; the value of a bare ARG is empty."""
        if self.name == "env":
            # The parser gives ENV as name, value, name, value ...
            pairs = list(zip(self.words[::2], self.words[1::2], strict=False))
        else:
            matches = (_ASSIGNMENT.match(word) for word in self.words)
            pairs = [(match[1], match[2] or "") for match in matches if match]
        return tuple((name, value.strip("\"'")) for name, value in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStage:
    """What stands between one FROM and the next."""

    base: str
    """The image's name with the variables filled in that have a default."""
    alias: str
    """Lower case; empty when it has none."""
    parent: int | None
    """Index of the stage it continues; None when it starts from an image."""
    source: Instruction
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> tuple[Instruction, ...]:
        """Its instructions of one kind."""
        return tuple(i for i in self.instructions if i.name == name)

    def last(self, name: str) -> Instruction | None:
        """The instruction of this kind that wins."""
        return next(reversed(self.all(name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A whole Dockerfile, or why it cannot be read."""

    file: str
    error: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    """Values of ARG before the first FROM."""
    stages: tuple[BuildStage, ...] = ()

    @property
    def final(self) -> BuildStage:
        """The stage that becomes the image."""
        return self.stages[-1]

    def lineage(self, stage: BuildStage | None = None) -> tuple[BuildStage, ...]:
        """The stages whose settings a stage (else the final one) inherits, itself first."""
        found = [stage or self.final]
        while (parent := found[-1].parent) is not None:
            found.append(self.stages[parent])
        return tuple(found)

    def variables(self) -> dict[str, str]:
        """What ENV and the defaults of ARG say at the end of the final stage."""
        known: dict[str, str] = {}
        for stage in reversed(self.lineage()):
            for instruction in stage.instructions:
                if instruction.name in {"env", "arg"}:
                    for name, value in instruction.assignments():
                        known[name] = fill_in(value or self.arguments.get(name, ""), known)
        return known


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Replace variables that have a value, or a default of their own; leave the others as they stand."""
    room = _MAX_FILLED

    def value(match: re.Match[str]) -> str:
        nonlocal room
        found = values.get(match[1] or match[3]) or match[2] or match[0]
        if len(found) > room:
            return match[0]
        room -= len(found)
        return found

    return _VARIABLE.sub(value, text)


def find_recipe(workspace: Workspace) -> Recipe | None:
    """The submission's Dockerfile, parsed; None when there is none."""
    for name in NAMES:
        path = workspace.submission / name
        if path.is_file():
            return _parse(path, name, path.stat().st_mtime_ns)
    return None


@lru_cache(maxsize=8)
def _parse(path: Path, name: str, _changed: int) -> Recipe:
    if path.stat().st_size > _MAX_BYTES:
        return Recipe(file=name, error=f"it is larger than {_MAX_BYTES >> 10} KiB")
    try:
        text = path.read_text(encoding="utf-8")
        if "\0" in text:  # The parser would stop there and see nothing of what follows.
            return Recipe(file=name, error="it holds NUL bytes")
        commands = dockerfile.parse_string(text)
    except UnicodeDecodeError:
        return Recipe(file=name, error="it is not UTF-8 text")
    except dockerfile.GoParseError as error:
        return Recipe(file=name, error=" ".join(str(error).split())[:200])
    instructions = [_instruction(command, name) for command in commands]
    # The parser takes any word for an instruction; the builder, which comes later, does not.
    mistake = next((text for i in instructions if (text := _mistake(i))), "")
    return Recipe(file=name, error=mistake) if mistake else _recipe(name, instructions)


def _instruction(command: dockerfile.Command, file: str) -> Instruction:
    return Instruction(
        # A lone backslash is a command without a name.
        name=(command.cmd or "").lower(),
        words=tuple(command.value),
        heredocs=tuple(heredoc.content for heredoc in command.heredocs),
        flags=tuple(command.flags),
        is_exec_form=bool(command.json),
        line=command.start_line,
        original=command.original,
        file=file,
    )


def _mistake(instruction: Instruction) -> str:
    name, where = instruction.name.upper()[:20], f"line {instruction.line}"
    if instruction.name not in _KNOWN:
        return f"{where}: there is no instruction {name!r}"
    if not instruction.words and not instruction.is_exec_form:
        return f"{where}: {name} says nothing"
    if instruction.name in {"copy", "add"} and len(instruction.words) < 2:  # noqa: PLR2004  source and destination
        return f"{where}: {name} needs a source and a destination"
    if instruction.name == "from" and not (len(instruction.words) == 1 or _has_alias(instruction)):
        return f"{where}: FROM names one image, and perhaps AS and a name"
    return ""


def _has_alias(instruction: Instruction) -> bool:
    words = instruction.words
    return len(words) == 3 and words[1].lower() == "as"  # noqa: PLR2004  FROM image AS name


def _recipe(file: str, instructions: list[Instruction]) -> Recipe:
    starts = [index for index, i in enumerate(instructions) if i.name == "from"]
    if not starts:
        return Recipe(file=file, error="it has no FROM instruction")
    if len(starts) > _MAX_STAGES:
        return Recipe(file=file, error=f"it has more than {_MAX_STAGES} stages")
    if early := next((i for i in instructions[: starts[0]] if i.name != "arg"), None):
        return Recipe(
            file=file, error=f"line {early.line}: {early.name.upper()} stands before the first FROM"
        )
    arguments: dict[str, str] = {}
    for instruction in instructions[: starts[0]]:
        for name, value in instruction.assignments():
            arguments[name] = fill_in(value, arguments)
    stages: list[BuildStage] = []
    for start, end in zip(starts, [*starts[1:], len(instructions)], strict=True):
        stages.append(_stage(instructions[start], instructions[start + 1 : end], arguments, stages))
    return Recipe(file=file, arguments=arguments, stages=tuple(stages))


def _stage(
    source: Instruction, rest: list[Instruction], arguments: dict[str, str], earlier: list[BuildStage]
) -> BuildStage:
    base = fill_in(source.words[0], arguments)
    # Only stages above count: FROM python AS python starts from the image of that name.
    aliases = {stage.alias: index for index, stage in enumerate(earlier) if stage.alias}
    return BuildStage(
        base=base,
        alias=source.words[2].lower() if _has_alias(source) else "",
        parent=aliases.get(base.lower()),
        source=source,
        instructions=tuple(rest),
    )
