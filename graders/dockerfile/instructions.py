"""A parsed Dockerfile: stages and instructions with their lines. Hostile input, parsed in a sandbox."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import dockerfile

from audition.domain.grade import Evidence
from audition.grading import Workspace

NAMES = ("Dockerfile", "docker/Dockerfile", "deploy/Dockerfile", "deployment/Dockerfile")
_MAX_BYTES = 256 << 10
_MAX_EXCERPT = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile."""

    name: str
    """Lower case, e.g. "run"."""
    words: tuple[str, ...]
    """Arguments; for the shell form one string."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStage:
    """What stands between one FROM and the next."""

    base: str
    alias: str
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

    def lineage(self) -> tuple[BuildStage, ...]:
        """The stages whose settings the final image inherits, the final one first."""
        by_alias = {stage.alias: stage for stage in self.stages if stage.alias}
        found = [self.final]
        while (parent := by_alias.get(found[-1].base.lower())) is not None and parent not in found:
            found.append(parent)
        return tuple(found)


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
        commands = dockerfile.parse_string(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return Recipe(file=name, error="it is not UTF-8 text")
    except dockerfile.GoParseError as error:
        return Recipe(file=name, error=" ".join(str(error).split())[:200])
    return _stages(name, [_instruction(command, name) for command in commands])


def _instruction(command: dockerfile.Command, file: str) -> Instruction:
    return Instruction(
        name=command.cmd.lower(),
        words=(*command.value, *(heredoc.content for heredoc in command.heredocs)),
        flags=tuple(command.flags),
        is_exec_form=bool(command.json),
        line=command.start_line,
        original=command.original,
        file=file,
    )


def _stages(file: str, instructions: list[Instruction]) -> Recipe:
    starts = [index for index, i in enumerate(instructions) if i.name == "from"]
    if not starts:
        return Recipe(file=file, error="it has no FROM instruction")
    arguments = {}
    for instruction in instructions[: starts[0]]:
        if instruction.name == "arg":
            name, _, value = instruction.text.partition("=")
            arguments[name] = value.strip("\"'")
    ends = [*starts[1:], len(instructions)]
    stages = tuple(
        _stage(instructions[start], tuple(instructions[start + 1 : end]), arguments)
        for start, end in zip(starts, ends, strict=True)
    )
    return Recipe(file=file, arguments=arguments, stages=stages)


def _stage(
    source: Instruction, instructions: tuple[Instruction, ...], arguments: dict[str, str]
) -> BuildStage:
    words = source.words
    base = words[0] if words else ""
    for name, value in arguments.items():
        base = base.replace(f"${{{name}}}", value).replace(f"${name}", value)
    has_alias = len(words) == 3 and words[1].lower() == "as"  # noqa: PLR2004  FROM image AS name
    return BuildStage(
        base=base,
        alias=words[2].lower() if has_alias else "",
        source=source,
        instructions=instructions,
    )
