"""The submissions that a challenge ships to prove its own grading, and what is expected of each."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from audition.catalog.archive import pack_folder
from audition.catalog.shape import Problems, read_table, shape
from audition.domain.errors import InvalidError
from audition.domain.grade import Dimension, Outcome
from audition.domain.run import Verdict

SAMPLES_FOLDER = "submissions"
EXPECT_FILE = "expect.toml"
ATTACK = "attack"
"""Folder of samples that try to cheat; they may end with any verdict."""
GROUPS = frozenset({verdict.value for verdict in Verdict} - {Verdict.INTERNAL_ERROR.value} | {ATTACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Both ends belong to it; within [0, 1]."""

    low: float = 0.0
    high: float = 1.0

    def __contains__(self, score: float) -> bool:
        """Whether a score lies within."""
        return self.low <= score <= self.high


class Bar(StrEnum):
    """What an attack may earn for the model at most."""

    STARTER = "starter"
    """As much as the starter as it is: cheating gains nothing."""
    REFERENCE = "reference"
    """As much as the reference: cheating gains no more than honest work."""
    TOLD = "told"
    """Anything, as nothing can prevent it; reviewers are told, which `findings` or `says` has to prove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """`expect.toml`: what must come out when the sample is submitted."""

    about: str
    """One line: what this sample shows."""
    verdict: Verdict
    score_low: float = 0.0
    """Ends of the interval for the total score, in [0, 1]; both belong to it."""
    score_high: float = 1.0
    dimensions: dict[Dimension, Interval] = field(default_factory=dict)
    """Intervals for single dimensions."""
    findings: dict[str, Outcome] = field(default_factory=dict)
    """Outcome by check id."""
    says: dict[str, str] = field(default_factory=dict)
    """Words of a finding's sentence by check id: what tells findings apart that only inform."""
    use: str = ""
    """Folder of the challenge that is submitted instead of the sample's own, e.g. "starter"."""
    bar: Bar = Bar.STARTER
    """Of an attack alone."""
    why: str = ""
    """Why an attack has a higher bar than the starter; authors and whoever reads the proof see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample submission."""

    name: str
    """E.g. "accepted/reference"."""
    folder: Path
    """What is submitted."""
    expectation: Expectation

    def pack(self) -> bytes:
        """The archive a candidate would upload; the expectation is not part of it.

        Raises:
            InvalidError: The folder holds things that are not plain files.
        """
        return pack_folder(self.folder, leave_out={EXPECT_FILE})


def find_samples(challenge: Path) -> tuple[Sample, ...]:
    """All samples of a challenge folder, sorted by name.

    Raises:
        InvalidError: With every problem of every sample.
    """
    problems = Problems()
    samples = collect_samples(challenge, problems)
    if problems:
        msg = f"The sample submissions of {challenge.name} have {len(problems)} problem(s)."
        raise InvalidError(msg, code="invalid-samples", problems=problems)
    return samples


def collect_samples(challenge: Path, problems: Problems) -> tuple[Sample, ...]:
    """Like `find_samples`, adding to the problems instead of raising."""
    root = challenge / SAMPLES_FOLDER
    if not root.is_dir():
        problems.say(f"{SAMPLES_FOLDER}/", "", "is missing; add accepted/reference and accepted/baseline.")
        return ()
    found = []
    for group in sorted(path for path in root.iterdir() if path.is_dir()):
        if group.name not in GROUPS:
            known = ", ".join(sorted(GROUPS))
            problems.say(f"{SAMPLES_FOLDER}/{group.name}/", "", f"is not a verdict; use one of {known}.")
            continue
        for folder in sorted(path for path in group.iterdir() if path.is_dir()):
            sample = _read_sample(challenge, folder, problems)
            if sample is not None:
                found.append(sample)
    return tuple(found)


def _read_sample(challenge: Path, folder: Path, problems: Problems) -> Sample | None:
    group = folder.parent.name
    file = f"{SAMPLES_FOLDER}/{group}/{folder.name}/{EXPECT_FILE}"
    table = read_table(challenge, file, problems)
    if table is None:
        return None
    expectation = shape(Expectation, table, file, problems)
    if expectation is None:
        return None
    if group not in {ATTACK, expectation.verdict.value}:
        problems.say(file, "verdict", f"does not agree with the folder {group!r}; change one.")
    _check_intervals(expectation, file, problems)
    _check_bar(expectation, group, file, problems)
    submitted = challenge / expectation.use if expectation.use else folder
    if not submitted.is_dir() or not submitted.resolve().is_relative_to(challenge.resolve()):
        problems.say(file, "use", f"there is no folder {expectation.use!r} in this challenge.")
        return None
    return Sample(name=f"{group}/{folder.name}", folder=submitted, expectation=expectation)


def _check_bar(expectation: Expectation, group: str, file: str, problems: Problems) -> None:
    if expectation.bar == Bar.STARTER:
        return
    if group != ATTACK:
        problems.say(file, "bar", f"is for samples in {SAMPLES_FOLDER}/{ATTACK}/ alone; remove it.")
    if not expectation.why.strip():
        problems.say(file, "why", "is missing; say why this attack may earn more than the starter.")
    is_told = bool(expectation.says) or any(
        outcome != Outcome.PASSED for outcome in expectation.findings.values()
    )
    if expectation.bar == Bar.TOLD and not is_told:
        step = "name the check that tells reviewers, with its outcome or, below [says], its words."
        problems.say(file, "findings", f"nothing says that this attack is seen; {step}")


def _check_intervals(expectation: Expectation, file: str, problems: Problems) -> None:
    intervals = {"score_low, score_high": Interval(low=expectation.score_low, high=expectation.score_high)}
    intervals |= {f"dimensions.{dimension}": value for dimension, value in expectation.dimensions.items()}
    for key, interval in intervals.items():
        if not 0 <= interval.low <= interval.high <= 1:
            problems.say(file, key, f"{interval.low} to {interval.high} is no interval within 0 to 1.")
