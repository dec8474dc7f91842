"""What every sandbox does. Cases that a fake cannot honestly do are for real engines only, and say why."""

import io
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audition.adapters.memory.inside import Inside
from audition.domain.errors import UnavailableError
from audition.domain.execution import Exit, FileMount, Limits, Profile, VolumeMount
from audition.domain.run import Verdict, judge_exit
from audition.ports import Served
from tests.contract.boxes import LIMITS, UNDER_GVISOR, Box, Deed, DockerBox, FakeBox, has_gvisor, owner

ON_DOCKER = pytest.param("docker_box", marks=pytest.mark.docker)
ON_GVISOR = [pytest.param(name, marks=pytest.mark.docker) for name in ("gvisor_box", "warm_gvisor_box")]
STARTED_AHEAD = pytest.param("warm_box", marks=pytest.mark.docker)


@pytest.fixture(scope="module")
def docker_box() -> Iterator[DockerBox]:
    box = DockerBox()
    try:
        yield box
    finally:
        box.close()


@pytest.fixture(scope="module")
def warm_box() -> Iterator[DockerBox]:
    with tempfile.TemporaryDirectory(prefix="bays-") as folder:
        Path(folder).chmod(0o755)
        box = DockerBox(Path(folder))
        try:
            yield box
        finally:
            box.close()


@pytest.fixture(scope="module")
def gvisor_box() -> Iterator[DockerBox]:
    yield from _under_gvisor(None)


@pytest.fixture(scope="module")
def warm_gvisor_box() -> Iterator[DockerBox]:
    with tempfile.TemporaryDirectory(prefix="bays-") as folder:
        Path(folder).chmod(0o755)
        yield from _under_gvisor(Path(folder))


def _under_gvisor(bays_folder: Path | None) -> Iterator[DockerBox]:
    if not has_gvisor():
        pytest.skip("the engine has no gVisor")
    box = DockerBox(bays_folder, UNDER_GVISOR)
    try:
        yield box
    finally:
        box.close()


@pytest.fixture(params=["fake", ON_DOCKER, STARTED_AHEAD, *ON_GVISOR])
def box(request: pytest.FixtureRequest) -> Box:
    made: Box = FakeBox() if request.param == "fake" else request.getfixturevalue(request.param)
    return made


def run(box: Box, deed: Deed, limits: Limits = LIMITS) -> Exit:
    return box.sandbox.run(box.spec(deed, limits=limits))


def forever(inside: Inside) -> int:
    inside.sleep(1e9)
    return 0


def says(text: bytes, code: int = 0) -> Deed:
    def play(inside: Inside) -> int:
        inside.print(text)
        return code

    script = f"import os; os.write(1, {text!r}); raise SystemExit({code})"
    return Deed(script=script, play=play)


def volume(*, is_writable: bool = True, name: str = "out") -> VolumeMount:
    return VolumeMount(name=name, target=f"/{name}", is_writable=is_writable, size_bytes=1 << 20, inodes=16)


def hold(inside: Inside) -> int:
    inside.print(b"ready\n")
    while True:
        inside.await_signal()
        inside.print(b"".join(k.encode() + b"=" + v for k, v in sorted(inside.read("out").items())) + b"\n")


#: Holds a volume; on each SIGUSR1 prints the files in it as one line.
HOLDER = Deed(
    script="""
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
while True:
    signal.sigwait({signal.SIGUSR1})
    print("".join(f"{n}={open('/out/' + n).read()}" for n in sorted(os.listdir("/out"))), flush=True)
""",
    play=hold,
)


def put(name: str, size: int = 2) -> Deed:
    """Writes a file into /out; exit code 9 when that is refused."""

    def play(inside: Inside) -> int:
        try:
            inside.write("out", name, b"x" * size)
        except OSError:
            return 9
        return 0

    script = f"""
try:
    with open("/out/{name}", "wb") as f: f.write(b"x" * {size})
except OSError:
    raise SystemExit(9)
"""
    return Deed(script=script, play=play)


@pytest.mark.parametrize("code", [0, 3, 127])
def test_the_exit_code_is_the_programs(box: Box, code: int) -> None:
    assert run(box, says(b"", code)).exit_code == code


def test_stdout_and_stderr_are_kept_apart(box: Box) -> None:
    def play(inside: Inside) -> int:
        inside.print(b"to out")
        inside.complain(b"to err")
        return 0

    deed = Deed(script="import os; os.write(1, b'to out'); os.write(2, b'to err')", play=play)

    exit_ = run(box, deed)

    assert (exit_.stdout, exit_.stderr) == (b"to out", b"to err")
    assert not exit_.is_log_truncated


def test_what_it_prints_is_kept_from_the_start_up_to_the_cap(box: Box) -> None:
    exit_ = run(box, says(b"a" * 600 + b"b" * 600))

    assert exit_.stdout == b"a" * 600 + b"b" * 400
    assert exit_.is_log_truncated
    assert judge_exit(exit_) == Verdict.ACCEPTED


def test_exactly_the_cap_is_not_too_much(box: Box) -> None:
    exit_ = run(box, says(b"a" * 1000))

    assert exit_.stdout == b"a" * 1000
    assert not exit_.is_log_truncated


def test_a_deadline_ends_a_program_that_ignores_requests_to_end(box: Box) -> None:
    script = """
import signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
time.sleep(1e6)
"""
    began = time.monotonic()

    exit_ = run(box, Deed(script=script, play=forever), limits=replace(LIMITS, time_seconds=1.0))

    assert exit_.is_past_deadline
    assert exit_.exit_code == 137
    assert judge_exit(exit_) == Verdict.TIME_LIMIT
    assert exit_.usage.wall_seconds >= 0.9
    assert time.monotonic() - began < 15


def test_too_much_memory_ends_it(box: Box) -> None:
    def play(inside: Inside) -> int:
        inside.allocate(200 << 20)
        return 0

    exit_ = run(box, Deed(script="b = bytearray(200 << 20); b[::4096] = b'x' * len(b[::4096])", play=play))

    assert exit_.is_out_of_memory
    assert judge_exit(exit_) == Verdict.MEMORY_LIMIT


def test_memory_within_the_limit_is_fine(box: Box) -> None:
    def play(inside: Inside) -> int:
        inside.allocate(20 << 20)
        return 0

    exit_ = run(box, Deed(script="b = bytearray(b'x' * (20 << 20))", play=play))

    assert judge_exit(exit_) == Verdict.ACCEPTED


def test_a_flood_ends_it(box: Box) -> None:
    def play(inside: Inside) -> int:
        while True:
            inside.print(b"x" * 10_000)

    exit_ = run(box, Deed(script="import os\nwhile True: os.write(1, b'x' * 10_000)", play=play))

    assert exit_.is_flooding
    assert judge_exit(exit_) == Verdict.OUTPUT_LIMIT
    assert len(exit_.stdout) == 1000


def test_a_flood_on_stderr_ends_it_too(box: Box) -> None:
    def play(inside: Inside) -> int:
        while True:
            inside.complain(b"x" * 10_000)

    exit_ = run(box, Deed(script="import os\nwhile True: os.write(2, b'x' * 10_000)", play=play))

    assert exit_.is_flooding
    assert len(exit_.stderr) == 1000


def test_a_program_that_dies_of_a_signal_has_it_in_its_exit_code(box: Box) -> None:
    deed = Deed(script="import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", play=lambda _: 128 + 11)

    exit_ = run(box, deed)

    assert exit_.exit_code == 139
    assert judge_exit(exit_) == Verdict.SIGNALLED


def test_a_request_to_stop_ends_it_and_is_no_verdict_on_it(box: Box) -> None:
    asked: list[bool] = []

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) > 2

    spec = box.spec(Deed(script="import time; time.sleep(1e6)", play=forever))

    exit_ = box.sandbox.run(spec, should_stop)

    assert exit_.exit_code == 137
    assert not exit_.is_past_deadline
    assert not exit_.is_flooding
    assert len(asked) == 3


def test_a_command_that_does_not_exist_is_the_candidates_and_exits_127(box: Box) -> None:
    exit_ = box.sandbox.run(box.spec(None))

    assert exit_.exit_code == 127
    assert judge_exit(exit_) == Verdict.NONZERO_EXIT


def test_an_exit_names_its_image_and_runtime(box: Box) -> None:
    exit_ = run(box, says(b""))

    assert exit_.image_id == box.sandbox.image_id(box.image)
    assert exit_.image_id.startswith("sha256:")
    assert exit_.runtime


def test_each_profile_has_its_runtime_and_the_exit_says_so(gvisor_box: DockerBox) -> None:
    ran_under = {
        profile: gvisor_box.sandbox.run(gvisor_box.spec(says(b""), profile=profile)).runtime
        for profile in Profile
    }
    assert ran_under == {
        Profile.CANDIDATE: "runsc",
        Profile.AUTHOR: "runsc",
        Profile.GRADER: "runc",
        Profile.KEEPER: "runc",
    }
    assert gvisor_box.sandbox.facts()["runtime"] == "runsc"


def test_a_missing_image_is_ours_and_does_not_heal_by_itself(box: Box) -> None:
    spec = replace(box.spec(says(b"")), image="audition/never:made")

    for attempt in (lambda: box.sandbox.image_id("audition/never:made"), lambda: box.sandbox.run(spec)):
        with pytest.raises(UnavailableError) as caught:
            attempt()
        assert caught.value.code == "image-missing"
        assert not caught.value.transient
    assert box.left(spec.ownership.run_id) == 0


def test_facts_are_plain_text(box: Box) -> None:
    facts = box.sandbox.facts()

    assert {"engine", "runtime"} <= set(facts)
    assert all(isinstance(value, str) for value in facts.values())


def test_a_served_container_talks_in_lines_and_counted_bytes(box: Box) -> None:
    def play(inside: Inside) -> int:
        inside.print(b"first\nsec")
        inside.print(b"ond\n\x00\x01\n\x02third\n")
        inside.sleep(0)
        inside.await_signal()
        return 0

    script = r"""
import os, time
os.write(1, b"first\nsec"); time.sleep(0.05); os.write(1, b"ond\n\x00\x01\n\x02third\n"); time.sleep(1e6)
"""
    sink = io.BytesIO()
    with box.sandbox.serve(box.spec(Deed(script=script, play=play))) as served:
        lines = [served.read_line(100, 20.0), served.read_line(100, 20.0)]
        served.read_into(sink, 4, 20.0)
        lines.append(served.read_line(100, 20.0))
        exit_ = served.stop()

    assert lines == [b"first", b"second", b"third"]
    assert sink.getvalue() == b"\x00\x01\n\x02"
    assert exit_.exit_code == 137
    assert not exit_.is_past_deadline


def test_a_served_container_hears_signals(box: Box) -> None:
    spec = box.spec(HOLDER, mounts=(volume(),), profile=Profile.KEEPER)
    with box.sandbox.serve(spec) as served:
        assert served.read_line(100, 20.0) == b"ready"
        served.signal("SIGUSR1")
        assert served.read_line(100, 20.0) == b""


def test_leaving_the_context_ends_a_served_container(box: Box) -> None:
    spec = box.spec(HOLDER, mounts=(volume(),))
    with box.sandbox.serve(spec) as served:
        served.read_line(100, 20.0)

    with pytest.raises(UnavailableError):
        served.signal("SIGUSR1")


@pytest.mark.parametrize("amount", [1, 5000])
def test_a_served_container_that_says_too_much_or_nothing_is_given_up(box: Box, amount: int) -> None:
    def play(inside: Inside) -> int:
        inside.print(b"x" * amount)
        inside.await_signal()
        return 0

    deed = Deed(script=f"import os, time; os.write(1, b'x' * {amount}); time.sleep(1e6)", play=play)
    with box.sandbox.serve(box.spec(deed)) as served, pytest.raises(UnavailableError):
        served.read_line(100, 1.0)


@pytest.mark.parametrize("wants_bytes", [False, True])
def test_a_served_container_that_ends_early_is_noticed(box: Box, *, wants_bytes: bool) -> None:
    def read(served: Served) -> None:
        if wants_bytes:
            served.read_into(io.BytesIO(), 100, 20.0)
        else:
            served.read_line(100, 20.0)

    with box.sandbox.serve(box.spec(says(b"half a lin"))) as served, pytest.raises(UnavailableError):
        read(served)


def test_serving_a_command_that_does_not_exist_is_ours(box: Box) -> None:
    # Some engines notice at the start, some only when nothing is said.
    with pytest.raises(UnavailableError), box.sandbox.serve(box.spec(None)) as served:
        served.read_line(100, 20.0)


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


def test_sweeping_removes_what_an_instance_that_is_no_more_left_past_its_deadline(box: Box) -> None:
    late = owner(lasts_seconds=-60.0)
    box.other.run(box.spec(put("a"), ownership=late, mounts=(volume(),)))

    box.sandbox.sweep(lambda _run_id, _fence: False)

    assert box.left(late.run_id) == 0


class TestRealEngines:
    """What needs a kernel: a fake is one process and has neither files nor users of its own."""

    @pytest.fixture(params=[ON_DOCKER, STARTED_AHEAD])
    def box(self, request: pytest.FixtureRequest) -> Box:
        made: Box = request.getfixturevalue(request.param)
        return made

    @pytest.mark.parametrize("code", [0, 5])
    def test_memory_that_a_child_process_takes_counts_whatever_its_parent_says(
        self, box: Box, code: int
    ) -> None:
        hog = "b = bytearray(200 << 20); b[::4096] = b'x' * len(b[::4096])"
        script = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {hog!r}])
raise SystemExit({code})
"""

        exit_ = run(box, Deed(script=script))

        assert exit_.is_out_of_memory
        assert judge_exit(exit_) == Verdict.MEMORY_LIMIT

    def test_children_that_left_their_session_die_with_the_container(self, box: Box) -> None:
        script = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1e6)
    os._exit(0)
os.wait()
"""
        spec = box.spec(Deed(script=script))
        began = time.monotonic()

        exit_ = box.sandbox.run(spec)

        assert exit_.exit_code == 0
        assert time.monotonic() - began < 15

    def test_a_fork_bomb_meets_the_limit_on_processes(self, box: Box) -> None:
        script = """
import os, time
made = 0
try:
    while made < 1000:
        if os.fork() == 0: time.sleep(1e6)
        made += 1
except OSError:
    print(made, end="", flush=True)
    os._exit(7)
"""
        exit_ = run(box, Deed(script=script), limits=replace(LIMITS, pids=24))

        assert exit_.exit_code == 7
        assert 10 < int(exit_.stdout) < 24

    def test_a_mounted_file_can_be_read_and_not_written(self, box: Box, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        for folder in tmp_path.parents[:2]:
            folder.chmod(0o755)
        source = tmp_path / "input"
        source.write_text("given")
        source.chmod(0o666)
        mount = FileMount(source=str(source), target="/in/data.csv")
        script = """
print(open("/in/data.csv").read(), end="")
try: open("/in/data.csv", "w")
except OSError as e: print(e.errno, end="")
"""
        exit_ = box.sandbox.run(box.spec(Deed(script=script), mounts=(mount,)))

        assert exit_.stdout == b"given30"  # EROFS
        assert source.read_text() == "given"

    def test_two_candidates_at_once_have_users_of_their_own(self, box: Box) -> None:
        deed = Deed(script="import os; print(os.getuid(), os.getgid(), end='')")

        said = [box.sandbox.run(box.spec(deed, slot=slot)).stdout.split() for slot in (0, 1)]

        assert said[0][0] == said[0][1]
        assert int(said[0][0]) >= 10_000
        assert said[0] != said[1]

    def test_usage_comes_from_the_kernel(self, box: Box) -> None:
        script = """
import time
b = bytearray(b"x" * (20 << 20))
t = time.time()
while time.time() - t < 2.5: pass
"""

        usage = run(box, Deed(script=script)).usage

        assert 2.3 < usage.wall_seconds < 10
        assert usage.cpu_seconds is not None
        assert 0.3 < usage.cpu_seconds < 10
        assert usage.peak_memory_bytes is not None
        assert 20 << 20 < usage.peak_memory_bytes <= LIMITS.memory_bytes
