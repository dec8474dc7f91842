"""Evidence: what a run left behind. Immutable; graders are pure functions over it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from audition.domain.build import BuildCause, Rebuild
from audition.domain.build_failure import BuildFailure
from audition.domain.contract import Inventory
from audition.domain.execution import Exit, Usage
from audition.domain.image import ImageConfig, ImageEvidence
from audition.domain.run import Stage, Verdict


class ArtifactKind(StrEnum):
    """Kinds of stored bytes a run can have."""

    OUTPUT = "output"
    STDOUT = "stdout"
    STDERR = "stderr"
    EVIDENCE = "evidence"
    SERVICE = "service"
    """What a prober saw of the candidate's service."""
    DRIFT = "drift"
    """What the service's metrics did under the drift protocol: a `DriftEvidence`."""
    REPEATED = "repeated"
    """Predictions of the repeat stage."""
    EXERCISE = "exercise"
    """What came of the candidate's own commands: an `ExerciseEvidence`."""
    EXERCISE_OUTPUT = "exercise_output"
    """Predictions that such a command left."""
    CELLS = "cells"
    """What the run of a notebook said of its cells, one event a line; forgeable like all that candidates' code says."""
    NOTEBOOK = "notebook"
    """The notebook with the outputs that its cells had when they ran; hostile."""
    NOTEBOOK_PAGE = "notebook_page"
    """The same drawn as HTML and cleaned by a trusted container; still shown where it may do nothing."""
    TEXTS_PAGE = "texts_page"
    """The README, the model card and other texts, drawn, cleaned and shown the same way."""
    SOURCES = "sources"
    """The code as text, as far as it is kept for reviewers to compare: a `Sources`; hostile."""
    TOOLS = "tools"
    """What the linters said: a `ToolReports`."""
    TRACES = "traces"
    """What of a submission can be compared with others: a `Traces`; for staff only."""
    FIRST_LOOK = "first_look"
    """Grades of the static graders, shown while a run goes on: a `GradeSheet`; they count for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Bytes of a run in the blob store, published with its fence by the final transaction."""

    run_id: str
    fence: int
    stage: Stage
    kind: ArtifactKind
    name: str
    digest: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEvidence:
    """How one stage went, without times of day, so that equal runs give equal evidence."""

    stage: Stage
    verdict: Verdict
    exit_code: int | None = None
    message: str = ""
    usage: Usage | None = None
    image_id: str = ""
    runtime: str = ""

    @classmethod
    def of_exit(cls, stage: Stage, exit_: Exit, verdict: Verdict, message: str) -> Self:
        """What is kept of a container that did a stage and ended."""
        return cls(
            stage=stage,
            verdict=verdict,
            exit_code=exit_.exit_code,
            message=message,
            usage=exit_.usage,
            image_id=exit_.image_id,
            runtime=exit_.runtime,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEvidence:
    """How the candidate's own image was built; the log is an artifact beside."""

    cause: BuildCause
    detail: str = ""
    file: str = ""
    """The Dockerfile that was built."""
    bases: tuple[str, ...] = ()
    """Names of our images that it started from."""
    refusals: tuple[str, ...] = ()
    """Why it was not begun, each with the line and what to do."""
    refused_packages: tuple[str, ...] = ()
    """Projects that a failed build asked for and did not get."""
    image_id: str = ""
    size_bytes: int = 0
    layers: int = 0
    seconds: float = 0.0
    walls: str = ""
    """What stood between its steps and the host: system call filter, privileges, capabilities."""
    failure: BuildFailure | None = None
    """Why there is no image; None when there is one."""
    log_tail: str = ""
    """The end of what a failed build printed."""
    config: ImageConfig | None = None
    """What containers of the image start with; None without one."""
    image: ImageEvidence | None = None
    """What was seen in its layers; None when they were not looked at."""
    rebuild: Rebuild | None = None
    """What was built again after a change of code; None when that was not tried."""
    rebuild_limit: str = ""
    """Why that was not tried; empty also when a cache would save no time that anybody notices."""
    again_limit: str = ""
    """Why there is no second clean build to compare with."""
    reference_bytes: int | None = None
    """What the image of the challenge's reference submission has above its base; None where it was not built yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvidence:
    """Everything the judge stage is given besides the unpacked submission and the output files."""

    verdict: Verdict
    inventory: Inventory
    stages: tuple[StageEvidence, ...]
    outputs: tuple[str, ...] = ()
    """Names of the collected output files."""
    repeated: tuple[str, ...] = ()
    """Names of the output files of the repeat stage."""
    refused_outputs: tuple[str, ...] = ()
    """Why a file in /out was not taken, each naming the file."""
    environment: dict[str, str] = field(default_factory=dict)
    """Provenance: engine, runtime, image ids."""
    build: BuildEvidence | None = None
    """None when the challenge builds no image."""

    def verdict_of(self, stage: Stage) -> Verdict:
        """How a stage went; a stage that is not part of this run went well."""
        return next((s.verdict for s in self.stages if s.stage == stage), Verdict.ACCEPTED)
