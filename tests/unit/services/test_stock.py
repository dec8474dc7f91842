"""Which containers are kept waiting, and for which challenge."""

from dataclasses import replace

from audition.domain.execution import ContainerSpec
from audition.services.retry import regrade
from audition.services.runner import Runner
from audition.services.stock import stock
from tests import factories
from tests.unit.services.world import ALICE, World


class Shelf:
    """Remembers what it was asked to stock."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], set[str], int]] = []
        self.imports: list[dict[str, tuple[str, ...] | None]] = []

    def stock(self, specs: tuple[ContainerSpec, ...], count: int) -> bool:
        """Add a set."""
        stages = [str(spec.stage) for spec in specs]
        images = {str(spec.image) for spec in specs}
        self.imports.append({spec.stage: spec.warm_imports for spec in specs})
        self.asked.append((stages, images, count))
        return True


def warm(world: World) -> tuple[Runner, Shelf]:
    shelf = Shelf()
    runner = replace(
        world.runner,
        sandbox=shelf,  # type: ignore[arg-type]
        images={**world.runner.images, "other": "audition/other:1"},
        warm_imports={"tabular": (), "other": ()},
    )
    return runner, shelf


def test_a_set_for_all_stages_is_asked_for(world: World) -> None:
    runner, shelf = warm(world)

    assert stock(runner, 2)
    assert [(sorted(stages), count) for stages, _, count in shelf.asked] == [
        (["judge", "predict", "score", "unpack"], 2)
    ]


def test_none_is_kept_where_none_is_wanted(world: World) -> None:
    runner, shelf = warm(world)

    assert not stock(runner, 0)
    assert shelf.asked == []


def test_an_image_that_says_nothing_about_waiting_is_started_when_needed(world: World) -> None:
    runner, shelf = warm(world)

    assert not stock(replace(runner, warm_imports={}), 1)
    assert shelf.asked == []


def test_nothing_published_is_nothing_to_wait_for() -> None:
    runner, shelf = warm(World(is_empty=True))

    assert not stock(runner, 1)
    assert shelf.asked == []


def test_the_challenge_that_was_submitted_to_last_comes_next(world: World) -> None:
    runner, shelf = warm(world)
    newer = factories.make_version(
        id="ver_2",
        slug="other",
        digest="f" * 64,
        manifest_digest=world.blobs.put(b"{}"),
        kit_digest=world.blobs.put(b"kit"),
        files=(),
        published_at=factories.later(60),
        manifest=factories.make_manifest(slug="other", image="other"),
    )
    with world.ports.unit_of_work() as uow:
        uow.challenges.add(newer)
        uow.commit()
    stock(runner, 1)
    world.submit()
    stock(runner, 1)

    assert ["audition/other:1" in images for _, images, _ in shelf.asked] == [True, False]


def test_a_run_announces_its_containers_before_it_asks_for_one(world: World) -> None:
    world.graded()
    assert [sorted(stages) for stages in world.sandbox.expected] == [["judge", "predict", "score", "unpack"]]


def test_grading_again_asks_for_no_container_of_a_candidates(world: World) -> None:
    submission = world.graded()
    world.sandbox.expected.clear()
    regrade(world.ports, ALICE, submission.id, "Again.")
    world.work()
    assert [sorted(stages) for stages in world.sandbox.expected] == [["judge", "score", "unpack"]]


def test_while_somebody_waits_a_candidates_container_imports_nothing_ahead(world: World) -> None:
    runner, shelf = warm(world)
    runner = replace(runner, warm_imports={"tabular": ("numpy",)})

    assert stock(runner, 1)
    world.ports.queue.enqueue("execute", "run_9", 0)
    assert stock(runner, 1)
    idle, busy = shelf.imports
    assert idle["predict"] == ("numpy",)
    assert busy["predict"] == ()
    assert busy["score"] == idle["score"] != ()
