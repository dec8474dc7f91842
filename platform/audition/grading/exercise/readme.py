"""The commands of the README, one after the other in one workspace, as a colleague would type them (catalogue K9)."""

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

from audition.domain import places
from audition.domain.contract import Command
from audition.domain.exercise import Step
from audition.grading.exercise.stand import Stand
from audition.grading.readme import Line, find_readme, is_to_try, read_lines, served_programs, why_not

_SHARE = 1 / 15
"""Of the stage's time, for each line."""
_MOST = 8
_BESIDE = re.compile(r"(?<![\w./-])(?:\./)?\.\./data(?![\w.-])")


def lines_to_try(stand: Stand) -> tuple[Line, ...]:
    """Those that are tried, the first few."""
    text = find_readme(stand.tree)
    served = served_programs(stand.tree)
    every = read_lines(text) if text is not None else ()
    return tuple(line for line in every if is_to_try(line) and not why_not(line, served))[:_MOST]


def try_readme(stand: Stand, lines: tuple[Line, ...]) -> Generator[Step, bool, None]:
    """Each line on the image on which it works; what a line leaves is there for those after it."""
    stand.workspace(dict(_kit_files(stand, lines)), is_lasting=True)
    for line in lines:
        shell = Command(words=("sh", "-c", as_in_the_kit(line.script)))
        about = f"README.md, line {line.number}"
        step = stand.step(f"readme.{line.number}", shell, {}, share=_SHARE, about=about)
        # A package for training that is not in the image for serving says nothing of the lines after it.
        yield replace(step, is_first=True)


def as_in_the_kit(script: str) -> str:
    """A line with the data where we have it: in the kit a submission's folder stands beside them, `../data`."""
    return _BESIDE.sub(str(places.INPUTS), script)


def _kit_files(stand: Stand, lines: tuple[Line, ...]) -> Iterator[tuple[str, Path]]:
    """Files of the kit, at the places where the lines look for them."""
    for line in lines:
        for word in (word for command in line.commands for word in command):
            parts = word.removeprefix("./").split("/")
            given = stand.input(parts[-1])
            if (
                given is not None
                and ".." not in parts
                and parts[0]
                and "/".join(parts) not in stand.tree.paths
            ):
                yield "/".join(parts), given
