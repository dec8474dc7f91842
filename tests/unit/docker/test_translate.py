"""Every hardening flag of a container, asserted one by one; each row says why it is there."""

import dataclasses
import json
from typing import Any

import pytest

from audition.adapters.docker.translate import (
    BUILD_STAGE,
    LABEL_STAGE,
    Translator,
    build_labels,
    create_request,
    labels_of,
    mirror_request,
    seccomp_profile,
    uid_of,
    volume_name,
)
from audition.domain.execution import (
    ContainerSpec,
    FileMount,
    Limits,
    Ownership,
    Profile,
    VolumeMount,
)

OWNER = Ownership(run_id="run_1", fence=3, deadline_epoch=1_900_000_000)
LIMITS = Limits(
    time_seconds=10,
    memory_bytes=512 << 20,
    cpus=1.5,
    pids=99,
    scratch_bytes=7 << 20,
    scratch_inodes=77,
    output_bytes=5 << 20,
    output_inodes=55,
)
MOUNTS = (
    FileMount(source="/data/blobs/ab/cd", target="/in/test.csv"),
    VolumeMount(name="out", target="/out", is_writable=True, size_bytes=5 << 20, inodes=55),
    VolumeMount(name="tree", target="/submission", is_writable=False, size_bytes=9 << 20, inodes=99),
)

HOST_FLAGS = [
    ("Privileged", False, "a privileged container is the host"),
    ("CapDrop", ["ALL"], "no capability at all, whatever the engine's defaults become"),
    ("CapAdd", [], "and none comes back"),
    ("ReadonlyRootfs", True, "nothing persists, and no interpreter can be replaced for later stages"),
    ("NetworkMode", "none", "no name service, no gateway, no neighbour"),
    ("IpcMode", "private", "shared memory was a channel between sandboxes before"),
    ("PidMode", "", "no look at processes of others"),
    ("Init", True, "process 1 is not candidate code, and zombies are reaped"),
    ("AutoRemove", False, "how it ended is read after the end"),
    ("RestartPolicy", {"Name": "no"}, "what crashed stays dead"),
    ("Devices", [], "no device of the host"),
    ("OomScoreAdj", 500, "the platform outlives its guests"),
    ("LogConfig", {"Type": "none", "Config": {}}, "what is printed fills no disk of the host"),
    ("ShmSize", 64 << 20, "bounded, and charged to the container's memory"),
    ("Memory", 512 << 20, "the author's limit"),
    ("MemorySwap", 512 << 20, "equal to Memory: no swap"),
    ("NanoCpus", 1_500_000_000, "the author's limit"),
    ("PidsLimit", 99, "fork bombs and thread bombs"),
]

TOP_FLAGS = [
    ("NetworkDisabled", True, "a second lock on the same door"),
    ("Tty", False, "frames of stdout and stderr stay apart"),
    ("OpenStdin", False, "nothing to talk it into"),
    ("Entrypoint", [], "an image cannot choose what runs"),
    ("Healthcheck", {"Test": ["NONE"]}, "an image cannot have commands run beside"),
    ("User", "20000:20000", "never root, never a user of the host"),
]


def spec(**overrides: Any) -> ContainerSpec:
    fields: dict[str, Any] = {
        "stage": "predict",
        "image": "image:1",
        "argv": ("python", "predict.py"),
        "profile": Profile.CANDIDATE,
        "ownership": OWNER,
        "limits": LIMITS,
        "mounts": MOUNTS,
        **overrides,
    }
    return ContainerSpec(**fields)


def request(**overrides: Any) -> dict[str, Any]:
    return create_request(spec(**overrides), instance="me", seccomp='{"a": 1}')


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(("flag", "value", "why"), HOST_FLAGS, ids=[row[0] for row in HOST_FLAGS])
def test_hardening_of_the_host_side(profile: Profile, flag: str, value: object, why: str) -> None:
    assert request(profile=profile)["HostConfig"][flag] == value, why


@pytest.mark.parametrize(("flag", "value", "why"), TOP_FLAGS, ids=[row[0] for row in TOP_FLAGS])
def test_hardening_of_the_container(flag: str, value: object, why: str) -> None:
    assert request()[flag] == value, why


def test_no_other_host_option_is_ever_set() -> None:
    """A new key here is a decision: it needs a row in the table above or a test of its own."""
    with_own_test = {"SecurityOpt", "Tmpfs", "Mounts", "Ulimits"}

    assert set(request()["HostConfig"]) == {row[0] for row in HOST_FLAGS} | with_own_test


def test_masked_paths_and_apparmor_stay_as_the_engine_sets_them() -> None:
    config = request()["HostConfig"]

    assert not {"MaskedPaths", "ReadonlyPaths", "UsernsMode", "Binds", "GroupAdd"} & set(config)
    assert not any("apparmor" in option for option in config["SecurityOpt"])


def test_security_options_are_no_new_privileges_and_our_profile_as_text() -> None:
    assert request()["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true", 'seccomp={"a": 1}']


def test_ulimits_stop_core_files_open_files_and_sparse_giants() -> None:
    ulimits = {u["Name"]: (u["Soft"], u["Hard"]) for u in request()["HostConfig"]["Ulimits"]}

    # nproc counts a user id's processes on the whole host, so it is left to PidsLimit.
    assert ulimits == {"core": (0, 0), "nofile": (1024, 1024), "fsize": (5 << 20, 5 << 20)}


def test_scratch_is_limited_in_size_and_files_and_runs_nothing() -> None:
    options = request()["HostConfig"]["Tmpfs"]["/tmp"].split(",")

    assert set(options) >= {"noexec", "nosuid", "nodev", f"size={7 << 20}", "nr_inodes=77"}
    assert set(request()["HostConfig"]["Tmpfs"]) == {"/tmp"}


def test_inputs_are_bound_read_only_without_propagation() -> None:
    mount = request()["HostConfig"]["Mounts"][0]

    assert mount == {
        "Type": "bind",
        "Source": "/data/blobs/ab/cd",
        "Target": "/in/test.csv",
        "ReadOnly": True,
        "BindOptions": {"Propagation": "rprivate"},
    }


def test_a_volume_is_memory_limited_in_size_and_files_and_belongs_to_one_run_and_fence() -> None:
    mount = request()["HostConfig"]["Mounts"][1]
    options = mount["VolumeOptions"]["DriverConfig"]["Options"]

    assert mount["Source"] == "audition-me-run_1-3-out"
    assert mount["ReadOnly"] is False
    assert mount["VolumeOptions"]["NoCopy"] is True, "an image could plant files in it"
    assert options["type"] == "tmpfs"
    assert set(options["o"].split(",")) >= {
        "nosuid", "nodev", f"size={5 << 20}", "nr_inodes=55", "uid=20000", "mode=0755",
    }  # fmt: skip
    assert request()["HostConfig"]["Mounts"][2]["ReadOnly"] is True


def test_runs_and_fences_have_volumes_of_their_own() -> None:
    mount = MOUNTS[1]
    assert isinstance(mount, VolumeMount)
    names = {
        volume_name(spec(ownership=Ownership(run_id=run_id, fence=fence, deadline_epoch=1)), mount, "test")
        for run_id in ("run_1", "run_2")
        for fence in (1, 2)
    }
    assert len(names) == 4


def test_labels_are_all_a_reaper_needs() -> None:
    labels = labels_of(spec(), "me")

    assert labels == {
        "audition.instance": "me",
        "audition.run": "run_1",
        "audition.fence": "3",
        "audition.stage": "predict",
        "audition.deadline": "1900000000",
    }
    assert request()["Labels"] == labels
    assert request()["HostConfig"]["Mounts"][1]["VolumeOptions"]["Labels"] == labels


@pytest.mark.parametrize("slot", [0, 1, 999])
def test_user_ids_are_distinct_per_slot_and_never_trusted_ones(slot: int) -> None:
    candidates = {uid_of(Profile.CANDIDATE, s) for s in range(1000)}
    trusted = {uid_of(Profile.GRADER, s) for s in range(1000)}

    assert uid_of(Profile.CANDIDATE, slot) == 20_000 + slot
    assert len(candidates) == 1000
    assert not candidates & trusted
    assert min(candidates | trusted) >= 10_000


def test_the_keeper_shares_its_user_with_the_candidate_and_the_author_with_no_candidate() -> None:
    assert uid_of(Profile.KEEPER, 0) == uid_of(Profile.CANDIDATE, 0)
    assert uid_of(Profile.AUTHOR, 0) == uid_of(Profile.GRADER, 0) != uid_of(Profile.CANDIDATE, 0)


def test_the_environment_is_a_short_list_with_thread_counts_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    monkeypatch.setenv("AUDITION_SECRET_KEY", "s" * 40)
    environment = dict(entry.split("=", 1) for entry in request()["Env"])

    assert environment == {
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
        "MKL_NUM_THREADS": "2",
        "NUMEXPR_NUM_THREADS": "2",
    }


def test_no_field_of_a_spec_can_weaken_anything() -> None:
    """Hostile values land where they belong and move no other flag."""
    plain = request()
    nasty = request(
        stage="predict --privileged",
        argv=("sh", "-c", "--cap-add=ALL"),
        environment={"SecurityOpt": "seccomp=unconfined", "PRIVILEGED": "true"},
        working_dir="/proc/self/fd/7",
        mounts=(
            FileMount(source="/data/x:rw", target="/in/x,readonly=false"),
            VolumeMount(name="out,rw", target="/out", is_writable=False, size_bytes=1, inodes=1),
        ),
    )
    own_places = {"Mounts"}

    for flag in set(plain["HostConfig"]) - own_places:
        assert nasty["HostConfig"][flag] == plain["HostConfig"][flag]
    for flag in set(plain) - {"HostConfig", "Cmd", "Env", "WorkingDir", "Labels"}:
        assert nasty[flag] == plain[flag]
    assert [m["ReadOnly"] for m in nasty["HostConfig"]["Mounts"]] == [True, True]
    assert [m["Type"] for m in nasty["HostConfig"]["Mounts"]] == ["bind", "volume"]


def test_a_spec_has_no_field_that_asks_for_privilege() -> None:
    """What can be asked for is exactly this; a new field needs a look at what it opens."""
    assert {f.name for f in dataclasses.fields(ContainerSpec)} == {
        "stage", "image", "argv", "profile", "ownership", "limits", "mounts", "environment",
        "working_dir", "slot", "warm_imports", "ends_with_line",
    }  # fmt: skip
    assert {f.name for f in dataclasses.fields(FileMount)} == {"source", "target"}


def test_each_profile_gets_its_runtime() -> None:
    translator = Translator(instance="me", runtimes={Profile.CANDIDATE: "runsc", Profile.GRADER: "runc"})
    named = {
        profile: translator.request(dataclasses.replace(spec(), profile=profile))["HostConfig"].get("Runtime")
        for profile in Profile
    }
    assert named == {
        Profile.CANDIDATE: "runsc",
        Profile.GRADER: "runc",
        Profile.AUTHOR: None,
        Profile.KEEPER: None,
    }


def test_gvisor_gets_room_for_its_own_tasks() -> None:
    made = [
        create_request(spec(), instance="me", seccomp="{}", runtime=runtime) for runtime in ("runc", "runsc")
    ]
    assert [request["HostConfig"]["PidsLimit"] for request in made] == [99, 329]


def test_the_filter_inside_gvisor_differs_in_the_one_call_that_starts_threads() -> None:
    usual, inside = (
        {
            name: rule["action"]
            for rule in json.loads(seccomp_profile(runtime))["syscalls"]
            for name in rule["names"]
        }
        for runtime in ("runc", "runsc")
    )
    assert {name for name in usual | inside if usual.get(name) != inside.get(name)} == {"clone3"}
    assert inside["clone3"] == "SCMP_ACT_ALLOW"
    assert json.loads(seccomp_profile("runsc"))["defaultAction"] == "SCMP_ACT_ERRNO"


@pytest.mark.parametrize("runtime", [None, "runsc"])
def test_a_runtime_is_named_only_when_one_is_chosen(runtime: str | None) -> None:
    made = create_request(spec(), instance="me", seccomp="{}", runtime=runtime)

    assert made["HostConfig"].get("Runtime") == runtime


def test_a_mirror_differs_from_other_containers_in_the_names_it_knows_and_nothing_else() -> None:
    usual = create_request(spec(), instance="i", seccomp="{}")

    made = mirror_request(spec(), instance="i", seccomp="{}")

    changed = {key for key in made if made[key] != usual[key]}
    host = {key for key in made["HostConfig"] if made["HostConfig"][key] != usual["HostConfig"].get(key)}
    assert changed == {"NetworkDisabled", "HostConfig"}
    assert host == {"ExtraHosts", "Dns", "DnsSearch"}
    # Loopback is all there is, and no name server answers on it.
    assert made["HostConfig"]["NetworkMode"] == "none"
    assert made["HostConfig"]["Dns"] == ["127.0.0.1"]


def test_what_a_build_makes_has_the_labels_of_its_run() -> None:
    labels = build_labels(spec().ownership, "i")

    assert labels.items() >= {k: v for k, v in labels_of(spec(), "i").items() if k != LABEL_STAGE}.items()
    assert labels[LABEL_STAGE] == BUILD_STAGE
