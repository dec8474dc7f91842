"""What happens when it is built again: after a change of code (A7), and clean once more (A8)."""

from dataclasses import replace

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, not_applicable, not_assessed, passed
from graders.chain import no_image
from graders.probed import scored

_QUICK = "Its steps take no time that a cache could save."
_NOT_TRIED = "It was not built again in this run."


@check(
    "image.rebuild.cached",
    "A change of code rebuilds quickly",
    points=1,
    why="Who waits minutes for a changed line deploys seldom, and in a hurry when it burns.",
    fix="COPY the lock file and install first; COPY the code after that, in a layer of its own.",
)
def cached(workspace: Workspace) -> Result:
    """Share of the steps' time that is saved after one source file was touched (A7)."""
    if reason := no_image(workspace):
        return reason
    build = workspace.evidence.build
    if build is None or build.rebuild is None:
        limit = build.rebuild_limit if build else ""
        if limit:
            return not_assessed(limit)
        return not_applicable(_QUICK if workspace.manifest.rebuilds else _NOT_TRIED)
    found = build.rebuild
    # Where every step ran again, a second time that was quicker by chance saved nothing.
    is_saved = found.steps < found.first_steps
    share = 1 - found.seconds / found.first_seconds if is_saved else 0.0
    return scored(
        share,
        f"After a change in {found.touched}, {found.steps} of {found.first_steps} RUN steps ran again and took"
        f" {found.seconds:.1f} of {found.first_seconds:.1f} s.",
    )


@check(
    "image.build.reproducible",
    "Two clean builds give the same image",
    points=2,
    why="Only what comes out the same can be checked, signed, and built again when it has to be.",
    fix="Pin everything that is installed, train at home, and write neither times nor random values into files.",
)
def reproducible(workspace: Workspace) -> Result:
    """1 - differing bytes / bytes above the base; times, bytecode and logs of installers do not count (A8)."""
    if reason := no_image(workspace):
        return reason
    build = workspace.evidence.build
    image = build.image if build else None
    if build is None or image is None or image.reproduction is None:
        limit = build.again_limit if build else ""
        limit = limit or (image.limit if image else "")
        return not_assessed(limit or _NOT_TRIED)
    found = image.reproduction
    if not found.differing_bytes and not found.differing:
        return passed(f"All {found.files:,} files above the base came out the same.")
    result = scored(
        1 - found.differing_bytes / max(1, found.bytes),
        f"{found.differing_bytes:,} of {found.bytes:,} bytes above the base came out otherwise.",
    )
    evidence = tuple(
        Evidence(summary=f"{item.how}, {item.bytes:,} bytes", file=item.path) for item in found.differing[:10]
    )
    return replace(result, evidence=evidence)
