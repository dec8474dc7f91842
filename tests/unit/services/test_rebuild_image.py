"""Building again: what is asked of the builder, when there is time for it, and that trouble costs nobody anything."""

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.domain import places
from audition.domain.build import BuildCause, BuildContext, BuildKind, BuildResult, BuildSpec
from audition.domain.errors import UnavailableError
from audition.domain.evidence import BuildEvidence
from audition.domain.execution import FileMount, Profile
from audition.domain.image import ImageTask
from audition.domain.submission import State
from tests import factories
from tests.unit.services.test_build_image import CONTEXT, PLAN, STAGES, evidence_of, keeps_with, yard_of
from tests.unit.services.world import World

CHANGED = b"the same with another line"


def keeps_and_touches(touched: str = "serve.py") -> object:
    """A keeper that is asked twice."""
    keeps_on = keeps_with(PLAN)

    def play(inside: Inside) -> int:
        ask, asked = inside.await_signal, 0

        def await_signal() -> str:
            nonlocal asked
            name = ask()
            if name == "SIGUSR2":
                asked += 1
                if asked > 1:
                    data = CHANGED if touched else b""
                    inside.print(codec.to_json(BuildContext(bytes=len(data), touched=touched)) + b"\n" + data)
                    return await_signal()
            return name

        inside.await_signal = await_signal  # type: ignore[method-assign]
        return keeps_on(inside)

    return play


def builds(seconds: float = 10.0, run_seconds: float = 8.0, **causes: BuildCause) -> object:
    def play(spec: BuildSpec, _context: bytes, _should_stop: object) -> BuildResult:
        is_first = spec.kind == BuildKind.FIRST
        return BuildResult(
            cause=causes.get(spec.kind.name.lower(), BuildCause.OK),
            image_id=f"sha256:{spec.kind}",
            seconds=seconds,
            run_steps=3 if is_first else 1,
            run_seconds=run_seconds if is_first else 0.5,
            base_layers=2,
        )

    return play


@pytest.fixture
def yard() -> World:
    made = yard_of(factories.make_manifest(stages=STAGES))
    made.sandbox.programs["unpack"] = keeps_and_touches()  # type: ignore[assignment]
    made.sandbox.build_program = builds()  # type: ignore[assignment]
    return made


def build_of(yard: World) -> BuildEvidence:
    evidence = evidence_of(yard, yard.graded()).build
    assert evidence is not None
    return evidence


def kinds(yard: World) -> list[BuildKind]:
    return [spec.kind for spec in yard.sandbox.builds]


def test_it_is_built_clean_then_with_a_changed_file_then_clean_once_more(yard: World) -> None:
    found = build_of(yard)

    assert kinds(yard) == [BuildKind.FIRST, BuildKind.TOUCHED, BuildKind.AGAIN]
    assert [spec.keeps_steps for spec in yard.sandbox.builds] == [True, True, False]
    assert [spec.context_bytes for spec in yard.sandbox.builds] == [len(CONTEXT), len(CHANGED), len(CONTEXT)]
    assert found.rebuild is not None
    assert (found.rebuild.touched, found.rebuild.steps, found.rebuild.seconds) == ("serve.py", 1, 0.5)
    assert (found.rebuild.first_steps, found.rebuild.first_seconds) == (3, 8.0)


def test_all_builds_together_have_the_time_of_one(yard: World) -> None:
    build_of(yard)

    assert [spec.limits.time_seconds for spec in yard.sandbox.builds] == [300.0, 290.0, 280.0]


def test_both_images_are_shown_to_a_container_that_sees_nothing_else(yard: World) -> None:
    found = build_of(yard)

    spec = next(spec for spec in yard.sandbox.specs if spec.stage == "image")
    assert spec.profile == Profile.GRADER
    (mount,) = spec.mounts
    assert isinstance(mount, FileMount)
    assert mount.target == str(places.IMAGE_TASK_FILE)
    digest = mount.source.rsplit("/", 1)[-1]
    assert codec.from_json(ImageTask, yard.blobs.get(digest), what="task") == ImageTask(
        base_layers=2, images=2
    )
    assert found.image is not None
    assert found.image.app_bytes == 5


@pytest.mark.parametrize(("seconds", "wanted"), [(200.0, ["image"]), (120.0, ["image", "touched"])])
def test_what_could_not_end_in_time_is_not_begun(yard: World, seconds: float, wanted: list[str]) -> None:
    yard.sandbox.build_program = builds(seconds=seconds)  # type: ignore[assignment]
    found = build_of(yard)

    assert kinds(yard) == wanted
    assert found.again_limit == "There was no time for a second clean build."
    assert bool(found.rebuild_limit) == (len(wanted) == 1)


def test_a_cache_that_has_nothing_to_save_is_not_tried(yard: World) -> None:
    yard.sandbox.build_program = builds(run_seconds=1.0)  # type: ignore[assignment]
    found = build_of(yard)

    assert kinds(yard) == [BuildKind.FIRST, BuildKind.AGAIN]
    assert (found.rebuild, found.rebuild_limit) == (None, "")


def test_without_a_source_file_nothing_is_changed(yard: World) -> None:
    yard.sandbox.programs["unpack"] = keeps_and_touches("")  # type: ignore[assignment]
    found = build_of(yard)

    assert kinds(yard) == [BuildKind.FIRST, BuildKind.AGAIN]
    assert found.rebuild_limit == "There is no Python file to change."


def test_builds_again_that_fail_are_said_and_change_no_verdict(yard: World) -> None:
    yard.sandbox.build_program = builds(touched=BuildCause.TIME_LIMIT, again=BuildCause.NETWORK)  # type: ignore[assignment]
    found = build_of(yard)

    assert found.cause == BuildCause.OK
    assert found.failure is None
    assert "time_limit" in found.rebuild_limit
    assert "network" in found.again_limit


def test_a_challenge_may_have_it_built_once_only() -> None:
    yard = yard_of(factories.make_manifest(stages=STAGES, rebuilds=False))
    yard.sandbox.build_program = builds()  # type: ignore[assignment]
    found = build_of(yard)

    assert kinds(yard) == [BuildKind.FIRST]
    assert not yard.sandbox.builds[0].keeps_steps
    assert found.image is not None


def says(data: bytes, code: int = 0) -> object:
    def play(inside: Inside) -> int:
        inside.print(data)
        return code

    return play


@pytest.mark.parametrize(
    "program", [says(b"", 1), says(b"no document"), says(b'{"layers": 3}'), says(b"x" * (2 << 20))]
)
def test_layers_that_could_not_be_looked_at_are_our_limit(yard: World, program: object) -> None:
    yard.sandbox.programs["image"] = program  # type: ignore[assignment]
    found = build_of(yard)

    assert found.image is not None
    assert "our limit" in found.image.limit


def test_an_engine_that_cannot_export_is_our_limit(yard: World) -> None:
    yard.sandbox.fail("show", UnavailableError("No room."))
    submission = yard.graded()

    assert submission.state == State.GRADED
    found = evidence_of(yard, submission).build
    assert found is not None
    assert found.image is not None
    assert "our limit" in found.image.limit


def test_an_engine_that_cannot_build_again_is_tried_again(yard: World) -> None:
    play = builds()

    def fails(spec: BuildSpec, context: bytes, should_stop: object) -> BuildResult:
        if spec.kind == BuildKind.AGAIN:
            msg = "The engine is gone."
            raise UnavailableError(msg)
        return play(spec, context, should_stop)  # type: ignore[operator, no-any-return]

    yard.sandbox.build_program = fails  # type: ignore[assignment]
    submission = yard.submit()
    yard.work_one()

    assert yard.state(submission) == State.QUEUED
