"""Whether there is an image, and what stood in the way (catalogue A1)."""

from audition.domain.build_failure import BuildFailure, FailureKind
from audition.domain.evidence import BuildEvidence
from audition.domain.grade import Evidence
from audition.domain.run import Stage
from audition.grading import Result, Workspace, check, failed, not_applicable, not_assessed, partial, passed
from graders.chain import NO_BUILD

#: What a build is worth of which only a step failed that wanted a network. Source: the grader catalogue, A1.
_NETWORK_SHARE = 0.3
_NETWORK = frozenset({FailureKind.NETWORK, FailureKind.PACKAGE_NOT_ON_MIRROR})
_NO_RECIPE = "There is no Dockerfile, so there is no image."


@check(
    "image.build.succeeds",
    "The image builds",
    points=4,
    why="What nobody else can build nobody else can run, patch or roll back.",
    fix="Build it from an empty folder without a cache, with what the submission and the package mirror hold.",
)
def builds(workspace: Workspace) -> Result:
    """1; 0.3 if only a step that wanted a network failed; else 0. A base that we lack is our limit (A1)."""
    build = workspace.evidence.build
    if build is None:
        return failed(_NO_RECIPE) if Stage.BUILD in workspace.manifest.stages else not_applicable(NO_BUILD)
    failure = build.failure
    if failure is None:
        size = build.size_bytes >> 20
        return passed(f"The image was built in {build.seconds:.0f} s; with its base it has {size} MiB.")
    sentence = f"{failure.sentence} {failure.next_step}"
    if failure.kind == FailureKind.BASE_NOT_APPROVED:
        return not_assessed(sentence)
    if failure.kind in _NETWORK:
        return partial(_NETWORK_SHARE, sentence, *_places(build, failure))
    return failed(sentence, *_places(build, failure))


def _places(build: BuildEvidence, failure: BuildFailure) -> tuple[Evidence, ...]:
    instruction = Evidence(
        summary=f"Cause: {failure.kind.replace('_', ' ')}",
        file=failure.file,
        line=failure.line or None,
        excerpt=failure.instruction,
    )
    tail = Evidence(summary="The end of the build log", excerpt=build.log_tail)
    return (instruction, tail) if build.log_tail else (instruction,)
