"""What every sandbox does with one container: what is kept of it, what ends it, and what its end is called."""

import os
import time
import warnings
from dataclasses import replace

import pytest

from audition.adapters.memory.inside import Inside
from audition.domain.errors import UnavailableError
from audition.domain.execution import Profile
from audition.domain.run import Verdict, judge_exit
from tests.contract.boxes import LIMITS, Box, Deed, DockerBox
from tests.contract.deeds import forever, run, says


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


def test_images_are_shown_to_a_container_on_its_standard_input(box: Box) -> None:
    def play(inside: Inside) -> int:
        inside.print(str(len(inside.read_line()) > 0).encode())
        return 0

    script = "import sys; n = 0\nwhile c := sys.stdin.buffer.read(1 << 16): n += len(c)\nprint(n > 0, end='')"
    deed = Deed(script=script, play=play)

    assert box.sandbox.show([box.image], box.spec(deed), 1 << 30).stdout == b"True"


def test_an_image_that_is_not_there_cannot_be_shown(box: Box) -> None:
    with pytest.raises(UnavailableError):
        box.sandbox.show(["audition/no-such:1"], box.spec(says(b"")), 1 << 30)


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
    assert time.monotonic() - began < 60


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


def test_a_program_that_ends_with_its_line_is_not_waited_for(box: Box) -> None:
    def play(inside: Inside) -> int:
        inside.print(b"done\n")
        inside.sleep(60)
        return 3

    deed = Deed(
        script="import time; print('done', flush=True); time.sleep(60); raise SystemExit(3)", play=play
    )
    spec = box.spec(deed, profile=Profile.GRADER, ends_with_line=True)
    began = time.monotonic()

    exit_ = box.sandbox.run(spec)

    assert (exit_.exit_code, exit_.stdout, exit_.is_past_deadline) == (0, b"done\n", False)
    assert exit_.runtime, "where it ran is known all the same"
    assert time.monotonic() - began < 50
    box.sandbox.discard(spec.ownership.run_id, 1)
    assert box.left(spec.ownership.run_id) == 0


@pytest.mark.parametrize("text", [b"", b"half a line"])
def test_one_that_never_said_its_line_is_judged_by_its_end(box: Box, text: bytes) -> None:
    spec = box.spec(says(text, 3), profile=Profile.GRADER, ends_with_line=True)

    assert box.sandbox.run(spec).exit_code == 3


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


@pytest.mark.docker
def test_a_forked_child_shares_no_connection_with_its_parent(docker_box: DockerBox) -> None:
    docker_box.client.version()
    adapter = docker_box.client.get_adapter("http+docker://localhost/")
    assert len(adapter.pools) > 0, "the parent keeps one open"

    with warnings.catch_warnings():
        # Python 3.12 warns of threads; the child does nothing that could wait for one.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(len(adapter.pools))

    assert os.waitpid(child, 0)[1] == 0


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
