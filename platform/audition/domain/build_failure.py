"""Why a build went wrong, in words that help: the class of cause, the place, and what to do next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audition.domain.build import BuildCause, BuildLimits, BuildPlan, BuildResult

_MAX_DETAIL = 400
_MAX_NAMED = 5


class FailureKind(StrEnum):
    """Classes of causes. Source: the design's grader catalogue, A1."""

    NO_RECIPE = "no_recipe"
    """There is no Dockerfile."""
    REFUSED = "refused"
    """An instruction asks for what no builder is asked for here."""
    BASE_NOT_APPROVED = "base_not_approved"
    """It starts from images that are not on this host, which is our limit."""
    PACKAGE_NOT_ON_MIRROR = "package_not_on_mirror"
    NETWORK = "network"
    COMMAND_FAILED = "command_failed"
    OUT_OF_MEMORY = "out_of_memory"
    TIME = "time"
    DISK = "disk"
    """Its files, its image or its log are too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFailure:
    """One failed build."""

    kind: FailureKind
    file: str = ""
    line: int = 0
    """Of the instruction in the submission's own file; 0 when none is to blame."""
    instruction: str = ""
    """The beginning of that instruction."""
    detail: str = ""
    """The engine's own word, or the reasons for a refusal."""
    packages: tuple[str, ...] = ()
    """Projects that were asked of the mirror and are not there, at least not in that version."""

    @property
    def where(self) -> str:
        """The place, e.g. "Dockerfile, line 7 (RUN pip install x)"; empty when there is none."""
        if not self.line:
            return self.file
        return f"{self.file}, line {self.line} ({self.instruction})"

    @property
    def sentence(self) -> str:
        """What happened, for the candidate."""
        if self.kind in {FailureKind.NO_RECIPE, FailureKind.REFUSED, FailureKind.BASE_NOT_APPROVED}:
            return f"The image was not built. {self.detail}"
        happened = _HAPPENED[self.kind].format(packages=", ".join(self.packages[:_MAX_NAMED]))
        place = f" in {self.where}" if self.where else ""
        return f"The build failed{place}: {happened} {self.detail}".strip()

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return _NEXT[self.kind]


_HAPPENED: Final[Mapping[FailureKind, str]] = {
    FailureKind.PACKAGE_NOT_ON_MIRROR: "not on the package mirror, at least not in that version: {packages}.",
    FailureKind.NETWORK: "it wanted something from a network.",
    FailureKind.COMMAND_FAILED: "the step itself failed.",
    FailureKind.OUT_OF_MEMORY: "the step ran out of memory.",
    FailureKind.TIME: "time was over.",
    FailureKind.DISK: "it is too large.",
}
_NEXT: Final[Mapping[FailureKind, str]] = {
    FailureKind.NO_RECIPE: "Add a Dockerfile that installs the dependencies and starts the service.",
    FailureKind.REFUSED: "Change the lines that are named.",
    FailureKind.BASE_NOT_APPROVED: "Start from one of the images that are named; that they are few is our limit.",
    FailureKind.PACKAGE_NOT_ON_MIRROR: (
        "Use versions from the starter's requirements.txt, or ship the wheel with the submission."
    ),
    FailureKind.NETWORK: (
        "Steps reach the package mirror and nothing else: put what you fetch into the submission, or do without."
    ),
    FailureKind.COMMAND_FAILED: (
        "Build it at home from an empty folder; the end of the build log shows what the step said."
    ),
    FailureKind.OUT_OF_MEMORY: "Do less in one step: no training and no compiling while the image is built.",
    FailureKind.TIME: "Install fewer or smaller packages, and train at home: the image ships a trained model.",
    FailureKind.DISK: "Leave data, caches and build tools out of the image; copy only what it serves with.",
}
_KINDS: Final[Mapping[BuildCause, FailureKind]] = {
    BuildCause.POLICY: FailureKind.REFUSED,
    BuildCause.NETWORK: FailureKind.NETWORK,
    BuildCause.STEP_FAILED: FailureKind.COMMAND_FAILED,
    BuildCause.MEMORY_LIMIT: FailureKind.OUT_OF_MEMORY,
    BuildCause.TIME_LIMIT: FailureKind.TIME,
    BuildCause.TOO_LARGE: FailureKind.DISK,
}
_LIMITED: Final[Mapping[FailureKind, Callable[[BuildLimits], str]]] = {
    FailureKind.OUT_OF_MEMORY: lambda limits: f"A step may use {limits.memory_bytes >> 20} MiB.",
}


def diagnose(plan: BuildPlan, result: BuildResult, limits: BuildLimits) -> BuildFailure | None:
    """Why there is no image; None when there is one, or when nothing was found out because it was stopped.

    Args:
        plan: What was to be built.
        result: How it ended.
        limits: What it had.
    """
    kind = _kind(plan, result)
    if kind is None:
        return None
    detail = f"{_LIMITED[kind](limits)} {result.detail}" if kind in _LIMITED else result.detail
    step = plan.instructions[result.failed_step - 1] if _knows_step(plan, result) else None
    return BuildFailure(
        kind=kind,
        file=plan.file,
        line=step.line if step else 0,
        instruction=step.text if step else "",
        detail=detail[: _MAX_DETAIL if kind in _HAPPENED else None],
        packages=result.refused_packages,
    )


def _kind(plan: BuildPlan, result: BuildResult) -> FailureKind | None:
    if result.cause == BuildCause.POLICY and plan.refusals:
        if not plan.file:
            return FailureKind.NO_RECIPE
        is_base_alone = len(plan.unknown_bases) == len(plan.refusals)
        return FailureKind.BASE_NOT_APPROVED if is_base_alone else FailureKind.REFUSED
    if result.cause == BuildCause.NETWORK and result.refused_packages:
        return FailureKind.PACKAGE_NOT_ON_MIRROR
    return _KINDS.get(result.cause)


def _knows_step(plan: BuildPlan, result: BuildResult) -> bool:
    """Whether it is known at which instruction it ended, and the instruction is the candidate's."""
    number = result.failed_step
    return 0 < number <= len(plan.instructions) and plan.instructions[number - 1].line > 0
