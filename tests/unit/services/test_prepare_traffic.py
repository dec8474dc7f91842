"""Publishing a challenge that sends drift: its traffic is made in a container, or every reason against it is told."""

from dataclasses import replace

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.domain.challenge import Area
from audition.domain.drift_plan import DriftFamily, DriftKind, DriftSpec, Injection
from audition.domain.drift_traffic import Calibrated, DriftedRows, DriftTraffic
from audition.domain.errors import InvalidError, UnavailableError
from audition.services.prepare_traffic import prepare_traffic
from tests import factories
from tests.unit.services.world import World

SHIFT = Injection(kind=DriftKind.MEAN_SHIFT, column="a")
SPEC = DriftSpec(rows="train.csv", reference="train.csv", label="y", family=DriftFamily(primary=SHIFT))
GOOD = DriftTraffic(
    columns=("a",),
    rows=((1,), (2,)),
    drifted=(DriftedRows(injection=SHIFT, dose=1.0, values=(3, 4)),),
    calibrated=(Calibrated(injection=SHIFT, psi=1.25, column="a", is_visible=True),),
)


class Maker:
    """The grader container that makes traffic."""

    def __init__(self, said: bytes, code: int = 0) -> None:
        self.said = said
        self.code = code

    def __call__(self, inside: Inside) -> int:
        inside.print(self.said + b"\n")
        return self.code


def prepared(world: World, maker: Maker) -> tuple[DriftTraffic, list[str]]:
    world.sandbox.programs["traffic"] = maker
    said: list[str] = []
    files = world.database.tables.challenge_versions["ver_1"].files
    made = prepare_traffic(world.runner, factories.make_manifest(drift=SPEC), files, said.append)
    assert (made.area, made.bytes) == (Area.TRAFFIC, len(world.blobs.get(made.digest)))
    return codec.from_json(DriftTraffic, world.blobs.get(made.digest), what="traffic"), said


def test_what_was_made_is_kept_and_what_was_measured_is_told() -> None:
    world = World()
    traffic, said = prepared(world, Maker(codec.to_json(GOOD)))
    assert traffic == GOOD
    assert said == ["drift mean_shift: PSI 1.25 in a over one window"]
    spec = world.sandbox.specs[-1]
    assert {mount.target for mount in spec.mounts} == {
        "/evidence/manifest.json",
        "/public/test.csv",
        "/public/train.csv",
        "/private/answers.csv",
    }
    assert world.sandbox.engine.containers == []


def test_a_family_that_cannot_be_used_is_the_authors_to_change() -> None:
    refused = replace(
        GOOD, rows=(), drifted=(), refusals=("drift.rows: differs.", "drift.family.primary: faint.")
    )
    with pytest.raises(InvalidError) as caught:
        prepared(World(), Maker(codec.to_json(refused)))
    assert list(caught.value.problems) == list(refused.refusals)
    assert "[drift]" in caught.value.next_step


@pytest.mark.parametrize(
    "maker",
    [
        Maker(b"", code=1),
        Maker(codec.to_json(replace(GOOD, rows=((1, 2), (2,))))),
        Maker(codec.to_json(replace(GOOD, drifted=(replace(GOOD.drifted[0], values=(3,)),)))),
        Maker(codec.to_json(replace(GOOD, drifted=(replace(GOOD.drifted[0], rows=(0, 7)),)))),
    ],
    ids=["crashed", "ragged", "too few", "no such row"],
)
def test_a_container_that_fails_is_ours(maker: Maker) -> None:
    with pytest.raises(UnavailableError):
        prepared(World(), maker)
