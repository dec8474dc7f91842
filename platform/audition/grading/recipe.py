"""Read a candidate's Dockerfile, refuse what no builder should be asked for, and write it anew on our bases.

The result is written instruction by instruction from the parsed form, each on one line: a builder that reads
comments, continuations or here-documents differently than we do has nothing left to read differently.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dockerfile

from audition.domain.build import DOCKERFILES, BuildPlan, PlannedStep, base_argument
from audition.domain.contract import Entry
from audition.grading.ignore import UnreadableIgnoreError, context_entries
from audition.grading.recipe_rules import (
    Instruction,
    Scene,
    bare,
    fill_in,
    folder_of,
    is_official_syntax,
    why_not,
)

_MAX_BYTES = 256 << 10
_MAX_REASONS = 20
_MAX_EXCERPT = 160
_MAX_STAGES = 8
_MAX_INSTRUCTIONS = 60
_MAX_CONTEXT = 256 << 20
#: Source: Dockerfile reference, parser directives. They count only above everything else.
_DIRECTIVE = re.compile(r"\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_REGISTRY = re.compile(r"^(?:(?:index\.)?docker\.io/)?(?:library/)?")
_HEREDOC = re.compile(r"<<[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class _UnreadableError(Exception):
    """The file is not a Dockerfile."""


@dataclass
class _Writing:
    """What has been written so far."""

    file: str
    bases: Mapping[str, str]
    """Pattern of a FROM to the name of our image."""
    lines: list[str] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    """For each line, that of the candidate's file."""
    unknown: list[str] = field(default_factory=list)
    """Bases that we do not have."""
    used: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    scene: Scene = field(default_factory=Scene)

    def refuse(self, line: int, reason: str) -> None:
        """Note a reason."""
        if len(self.reasons) < _MAX_REASONS:
            self.reasons.append(f"{self.file}, line {line}: {reason}")

    def write(self, origin: int, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        self.origins.append(origin)


def plan_build(
    submission: Path, bases: Mapping[str, str], entries: Sequence[Entry] = ()
) -> tuple[BuildPlan, bytes]:
    """Plan the build of an unpacked submission.

    Args:
        submission: The unpacked files; hostile.
        bases: What a FROM may name, to the name of our image; `*` stands for a number.
        entries: The files of the submission.

    Returns:
        The plan, and the Dockerfile to build when nothing is refused.
    """
    file = next((name for name in DOCKERFILES if (submission / name).is_file()), "")
    if not file:
        reason = "There is no Dockerfile. Put one at the top of the submission."
        return BuildPlan(refusals=(reason,)), b""
    if reason := _context_trouble(submission, entries, file):
        return BuildPlan(file=file, refusals=(reason,)), b""
    path = submission / file
    if path.stat().st_size > _MAX_BYTES:
        reason = f"{file} is larger than {_MAX_BYTES >> 10} KiB. Move scripts into files of their own."
        return BuildPlan(file=file, refusals=(reason,)), b""
    return plan_text(path.read_bytes(), file, bases)


def _context_trouble(submission: Path, entries: Sequence[Entry], file: str) -> str:
    """Why no build may start from these files."""
    try:
        size = sum(entry.bytes for entry in context_entries(submission, entries, file))
    except UnreadableIgnoreError as error:
        return str(error)
    if size <= _MAX_CONTEXT:
        return ""
    limit = f"at most {_MAX_CONTEXT:,} can be built from"
    return f"The build would get {size:,} bytes; {limit}. Leave out data and caches with a .dockerignore."


def plan_text(content: bytes, file: str, bases: Mapping[str, str]) -> tuple[BuildPlan, bytes]:
    """Plan the build of one Dockerfile; see `plan_build`."""
    writing = _Writing(file=file, bases=bases)
    try:
        text = content.decode()
        _read_directives(text, writing)
        _write(_parse(text), writing)
    except UnicodeDecodeError:
        writing.reasons.append(f"{file} is not UTF-8 text. Save it as UTF-8.")
    except _UnreadableError as error:
        writing.reasons.append(f"{file} cannot be read: {error}. Build it at home to see where.")
    used = tuple(dict.fromkeys(writing.used))
    lines = [*(f"ARG {base_argument(name)}" for name in used), *writing.lines]
    if not writing.reasons and not _reads_as_written(lines):
        writing.reasons.append(
            f"{file} has quotes or braces that can be read in two ways. Write it more simply."
        )
    origins = [*(0 for _ in used), *writing.origins]
    plan = BuildPlan(
        file=file,
        bases=used,
        instructions=tuple(
            PlannedStep(line=origin, text=line[:_MAX_EXCERPT])
            for origin, line in zip(origins, lines, strict=True)
        ),
        unknown_bases=tuple(writing.unknown[:_MAX_REASONS]),
        refusals=tuple(writing.reasons),
    )
    return plan, b"" if plan.refusals else "".join(f"{line}\n" for line in lines).encode()


def _parse(text: str) -> list[Instruction]:
    if "\0" in text:
        msg = "it holds NUL bytes"
        raise _UnreadableError(msg)
    try:
        commands = dockerfile.parse_string(text)
    except dockerfile.GoParseError as error:
        raise _UnreadableError(" ".join(str(error).split())[:200]) from None
    return [
        Instruction(
            # A lone backslash is a command without a name.
            name=(command.cmd or "").lower(),
            words=tuple(command.value),
            flags=tuple(command.flags),
            heredocs=tuple(document.content for document in command.heredocs),
            line=command.start_line,
            original=command.original,
        )
        for command in commands
    ]


def _reads_as_written(lines: list[str]) -> bool:
    """Whether each line is one instruction: the last guard against text that reads as another one."""
    read = [(i.line, i.name) for i in _parse("\n".join(lines))]
    return read == [(number, line.split()[0].lower()) for number, line in enumerate(lines, start=1)]


def _read_directives(text: str, writing: _Writing) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        match = _DIRECTIVE.fullmatch(line)
        if not match:
            return
        name, value = match[1].lower(), match[2]
        if name == "syntax" and not is_official_syntax(value):
            writing.refuse(
                number, f"the frontend {value[:80]!r} is not used here. Remove the line `# syntax=`."
            )
        if name == "escape" and value != "\\":
            writing.refuse(number, "only the backslash continues a line here. Remove the line `# escape=`.")


def _write(instructions: list[Instruction], writing: _Writing) -> None:
    starts = [i for i in instructions if i.name == "from"]
    if not starts:
        msg = "it has no FROM instruction"
        raise _UnreadableError(msg)
    if len(starts) > _MAX_STAGES:
        writing.refuse(starts[_MAX_STAGES].line, f"there are more than {_MAX_STAGES} stages. Join some.")
        return
    if len(instructions) > _MAX_INSTRUCTIONS:
        line = instructions[_MAX_INSTRUCTIONS].line
        writing.refuse(line, f"there are more than {_MAX_INSTRUCTIONS} instructions. Join RUN steps with &&.")
        return
    for instruction in instructions:
        if reason := why_not(instruction, writing.scene) or _unwritable(instruction):
            writing.refuse(instruction.line, reason)
        elif instruction.name == "from":
            _start_stage(instruction, writing)
        else:
            writing.write(instruction.line, _line(instruction, writing.scene))
            writing.scene.learn(instruction)


def _start_stage(instruction: Instruction, writing: _Writing) -> None:
    words, scene = instruction.words, writing.scene
    wanted = bare(fill_in(words[0], scene.arguments))
    alias = words[2].lower() if len(words) > 1 else ""
    parent = scene.stages.get(wanted.lower())
    if parent is not None:
        source = wanted.lower()
    elif base := _approved(wanted, writing.bases):
        source = f"${{{base_argument(base)}}}"
        writing.used.append(base)
    else:
        known = ", ".join(writing.bases) or "none"
        writing.unknown.append(wanted[:_MAX_EXCERPT])
        writing.refuse(
            instruction.line,
            f"the base image {wanted[:120]!r} is not on this host. Start from one of these (* is a number): {known}.",
        )
        return
    scene.begin_stage(alias, parent)
    writing.write(instruction.line, f"FROM {source}" + (f" AS {alias}" if alias else ""))


def _approved(wanted: str, bases: Mapping[str, str]) -> str:
    """Name of our image for what a FROM names; empty when there is none."""
    name = _REGISTRY.sub("", _DIGEST.sub("", wanted), count=1)
    for pattern, base in bases.items():
        if re.fullmatch(re.escape(pattern).replace(r"\*", r"\d{1,4}"), name):
            return base
    return ""


def _unwritable(instruction: Instruction) -> str:
    """Why an instruction cannot stand on one line."""
    if instruction.heredocs:
        is_script = (
            instruction.name == "run"
            and len(instruction.words) == 1
            and _HEREDOC.fullmatch(instruction.words[0])
            and not instruction.heredocs[0].startswith("#!")
        )
        return (
            ""
            if is_script
            else "this here-document needs another builder. Put its text into a file and COPY it."
        )
    text = instruction.original
    if _CONTROL.search(text):
        return "it has control characters. Write it as plain text."
    if text.rstrip().endswith("\\"):
        return "it ends with a backslash. Take it away."
    return ""


def _line(instruction: Instruction, scene: Scene) -> str:
    if instruction.heredocs:
        return "RUN " + json.dumps(["/bin/sh", "-c", instruction.heredocs[0]])
    if instruction.name == "workdir":
        # As it was judged, so that no variable can stand for something else.
        return f"WORKDIR {folder_of(instruction, scene)}"
    return instruction.original.strip()
