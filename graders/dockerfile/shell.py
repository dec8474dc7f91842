"""The commands of a RUN instruction, as far as one can tell without running a shell."""

import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import PurePosixPath

from graders.dockerfile.instructions import Instruction

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
#: Words that may stand before the command that counts.
_BEFORE = frozenset(
    [
        "then",
        "do",
        "else",
        "elif",
        "if",
        "while",
        "until",
        "!",
        "{",
        "time",
        "exec",
        "sudo",
        "env",
        "nice",
        "command",
        "eatmydata",
    ]
)
_SEPARATORS = frozenset("();|&")
_REDIRECTIONS = frozenset("<>")
_MAX_DEPTH = 3


def commands(instruction: Instruction) -> Iterator[tuple[str, ...]]:
    """Each simple command: the program's bare name, then its arguments; redirections are left out."""
    if instruction.is_exec_form:
        yield from _unwrapped(list(instruction.words), 0)
        return
    script = instruction.text
    if not instruction.heredocs:
        yield from _of_script(script, 0)
        return
    # A here-document is a script of its own, or the input of a shell; what else reads it is not ours to follow.
    program = PurePosixPath((script.split("<<")[0].split() or ["sh"])[0]).name
    if program in _SHELLS:
        for content in instruction.heredocs:
            yield from _of_script(content, 0)


def script_commands(script: str) -> Iterator[tuple[str, ...]]:
    """Each simple command of a shell script, as `commands` gives them."""
    yield from _of_script(script, 0)


def _of_script(script: str, depth: int) -> Iterator[tuple[str, ...]]:
    for line in script.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in [*_words(line), ";"]:
            if set(word) <= _SEPARATORS:
                yield from _unwrapped(words, depth)
                words = []
            else:
                words.append(word)


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""  # It would cut words at any "#", as in pkg#sha256=...; a shell does not.
    try:
        words = list(lexer)
    except ValueError:  # Quotes that go on in the next line.
        words = line.split()
    return list(takewhile(lambda word: not word.startswith("#"), words))


def _unwrapped(words: list[str], depth: int) -> Iterator[tuple[str, ...]]:
    """The command without what stands before it; what a shell is told with -c in its place."""
    words = _without_redirections(words)
    while words and (words[0] in _BEFORE or _is_assignment(words[0])):
        words = words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
    if not words:
        return
    name = PurePosixPath(words[0]).name
    if name in _SHELLS and depth < _MAX_DEPTH:
        options = [n for n, word in enumerate(words) if word.startswith("-") and word.endswith("c")]
        if options and len(words) > options[0] + 1:
            yield from _of_script(words[options[0] + 1], depth + 1)
            return
    yield (name, *words[1:])


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()


def _without_redirections(words: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif set(word) <= _REDIRECTIONS | {"&"}:
            skip = True
            if kept and kept[-1].isdecimal():
                kept.pop()  # The number of a stream, as in 2>.
        else:
            kept.append(word)
    return kept
