"""What every sandbox does with volumes, and with what runs leave behind."""

from dataclasses import replace

import pytest

from audition.adapters.memory.inside import Inside
from audition.domain.errors import UnavailableError
from audition.domain.execution import Profile, VolumeMount
from tests.contract.boxes import LIMITS, Box, Deed, owner
from tests.contract.deeds import HOLDER, put, volume


def test_containers_of_one_run_share_a_volume_and_other_runs_do_not_see_it(box: Box) -> None:
    mine, other = owner(), owner()
    held = [volume(is_writable=False)]
    with (
        box.sandbox.serve(
            box.spec(HOLDER, ownership=mine, mounts=tuple(held), profile=Profile.KEEPER)
        ) as keeper,
        box.sandbox.serve(
            box.spec(HOLDER, ownership=other, mounts=tuple(held), profile=Profile.KEEPER)
        ) as stranger,
    ):
        for served in (keeper, stranger):
            served.read_line(100, 20.0)
        exit_ = box.sandbox.run(box.spec(put("a"), ownership=mine, mounts=(volume(),)))
        for served in (keeper, stranger):
            served.signal("SIGUSR1")
        answers = [served.read_line(100, 20.0) for served in (keeper, stranger)]

    assert exit_.exit_code == 0
    assert answers == [b"a=xx", b""]


def test_a_later_fence_of_the_same_run_begins_with_an_empty_volume(box: Box) -> None:
    first = owner()
    second = replace(first, fence=2)
    spec = box.spec(HOLDER, ownership=first, mounts=(volume(),), profile=Profile.KEEPER)
    with box.sandbox.serve(spec):
        box.sandbox.run(box.spec(put("a"), ownership=first, mounts=(volume(),)))
        again = box.spec(HOLDER, ownership=second, mounts=(volume(),), profile=Profile.KEEPER)
        with box.sandbox.serve(again) as served:
            served.read_line(100, 20.0)
            served.signal("SIGUSR1")
            assert served.read_line(100, 20.0) == b""


@pytest.mark.parametrize(
    ("mount", "size"),
    [(volume(is_writable=False), 1), (volume(), 2 << 20)],
    ids=["read-only", "larger than the volume"],
)
def test_a_volume_refuses_what_it_must(box: Box, mount: VolumeMount, size: int) -> None:
    limits = replace(LIMITS, output_bytes=8 << 20)

    exit_ = box.sandbox.run(box.spec(put("a", size), mounts=(mount,), limits=limits))

    assert exit_.exit_code == 9


def test_a_volume_has_a_limit_on_the_number_of_files(box: Box) -> None:
    def play(inside: Inside) -> int:
        for number in range(100):
            try:
                inside.write("out", str(number), b"")
            except OSError:
                inside.print(str(number).encode())
                return 9
        return 0

    script = """
for number in range(100):
    try: open(f"/out/{number}", "w").close()
    except OSError:
        print(number, end="")
        raise SystemExit(9)
"""
    exit_ = box.sandbox.run(box.spec(Deed(script=script, play=play), mounts=(volume(),)))

    assert (exit_.exit_code, exit_.stdout) == (9, b"15")


def test_discarding_removes_everything_of_that_run_and_fence_only(box: Box) -> None:
    first = owner()
    second = replace(first, fence=2)
    for ownership in (first, second):
        box.sandbox.run(box.spec(put("a"), ownership=ownership, mounts=(volume(),)))
    assert box.left(first.run_id, 1) == 2

    box.sandbox.discard(first.run_id, 1)

    assert box.left(first.run_id, 1) == 0
    assert box.left(first.run_id, 2) == 2
    box.sandbox.discard(first.run_id, 2)


def test_discarding_ends_what_still_runs(box: Box) -> None:
    spec = box.spec(HOLDER, mounts=(volume(),))
    with box.sandbox.serve(spec) as served:
        served.read_line(100, 20.0)
        box.sandbox.discard(spec.ownership.run_id, 1)
        with pytest.raises(UnavailableError):
            served.read_line(100, 20.0)
    assert box.left(spec.ownership.run_id) == 0


def test_discarding_what_is_not_there_is_no_error(box: Box) -> None:
    box.sandbox.discard("run_never", 7)


def test_sweeping_removes_what_is_over_and_nothing_else(box: Box) -> None:
    over, alive, strange = owner(), owner(), owner()
    for ownership in (over, alive):
        box.sandbox.run(box.spec(put("a"), ownership=ownership, mounts=(volume(),)))
    box.other.run(box.spec(put("a"), ownership=strange, mounts=(volume(),)))
    asked: set[tuple[str, int]] = set()

    def is_over(run_id: str, fence: int) -> bool:
        asked.add((run_id, fence))
        return run_id == over.run_id

    removed = box.sandbox.sweep(is_over)

    assert removed >= 2  # a container and a volume; some engines keep more
    assert box.left(over.run_id) == 0
    assert box.left(alive.run_id) == 2
    assert box.left(strange.run_id) == 2, "another instance's things were touched"
    assert strange.run_id not in {run_id for run_id, _ in asked}
    box.sandbox.discard(alive.run_id, 1)
    box.other.discard(strange.run_id, 1)


def test_sweeping_removes_what_is_past_its_deadline_whatever_its_run_says(box: Box) -> None:
    late, young = owner(lasts_seconds=-60.0), owner(lasts_seconds=-5.0)
    for ownership in (late, young):
        box.sandbox.run(box.spec(put("a"), ownership=ownership, mounts=(volume(),)))

    box.sandbox.sweep(lambda _run_id, _fence: False)

    assert box.left(late.run_id) == 0
    assert box.left(young.run_id) == 2, "a short grace is given to whoever is just cleaning up"
    box.sandbox.discard(young.run_id, 1)


def test_sweeping_removes_what_an_instance_that_is_no_more_left_long_ago(box: Box) -> None:
    lost, late = owner(lasts_seconds=-660.0), owner(lasts_seconds=-60.0)
    for ownership in (lost, late):
        box.other.run(box.spec(put("a"), ownership=ownership, mounts=(volume(),)))

    box.sandbox.sweep(lambda _run_id, _fence: False)

    assert box.left(lost.run_id) == 0
    assert box.left(late.run_id) == 2, "its own worker comes first, if there is one"
    box.other.discard(late.run_id, 1)
