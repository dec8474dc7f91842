"""What a candidate's code sees and can do, from inside a real container: facts by the kernel, not by the request."""

import errno
import json
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest

from audition.adapters.docker import probe
from audition.domain.execution import ContainerSpec, FileMount, Limits, Ownership, Profile, VolumeMount
from tests.contract.boxes import DockerBox, owner
from tests.tiny import CANARY

pytestmark = pytest.mark.docker

LIMITS = Limits(
    time_seconds=60.0,
    memory_bytes=200 << 20,
    cpus=0.5,
    pids=48,
    scratch_bytes=3 << 20,
    scratch_inodes=60,
    output_bytes=5 << 20,
    output_inodes=40,
    log_bytes=1 << 20,
)
EPERM, EROFS, ENOSPC, EFBIG = errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EFBIG
Facts = dict[str, Any]


def hold() -> str:
    return "import time; print('held', flush=True); time.sleep(1e6)"


def volumes(*, is_keeper: bool) -> tuple[VolumeMount, ...]:
    return (
        VolumeMount(name="out", target="/out", is_writable=not is_keeper, size_bytes=5 << 20, inodes=40),
        VolumeMount(name="tree", target="/submission", is_writable=is_keeper, size_bytes=1 << 20, inodes=20),
    )


def spec(box: DockerBox, ownership: Ownership, script: str, **fields: Any) -> ContainerSpec:
    defaults: dict[str, Any] = {"profile": Profile.CANDIDATE, "limits": LIMITS, "stage": "predict"}
    return ContainerSpec(
        image=box.image, argv=("python3", "-c", script), ownership=ownership, **{**defaults, **fields}
    )


@pytest.fixture(scope="module")
def facts() -> Facts:
    """What the probe saw, in a container like a real predict stage's, with the answers stored beside its input."""
    box = DockerBox()
    with tempfile.TemporaryDirectory(prefix="blobs-") as folder:
        Path(folder).chmod(0o755)
        for name, text in (("aa11", "id,a\n1,2\n"), ("bb22", f"id,y\n1,{CANARY}\n")):
            (Path(folder) / name).write_text(text)
        ownership = owner()
        holder = spec(box, ownership, hold(), profile=Profile.KEEPER, mounts=volumes(is_keeper=True))
        given = FileMount(source=f"{folder}/aa11", target="/in/test.csv")
        candidate = spec(
            box,
            ownership,
            Path(probe.__file__).read_text(),
            mounts=(given, *volumes(is_keeper=False)),
            working_dir="/submission",
        )
        try:
            with box.sandbox.serve(holder) as served:
                served.read_line(100, 30.0)
                exit_ = box.sandbox.run(candidate)
        finally:
            box.close()
    assert exit_.exit_code == 0, exit_.stderr.decode()
    seen: Facts = json.loads(exit_.stdout)
    return seen


@pytest.mark.parametrize("which", ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
def test_it_has_no_capability_and_can_never_get_one(facts: Facts, which: str) -> None:
    assert int(facts["status"][which], 16) == 0


def test_it_cannot_gain_privileges_and_is_filtered(facts: Facts) -> None:
    assert facts["status"]["NoNewPrivs"] == "1"
    assert facts["status"]["Seccomp"] == "2"


def test_it_is_an_unprivileged_user_in_every_respect(facts: Facts) -> None:
    uids = {int(uid) for key in ("Uid", "Gid") for uid in facts["status"][key].split()}

    assert len(uids) == 1
    assert min(uids) >= 10_000
    assert set(facts["groups"]) <= uids
    assert facts["setuid"] == EPERM
    assert facts["chown"] == EPERM


def test_the_root_is_read_only(facts: Facts) -> None:
    allowed = {place: code for place, code in facts["writes"].items() if code is None}

    assert allowed == {}
    assert facts["writes"]["/var"] in {EROFS, errno.EACCES}
    assert facts["writes"]["/submission"] == EROFS


def test_inputs_cannot_be_changed(facts: Facts) -> None:
    assert facts["input"]["text"] == "id,a\n1,2\n"
    assert facts["input"]["write"] in {EROFS, errno.EACCES}
    assert facts["input"]["remove"] in {EROFS, errno.EBUSY}


def test_there_is_no_network(facts: Facts) -> None:
    assert facts["network"]["interfaces"] in (["lo"], [])
    assert facts["network"]["routes"] == []
    for where in ("out", "metadata"):
        assert facts["network"][where] == errno.ENETUNREACH


@pytest.mark.parametrize("family", probe.FAMILIES)
def test_odd_socket_families_are_refused(facts: Facts, family: str) -> None:
    assert facts["network"]["families"][family] == EPERM


def test_raw_sockets_are_refused(facts: Facts) -> None:
    assert facts["network"]["raw"] == EPERM


@pytest.mark.parametrize("call", sorted(set(probe.CALLS) - {"clone3"}))
def test_a_dangerous_call_is_refused(facts: Facts, call: str) -> None:
    assert facts["calls"][call] == [-1, EPERM]


@pytest.mark.parametrize("kind", probe.NEW)
def test_no_new_namespace(facts: Facts, kind: str) -> None:
    assert facts["calls"][f"clone new {kind}"] == [-1, EPERM]


def test_clone3_pretends_not_to_exist(facts: Facts) -> None:
    assert facts["calls"]["clone3"] == [-1, errno.ENOSYS]


def test_memory_without_swap_processes_and_processor_are_limited(facts: Facts) -> None:
    limits = facts["cgroup"]

    assert limits["memory"] == str(200 << 20)
    # Version 1 counts memory and swap together; version 2 counts swap alone.
    assert limits["swap"] in {str(200 << 20), "0"}
    assert limits["pids"] == "48"
    quota, period = int(limits["cpu_quota"].split()[0]), int(limits["cpu_period"].split()[-1])
    assert quota / period == pytest.approx(0.5)


def test_scratch_is_limited_and_runs_nothing(facts: Facts) -> None:
    tmp = facts["sizes"]["/tmp"]

    assert (tmp["bytes"], tmp["inodes"]) == (3 << 20, 60)
    assert tmp["noexec"]
    assert tmp["nosuid"]
    assert tmp["nodev"]
    assert facts["exec_tmp"] == errno.EACCES
    assert facts["fill"]["/tmp"]["bytes"] <= 3 << 20
    assert facts["fill"]["/tmp"]["bytes_errno"] == ENOSPC
    assert facts["fill"]["/tmp"]["files"] < 60
    assert facts["fill"]["/tmp"]["files_errno"] == ENOSPC


def test_out_is_limited_in_size_and_files(facts: Facts) -> None:
    out = facts["sizes"]["/out"]

    assert (out["bytes"], out["inodes"]) == (5 << 20, 40)
    assert out["nosuid"]
    assert out["nodev"]
    assert facts["fill"]["/out"]["bytes"] <= 5 << 20
    assert facts["fill"]["/out"]["bytes_errno"] in {ENOSPC, EFBIG}
    assert facts["fill"]["/out"]["files"] < 40
    assert facts["fill"]["/out"]["files_errno"] == ENOSPC


def test_shared_memory_is_its_own_and_limited(facts: Facts) -> None:
    assert facts["sizes"]["/dev/shm"]["bytes"] == 64 << 20
    assert facts["sizes"]["/dev/shm"]["noexec"]


def test_files_and_cores_are_limited(facts: Facts) -> None:
    assert facts["rlimits"] == {"CORE": [0, 0], "NOFILE": [1024, 1024], "FSIZE": [5 << 20, 5 << 20]}


def test_the_environment_is_ours_to_the_last_key(facts: Facts) -> None:
    # PATH and the like come from the image, which we built.
    assert set(facts["environment"]) <= {
        "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PATH", "HOSTNAME", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    }  # fmt: skip


def test_there_is_no_engine_socket_and_no_open_door(facts: Facts) -> None:
    assert facts["sockets"] == []
    doors = [
        d for d in facts["descriptors"] if d.startswith("/") and not d.startswith(("/dev/null", "/proc/"))
    ]
    assert doors == []


def test_it_sees_its_own_processes_only_and_is_not_the_first(facts: Facts) -> None:
    assert facts["processes"] <= 3
    assert "python" not in facts["first_process"]


def test_the_kernel_and_its_devices_are_out_of_reach(facts: Facts) -> None:
    assert facts["proc_sys"] == EROFS
    assert facts["kcore"] is not None
    assert facts["devices"] == EPERM
    assert facts["kmsg"] is not None
    assert facts["oom_score_adj"] == "500"


def test_the_answers_are_nowhere(facts: Facts) -> None:
    assert facts["canary"] == []


def test_the_host_has_no_name(facts: Facts) -> None:
    assert facts["hostname"] != socket.gethostname()
    assert "run_" not in facts["hostname"]
