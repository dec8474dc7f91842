"""Containers that were started ahead: stocked, used once, cleared, and never blamed on a candidate."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audition.adapters.docker.translate import LABEL_INSTANCE
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, VolumeMount
from tests.contract.boxes import Deed, DockerBox, owner

pytestmark = pytest.mark.docker

DEED = Deed(script="open('/out/a', 'w').write('x'); print('done', end='')")
OUT = VolumeMount(name="out", target="/out", is_writable=True, size_bytes=1 << 20, inodes=16)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bays-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


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


def left(box: DockerBox) -> list[str]:
    label = {"label": f"{LABEL_INSTANCE}={box.instances[0]}"}
    volumes = box.client.volumes(filters=label).get("Volumes") or []
    return [c["Id"] for c in box.client.containers(all=True, filters=label)] + [v["Name"] for v in volumes]


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
