"""Containers that were started ahead: stocked, used once, cleared, and never blamed on a candidate."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audition.adapters.docker import bay_lease
from audition.adapters.docker.bays import MOST_RETIRED
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.docker.sweep import count_late
from audition.adapters.docker.translate import LABEL_INSTANCE
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, FileMount, VolumeMount
from tests.contract.boxes import Deed, DockerBox, owner

pytestmark = pytest.mark.docker

DEED = Deed(script="open('/out/a', 'w').write('x'); print('done', end='')")
OUT = VolumeMount(name="out", target="/out", is_writable=True, size_bytes=1 << 20, inodes=16)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bays-") as name:
        path = Path(name)
        path.chmod(0o755)
        slot = path / "0"
        slot.mkdir()
        yield slot


@pytest.fixture
def box(folder: Path) -> Iterator[DockerBox]:
    made = DockerBox(folder)
    try:
        yield made
    finally:
        made.sandbox.clear()
        made.close()


@pytest.fixture
def spec(box: DockerBox) -> ContainerSpec:
    return box.spec(DEED, mounts=(OUT,))


@pytest.fixture
def reading(box: DockerBox, tmp_path: Path) -> ContainerSpec:
    """Has a folder with files, as all containers of real runs do."""
    file = tmp_path / "a.txt"
    file.write_text("x")
    return box.spec(DEED, mounts=(OUT, FileMount(source=str(file), target="/in/a.txt")))


def neighbour(box: DockerBox, folder: Path) -> DockerSandbox:
    """The worker of the next slot on the same data folder."""
    return DockerSandbox(box.client, instance=box.instances[0], bays_folder=folder.parent / "1")


def forget(folder: Path, seconds: float) -> None:
    """As if nobody had renewed what waits for so long."""
    for bay in (folder / "free").iterdir():
        bay_lease.sign(bay, time.time() - seconds)


def running(box: DockerBox) -> int:
    return len(box.client.containers(filters={"label": f"{LABEL_INSTANCE}={box.instances[0]}"}))


def left(box: DockerBox) -> list[str]:
    label = {"label": f"{LABEL_INSTANCE}={box.instances[0]}"}
    volumes = box.client.volumes(filters=label).get("Volumes") or []
    return [c["Id"] for c in box.client.containers(all=True, filters=label)] + [v["Name"] for v in volumes]


def test_what_every_worker_left_past_its_deadline_is_counted_and_then_gone(box: DockerBox) -> None:
    before = count_late(box.client, time.time())
    box.other.run(box.spec(DEED, mounts=(OUT,), ownership=owner(lasts_seconds=-660.0)))
    assert count_late(box.client, time.time()) >= 1

    box.sandbox.sweep(lambda _run_id, _fence: False)

    assert count_late(box.client, time.time()) <= before


def test_as_many_wait_as_are_wanted(box: DockerBox, spec: ContainerSpec, folder: Path) -> None:
    assert box.sandbox.stock([spec], 1)
    assert not box.sandbox.stock([spec], 1)
    assert len(list((folder / "free").iterdir())) == 1


def test_one_that_waits_is_used_and_then_gone(box: DockerBox, spec: ContainerSpec, folder: Path) -> None:
    box.sandbox.stock([spec], 1)
    (waiting,) = (
        c["Id"] for c in box.client.containers(filters={"label": f"{LABEL_INSTANCE}={box.instances[0]}"})
    )

    exit_ = box.sandbox.run(spec)

    assert (exit_.exit_code, exit_.stdout) == (0, b"done")
    assert not box.client.inspect_container(waiting)["State"]["Running"], "another container did the work"
    assert list((folder / "free").iterdir()) == []
    box.sandbox.discard(spec.ownership.run_id, 1)
    assert left(box) == []


def test_a_second_run_never_gets_what_a_first_one_used(box: DockerBox, spec: ContainerSpec) -> None:
    looks = Deed(script="import os; print(os.listdir('/out') + os.listdir('/tmp'), end='')")
    box.sandbox.stock([spec], 1)
    box.sandbox.run(spec)
    box.sandbox.discard(spec.ownership.run_id, 1)

    exit_ = box.sandbox.run(box.spec(looks, mounts=(OUT,), ownership=owner()))

    assert exit_.stdout == b"[]"


def test_what_waits_is_cleared_when_the_worker_ends(box: DockerBox, spec: ContainerSpec) -> None:
    box.sandbox.stock([spec], 1)
    assert left(box) != []

    box.sandbox.clear()

    assert left(box) == []


def test_what_is_discarded_beside_an_attendant_is_gone_when_it_tidies(
    box: DockerBox, spec: ContainerSpec, folder: Path
) -> None:
    attended = DockerSandbox(
        box.client, instance=box.instances[0], bays_folder=folder, runtimes={}, is_attended=True
    )
    box.sandbox.stock([spec], 1)
    attended.expect([spec])
    attended.run(spec)

    attended.discard(spec.ownership.run_id, 1)

    assert left(box) != [], "nobody should wait for it"
    assert box.sandbox.tidy() == 1
    assert left(box) == []


def test_what_was_started_for_one_run_is_tidied_away_as_well(
    box: DockerBox, spec: ContainerSpec, folder: Path
) -> None:
    attended = DockerSandbox(
        box.client, instance=box.instances[0], bays_folder=folder, runtimes={}, is_attended=True
    )
    attended.expect([spec])
    with attended.serve(replace(spec, argv=("python3", "-c", "print('here'); input()"))) as served:
        assert served.read_line(10, 20.0) == b"here"
    attended.discard(spec.ownership.run_id, 1)

    assert box.sandbox.tidy() == 1
    assert left(box) == []


def test_who_sees_that_no_attendant_comes_removes_what_was_his_himself(
    box: DockerBox, spec: ContainerSpec, folder: Path
) -> None:
    for number in range(MOST_RETIRED):
        (folder / "done" / f"run_{number}.1.bay_{number}").mkdir(parents=True)
    attended = DockerSandbox(
        box.client, instance=box.instances[0], bays_folder=folder, runtimes={}, is_attended=True
    )
    attended.expect([spec])
    attended.run(spec)

    attended.discard(spec.ownership.run_id, 1)

    assert left(box) == []


def test_a_sweep_leaves_what_waits_and_removes_what_a_dead_worker_held(
    box: DockerBox, spec: ContainerSpec
) -> None:
    box.sandbox.stock([spec], 1)
    box.sandbox.sweep(lambda _run_id, _fence: False)
    assert left(box) != []

    box.sandbox.run(spec)
    box.sandbox.sweep(lambda run_id, _fence: run_id == spec.ownership.run_id)
    assert left(box) == []


def test_one_that_died_while_it_waited_is_our_fault_and_no_verdict(
    box: DockerBox, spec: ContainerSpec
) -> None:
    box.sandbox.stock([spec], 1)
    for container in box.client.containers(filters={"label": f"{LABEL_INSTANCE}={box.instances[0]}"}):
        box.client.kill(container["Id"])

    with pytest.raises(UnavailableError) as caught:
        box.sandbox.run(spec)
    assert caught.value.transient


def test_a_container_of_another_shape_is_made_fresh(box: DockerBox, spec: ContainerSpec) -> None:
    box.sandbox.stock([spec], 1)
    other = replace(spec, ownership=owner(), limits=replace(spec.limits, pids=33))

    assert box.sandbox.run(other).stdout == b"done"


def test_what_nobody_renews_ends_by_itself_though_nobody_is_there_to_end_it(
    box: DockerBox, reading: ContainerSpec, folder: Path
) -> None:
    box.sandbox.stock([reading], 1)
    assert running(box) == 1

    forget(folder, bay_lease.LEASE_SECONDS + 1)

    ends_at = time.monotonic() + 60
    while running(box) and time.monotonic() < ends_at:
        time.sleep(0.2)
    assert running(box) == 0


def test_what_is_renewed_goes_on_waiting(box: DockerBox, reading: ContainerSpec, folder: Path) -> None:
    box.sandbox.stock([reading], 1)
    forget(folder, bay_lease.LEASE_SECONDS - 5)
    box.sandbox.sweep(lambda _run_id, _fence: False)
    time.sleep(10)

    assert running(box) == 1
    assert box.sandbox.run(reading).stdout == b"done"


def test_what_runs_ends_at_its_deadline_though_nobody_is_there_to_end_it(
    box: DockerBox, reading: ContainerSpec
) -> None:
    # The alarm is set for half of the grace after the deadline.
    endless = Deed(script="import time\nprint('begun', flush=True)\nwhile True: time.sleep(1000)")
    spec = box.spec(endless, mounts=reading.mounts, ownership=owner(lasts_seconds=-10.0))
    with box.sandbox.serve(spec) as served:
        assert served.read_line(100, 20.0) == b"begun"
        ends_at = time.monotonic() + 60
        while running(box) and time.monotonic() < ends_at:
            time.sleep(0.2)
        assert running(box) == 0


def test_a_run_is_not_given_what_may_be_about_to_end(
    box: DockerBox, reading: ContainerSpec, folder: Path
) -> None:
    box.sandbox.stock([reading], 1)
    forget(folder, bay_lease.FRESH_SECONDS + 1)

    assert box.sandbox.run(reading).stdout == b"done"
    assert len(list((folder / "free").iterdir())) == 1, "it was taken all the same"


def test_a_neighbour_removes_what_a_killed_worker_kept_waiting_and_nothing_else(
    box: DockerBox, reading: ContainerSpec, folder: Path
) -> None:
    next_to_it = neighbour(box, folder)
    box.sandbox.stock([reading], 1)
    next_to_it.sweep(lambda _run_id, _fence: False)
    assert running(box) == 1, "somebody still wants it"

    forget(folder, bay_lease.LEASE_SECONDS + 31)
    next_to_it.sweep(lambda _run_id, _fence: False)

    assert left(box) == []
    assert list((folder / "free").iterdir()) == []


def test_what_waits_for_a_data_folder_that_is_gone_is_removed(
    box: DockerBox, spec: ContainerSpec, folder: Path
) -> None:
    box.sandbox.stock([spec], 1)
    (bay,) = (folder / "free").iterdir()
    bay.rename(folder.parent / "elsewhere")

    box.sandbox.sweep(lambda _run_id, _fence: False)

    assert left(box) == []
