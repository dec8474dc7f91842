"""What every sandbox does when it builds a candidate's image. Attacks on real builds are in tests/security."""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import uuid4

import pytest

from audition.adapters.memory.sandbox import BuildProgram, FakeSandbox
from audition.domain.build import BuildCause, BuildLimits, BuildResult, BuildSpec
from audition.domain.errors import UnavailableError
from audition.domain.execution import Ownership
from audition.ports import Sandbox
from tests.building import LIMITS, Site, pack

BASE = "python-slim"


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A build, said twice: as instructions after FROM, and as what a fake does."""

    lines: str
    play: BuildProgram


class Yard(Protocol):
    """A sandbox of some kind that can build."""

    sandbox: Sandbox
    base: str
    mirror: str

    def prepare(self, deed: Deed) -> bytes:
        """The context of a build."""
        ...

    def left(self, run_id: str) -> list[str]:
        """What exists of a run."""
        ...


class FakeYard:
    """Implements `Yard`."""

    base = "fake-base"
    mirror = "fake-mirror"

    def __init__(self) -> None:
        self.fake = FakeSandbox()
        self.fake.now = time.time()
        self.fake.engine.images.update({self.base: "sha256:1", self.mirror: "sha256:2"})
        self.sandbox: Sandbox = self.fake

    def prepare(self, deed: Deed) -> bytes:
        self.fake.build_program = deed.play
        return deed.lines.encode()

    def left(self, run_id: str) -> list[str]:
        return self.fake.left(run_id, 1)


class DockerYard:
    """Implements `Yard` on the engine of this host."""

    def __init__(self, images: Mapping[str, str]) -> None:
        self.site = Site(images)
        self.sandbox: Sandbox = self.site.sandbox
        self.base, self.mirror = images[BASE], images["mirror"]

    def prepare(self, deed: Deed) -> bytes:
        return pack(
            {
                "Dockerfile": f"ARG AUDITION_BASE_PYTHON_SLIM\nFROM ${{AUDITION_BASE_PYTHON_SLIM}}\n{deed.lines}\n"
            }
        )

    def left(self, run_id: str) -> list[str]:
        return self.site.left(run_id)


@pytest.fixture(scope="module")
def docker_yard(images: Mapping[str, str]) -> Iterator[DockerYard]:
    yard = DockerYard(images)
    yield yard
    yard.site.close()


@pytest.fixture(params=["fake", pytest.param("docker_yard", marks=pytest.mark.docker)])
def yard(request: pytest.FixtureRequest) -> Yard:
    made: Yard = FakeYard() if request.param == "fake" else request.getfixturevalue(request.param)
    return made


def build(
    yard: Yard,
    deed: Deed,
    run_id: str,
    limits: BuildLimits = LIMITS,
    should_stop: Callable[[], bool] | None = None,
) -> BuildResult:
    context = yard.prepare(deed)
    return yard.sandbox.build(spec(yard, run_id, len(context), limits), io.BytesIO(context), should_stop)


def spec(yard: Yard, run_id: str, size: int, limits: BuildLimits = LIMITS, lasts: float = 600) -> BuildSpec:
    return BuildSpec(
        ownership=Ownership(run_id=run_id, fence=1, deadline_epoch=int(time.time() + lasts)),
        file="Dockerfile",
        bases={BASE: yard.base},
        mirror=yard.mirror,
        context_bytes=size,
        limits=limits,
    )


def ends(cause: BuildCause, log: str = "") -> BuildProgram:
    def play(_spec: BuildSpec, _context: bytes, _should_stop: Callable[[], bool]) -> BuildResult:
        has_image = cause == BuildCause.OK
        return BuildResult(
            cause=cause,
            detail="" if has_image else "a step",
            log=log,
            image_id="sha256:" + "b" * 64 if has_image else "",
            size_bytes=100 if has_image else 0,
            layers=3 if has_image else 0,
        )

    return play


def sleeps(spec: BuildSpec, _context: bytes, should_stop: Callable[[], bool]) -> BuildResult:
    """Time passes at once: it is asked to stop, or its own time is over."""
    del spec
    return BuildResult(cause=BuildCause.STOPPED if should_stop() else BuildCause.TIME_LIMIT, detail="late")


GOOD = Deed(lines="RUN echo hello > /greeting", play=ends(BuildCause.OK, "echo hello"))
BAD = Deed(lines="RUN echo no such luck; exit 4", play=ends(BuildCause.STEP_FAILED, "no such luck"))
SLOW = Deed(lines="RUN sleep 1000\nRUN sleep 1000", play=sleeps)


@pytest.fixture
def run_id() -> str:
    return f"run_{uuid4().hex[:12]}"


def test_a_built_image_is_there_until_the_run_is_discarded(yard: Yard, run_id: str) -> None:
    result = build(yard, GOOD, run_id)

    assert (result.cause, result.detail) == (BuildCause.OK, "")
    assert result.image_id == yard.sandbox.image_id(result.reference)
    assert result.size_bytes > 0
    assert result.layers > 0
    assert "echo hello" in result.log
    yard.sandbox.discard(run_id, 2)
    assert yard.left(run_id)
    yard.sandbox.discard(run_id, 1)
    assert yard.left(run_id) == []


def test_a_step_that_fails_is_a_value_and_leaves_nothing(yard: Yard, run_id: str) -> None:
    result = build(yard, BAD, run_id)

    assert result.cause == BuildCause.STEP_FAILED
    assert result.detail
    assert (result.reference, result.image_id) == ("", "")
    assert "no such luck" in result.log
    assert yard.left(run_id) == []


def test_a_build_ends_at_its_deadline(yard: Yard, run_id: str) -> None:
    began = time.monotonic()

    result = build(yard, SLOW, run_id, replace(LIMITS, time_seconds=2))

    assert result.cause == BuildCause.TIME_LIMIT
    assert time.monotonic() - began < 60
    assert yard.left(run_id) == []


def test_a_request_to_stop_ends_it(yard: Yard, run_id: str) -> None:
    assert build(yard, SLOW, run_id, should_stop=lambda: True).cause == BuildCause.STOPPED
    assert yard.left(run_id) == []


def test_sweeping_removes_images_of_runs_that_are_over(yard: Yard, run_id: str) -> None:
    build(yard, GOOD, run_id)

    yard.sandbox.sweep(lambda swept, _fence: swept != run_id)
    assert yard.left(run_id)
    yard.sandbox.sweep(lambda swept, _fence: swept == run_id)
    assert yard.left(run_id) == []


def test_sweeping_removes_images_past_their_deadline(yard: Yard, run_id: str) -> None:
    context = yard.prepare(GOOD)
    yard.sandbox.build(spec(yard, run_id, len(context), lasts=-60), io.BytesIO(context))

    yard.sandbox.sweep(lambda _run_id, _fence: False)

    assert yard.left(run_id) == []


@pytest.mark.parametrize(
    "change", [{"mirror": "audition/no-such:1"}, {"bases": {BASE: "audition/no-such:1"}}]
)
def test_a_missing_image_of_ours_is_the_platforms_fault(
    yard: Yard, run_id: str, change: dict[str, Any]
) -> None:
    context = yard.prepare(GOOD)
    missing = replace(spec(yard, run_id, len(context)), **change)

    with pytest.raises(UnavailableError) as caught:
        yard.sandbox.build(missing, io.BytesIO(context))

    assert caught.value.code == "image-missing"
    assert yard.left(run_id) == []
