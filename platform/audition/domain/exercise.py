"""Trying the commands that a candidate declares: what is run, in which workspace, and what it left behind.

Theory of operation. A trusted container leads: it writes a workspace (a good model or a sabotaged one, a sound batch
or a corrupted one, the candidate's own code or a mutant of it), says in a `Turn` what is to be run there, and waits.
The worker runs it in a container of the candidate's profile and, when that is dead, answers with a signal. The trusted
container looks at what was left and takes its next turn. What the engine recorded is the worker's to add. So whoever
knows what a step is for never runs it, and whoever runs it reads nothing of what it wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from audition.domain.execution import Limits
from audition.domain.run import Verdict

WENT_WELL = "SIGUSR1"
"""Says to the one who leads that the step ended with 0; the next is its request for the same workspace anew."""
ENDED_BADLY = "SIGUSR2"
AGAIN = "SIGHUP"
NO_MODEL = "The contract file names no model that the gate could be given."
"""The one reason of what was omitted that is the candidate's fault; graders know it by its words."""

#: Of all steps together. Each has a limit of its own besides, see audition.grading.exercise.
EXERCISE_LIMITS = Limits(time_seconds=600.0, memory_bytes=2 << 30, output_inodes=4096, log_bytes=64 << 10)
_MOST_LOG = 2000
#: Shares of one processor between which a step that ran out of time wanted more than it got. Below, it waited for
#: something of its own; above, it had what it was promised.
_STARVED = (0.05, 0.5)


class Exercise(StrEnum):
    """What is tried, in this order; the names are those of the keys in the contract's table `pipeline`.

    Three are no keys of it: older models are looked for by name, the README's commands in its fenced blocks, and what
    training learns from is tried with the command of `train`.
    """

    DATA_CHECK = "data_check"
    GATE = "gate"
    RETRAIN = "retrain"
    TRAIN = "train"
    TESTS = "tests"
    ROLLBACK = "rollback"
    README = "readme"
    LEARNS = "learns"


class OtherModel(StrEnum):
    """Models that the service is started with in the place of its own; the names of the files that are kept."""

    RETRAINED = "retrain.model"
    """That retraining gave."""
    OLDER = "rollback.model"
    """A version that is kept by name, and predicts with the present code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One small change to the candidate's code that its tests should notice."""

    kind: str
    """E.g. "comparison turned round"."""
    file: str
    line: int
    """1-based."""
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command in one workspace."""

    name: str
    """Exercise and part, e.g. "gate.sabotaged"; each once in a run."""
    exercise: Exercise
    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    time_seconds: float = 60.0
    about: str = ""
    """What is special about the workspace, e.g. "a model that was trained on labels turned round"."""
    is_first: bool = False
    """Nothing of its exercise went well so far: it decides on which image the exercise runs."""
    mutant: Mutant | None = None
    hidden: str = ""
    """Name of an input that the command does not find at /in; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A declared file that a step left."""

    name: str
    bytes: int
    sha256: str
    is_new: bool = True
    """Whether its content differs from that of the submission's own file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the trusted container says each time.

    Attributes:
        left: What the step before this one left.
        step: What is to be run now; None when all is done, and a collection of output files follows.
        omitted: Name of an exercise to why it is not tried (further); said once.
    """

    left: tuple[Left, ...] = ()
    step: Step | None = None
    omitted: dict[Exercise, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A step that was run: facts of the engine, the end of the log, and what was left."""

    step: Step
    verdict: Verdict
    exit_code: int
    seconds: float
    log: str = ""
    """The end of what it printed; hostile."""
    cpu_seconds: float | None = None
    """Of a processor; None where the kernel keeps no record."""
    image: str = ""
    """"own" for the candidate's image, "challenge" for that of the challenge."""
    left: tuple[Left, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether it ended with 0."""
        return self.verdict == Verdict.ACCEPTED

    @property
    def was_starved(self) -> bool:
        """Whether its time was over on a machine too busy to let it work: that says nothing about the command."""
        if self.verdict != Verdict.TIME_LIMIT or self.cpu_seconds is None or not self.seconds:
            return False
        low, high = _STARVED
        return low <= self.cpu_seconds / self.seconds < high


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseEvidence:
    """What came of all exercises."""

    attempts: tuple[Attempt, ...] = ()
    omitted: dict[Exercise, str] = field(default_factory=dict)
    """Exercises that were not tried (further), each with the reason: a limit of ours, but for NO_MODEL."""
    outputs: tuple[str, ...] = ()
    """Names of the kept files of predictions, "<step>.<file>"."""
    trouble: str = ""
    """What failed on our side before all was done; empty when nothing did."""

    def of(self, name: str) -> Attempt | None:
        """The attempt at one step."""
        return next((attempt for attempt in self.attempts if attempt.step.name == name), None)

    def starting(self, prefix: str) -> tuple[Attempt, ...]:
        """Attempts at steps whose names begin so."""
        return tuple(attempt for attempt in self.attempts if attempt.step.name.startswith(prefix))

    def output_of(self, step: str) -> str:
        """Name of the predictions that a step left; empty when it left none."""
        return next((name for name in self.outputs if name.startswith(f"{step}.")), "")


def end_of_log(streams: Iterable[bytes]) -> str:
    """The end of what a program printed, one stream after the other, without control characters."""
    parts = (stream[-4 * _MOST_LOG :].decode("utf-8", "replace").strip() for stream in streams)
    text = "\n".join(part for part in parts if part)
    return "".join(c for c in text if c.isprintable() or c in "\n\t")[-_MOST_LOG:]
