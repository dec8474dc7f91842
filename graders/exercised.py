"""What the graders of tried commands share: the evidence, what stands in the way of it, and how it is told.

What is not declared and not found earns nothing where the challenge tries commands and gives the dimension a weight;
what we could not try counts for nothing. A command that had to be found earns 0.7 of the points.
"""

import re
import shlex
from dataclasses import dataclass, replace

from audition.domain.contract import CONTRACT_FILE, Inventory
from audition.domain.exercise import NO_MODEL, Attempt, Exercise, ExerciseEvidence
from audition.domain.grade import COUNTED_OUTCOMES, Dimension, Evidence
from audition.domain.run import Stage, Verdict
from audition.grading import Result, Workspace, failed, not_applicable, not_assessed, partial, passed

NOT_TRIED = "No commands were tried in this run."
_MOST_COMMAND = 300
_ALL = 0.995
#: Errors that say that a program could not do its work, and not that it judged: it ended badly all the same.
_CRASH = re.compile(
    r"^(?:\w+\.)*(?:FileNotFoundError|ModuleNotFoundError|ImportError|SyntaxError|IndentationError|NameError|KeyError"
    r"|AttributeError|TypeError|UnpicklingError|EOFError|PermissionError|OSError|UnicodeDecodeError|MemoryError)\b",
    re.MULTILINE,
)
#: Shell convention: not to be run, not found.
NOT_STARTED = frozenset({126, 127})
_ENDINGS = {
    Verdict.TIME_LIMIT: "was ended after {seconds:.0f} s, its limit",
    Verdict.MEMORY_LIMIT: "reached its memory limit",
    Verdict.OUTPUT_LIMIT: "wrote or printed more than allowed",
    Verdict.SIGNALLED: "crashed (signal {signal})",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """The attempts at one command."""

    exercise: Exercise
    evidence: ExerciseEvidence
    inventory: Inventory

    def of(self, part: str) -> Attempt | None:
        """The attempt at a part, e.g. "good" of the gate."""
        return self.evidence.of(f"{self.exercise}.{part}")

    def output_of(self, part: str) -> str:
        """Name of the predictions that a part left; empty when it left none."""
        return self.evidence.output_of(f"{self.exercise}.{part}")

    def result(self, share: float, sentence: str, *evidence: Evidence, note: str = "") -> Result:
        """A result by its share, with less for a command that had to be found."""
        key = f"pipeline.{self.exercise}"
        found = next((f" {d.sentence}" for d in self.inventory.discovered if d.key == key), "")
        share = min(1.0, max(0.0, share)) * self.inventory.credit(key)
        result = (
            partial(share, sentence + found, *evidence) if share > 0 else failed(sentence + found, *evidence)
        )
        if share >= _ALL:
            result = passed(sentence + found, *evidence)
        return replace(result, note=note)


def tried(workspace: Workspace, exercise: Exercise, what: str, dimension: Dimension) -> Tried | Result:
    """The attempts at a command, or why there are none.

    Args:
        workspace: The evidence.
        exercise: Which command.
        what: What it is to a reader, e.g. "gate".
        dimension: What the finding speaks about.
    """
    if Stage.EXERCISE not in workspace.manifest.stages:
        return not_applicable(NOT_TRIED)
    inventory, evidence = workspace.evidence.inventory, workspace.exercise
    if getattr(inventory.contract.pipeline, exercise) is None:
        sentence = f"No {what} is declared (`pipeline.{exercise}` in {CONTRACT_FILE}), and none was found to be tried."
        is_asked = workspace.manifest.weights.get(dimension, 0) > 0
        return failed(sentence) if is_asked else not_applicable(sentence)
    if evidence is None or not evidence.starting(f"{exercise}."):
        reason = evidence.omitted.get(exercise, evidence.trouble) if evidence is not None else ""
        sentence = f"The {what} could not be tried. {reason}".strip()
        return failed(sentence) if reason == NO_MODEL else not_assessed(sentence)
    for attempt in evidence.starting(f"{exercise}."):
        if attempt.was_starved and attempt.step.mutant is None:
            return not_assessed(f"The {what} could not be tried: {starved(attempt)}")
    return Tried(exercise, evidence, inventory)


def unfinished(found: Tried, what: str) -> Result:
    """Something of it was tried and the rest was not, which is a limit of ours."""
    reason = found.evidence.omitted.get(found.exercise, found.evidence.trouble)
    return not_assessed(f"The {what} could not be tried to its end. {reason}".strip())


def starved(attempt: Attempt) -> str:
    """What a busy machine did to it, a sentence."""
    used = attempt.cpu_seconds or 0.0
    return f"this machine was busy, and gave it {used:.0f} s of a processor in {attempt.seconds:.0f} s."


def is_refusal(attempt: Attempt) -> bool:
    """Whether a program ended because it judged, not because it could not go on."""
    is_own = attempt.verdict == Verdict.NONZERO_EXIT and attempt.exit_code not in NOT_STARTED
    return is_own and not _CRASH.search(attempt.log)


def ending(attempt: Attempt) -> str:
    """How it ended, to follow the name of what ended."""
    template = _ENDINGS.get(attempt.verdict, "ended with {code}")
    return template.format(seconds=attempt.seconds, code=attempt.exit_code, signal=attempt.exit_code - 128)


def seen(attempt: Attempt) -> Evidence:
    """The command with which it can be seen again, how it ended, and the end of its log."""
    command = shlex.join(attempt.step.argv)[:_MOST_COMMAND]
    where = "in your image" if attempt.image == "own" else "in the challenge's image"
    about = f" with {attempt.step.about}" if attempt.step.about else ""
    return Evidence(summary=f"`{command}`{about}, {where}, {ending(attempt)}", excerpt=attempt.log)


def is_counted(result: Result) -> bool:
    """Whether a result counts towards points."""
    return result.outcome in COUNTED_OUTCOMES
