"""What the engine announced of a container's memory, and what the kernel counted."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from audition.adapters.docker.records import used_memory
from audition.adapters.docker.usage import counters_of, ran_out_of_memory, stats_of


class _Engine:
    """As far as its announcements go."""

    base_url, api_version = "http+docker://localhost", "1.41"

    def __init__(self, status: int, announced: str = "", trouble: Exception | None = None) -> None:
        self.answer = requests.Response()
        self.answer.status_code = status
        self.answer._content = announced.encode()
        self.trouble = trouble
        self.asked: dict[str, Any] = {}

    def get(self, url: str, **asked: object) -> requests.Response:
        self.asked = {"url": url, **asked}
        if self.trouble is not None:
            raise self.trouble
        return self.answer


@pytest.mark.parametrize(
    ("engine", "ran_out"),
    [
        (_Engine(200, '{"Action":"oom"}\n{"Action":"oom"}\n'), True),
        (_Engine(200, ""), False),
        (_Engine(500, "trouble"), False),
        (_Engine(200, trouble=requests.ReadTimeout("3 s")), False),
        (_Engine(200, trouble=requests.ConnectionError("gone")), False),
    ],
    ids=["announced", "nothing", "failed", "hangs", "gone"],
)
def test_what_was_announced_counts(engine: _Engine, *, ran_out: bool) -> None:
    stand_in: Any = engine
    client: docker.APIClient = stand_in
    assert ran_out_of_memory(client, "c1", 1_900_000_000.7) is ran_out
    assert engine.asked["url"].endswith("/v1.41/events")
    assert json.loads(engine.asked["params"]["filters"]) == {"container": ["c1"], "event": ["oom"]}
    assert engine.asked["params"]["since"] == "1900000000"
    assert engine.asked["timeout"] <= 5


CONTAINER = "c0ffee" * 10


def host(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    """The kernel's files of a host on which process 7 is the container's first."""
    every = {"proc/7/cgroup": cgroup, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()}}
    for name, text in every.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V1 = {
    f"memory/docker/{CONTAINER}/memory.max_usage_in_bytes": "14430208\n",
    f"cpuacct/docker/{CONTAINER}/cpuacct.usage": "177922557\n",
}
V2 = {
    f"docker/{CONTAINER}/memory.peak": "14430208\n",
    f"docker/{CONTAINER}/cpu.stat": "usage_usec 177922\nuser_usec 100000\nsystem_usec 77922\n",
}


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        (f"9:cpu,cpuacct:/docker/{CONTAINER}\n4:memory:/docker/{CONTAINER}\n0::/\n", V1),
        (f"0::/docker/{CONTAINER}\n", V2),
    ],
    ids=["version 1", "version 2"],
)
def test_the_kernels_counters_are_read_on_both_versions(
    tmp_path: Path, cgroup: str, files: dict[str, str]
) -> None:
    with ExitStack() as opened:
        counters = counters_of(7, CONTAINER, opened, host(tmp_path, cgroup, files))

        assert counters is not None
        assert counters.peak_bytes() == 14430208
        assert counters.cpu_seconds() == pytest.approx(0.177922, abs=1e-6)


def test_counters_of_another_process_with_the_same_number_are_not_taken(tmp_path: Path) -> None:
    stranger = f"0::/docker/{'f00d' * 15}\n"
    with ExitStack() as opened:
        assert counters_of(7, CONTAINER, opened, host(tmp_path, stranger, V2)) is None
        assert counters_of(8, CONTAINER, opened, tmp_path) is None


def test_a_kernel_without_a_peak_is_left_to_the_engine(tmp_path: Path) -> None:
    cgroup = f"0::/docker/{CONTAINER}\n"
    with ExitStack() as opened:
        assert counters_of(7, CONTAINER, opened, host(tmp_path, cgroup, {})) is None


STATS_V1 = {
    f"memory/docker/{CONTAINER}/memory.usage_in_bytes": "20000000\n",
    f"memory/docker/{CONTAINER}/memory.max_usage_in_bytes": "30000000\n",
    f"memory/docker/{CONTAINER}/memory.stat": "inactive_file 1\ntotal_inactive_file 5000000\n",
    f"cpuacct/docker/{CONTAINER}/cpuacct.usage": "177922000\n",
    f"pids/docker/{CONTAINER}/pids.current": "3\n",
}
STATS_V2 = {
    f"docker/{CONTAINER}/memory.current": "20000000\n",
    f"docker/{CONTAINER}/memory.stat": "anon 15000000\ninactive_file 5000000\n",
    f"docker/{CONTAINER}/cpu.stat": "usage_usec 177922\nuser_usec 100000\n",
    f"docker/{CONTAINER}/pids.current": "3\n",
}
GROUPS_V1 = (
    f"9:cpu,cpuacct:/docker/{CONTAINER}\n8:pids:/docker/{CONTAINER}\n4:memory:/docker/{CONTAINER}\n0::/\n"
)


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [(GROUPS_V1, STATS_V1), (f"0::/docker/{CONTAINER}\n", STATS_V2)],
    ids=["version 1", "version 2"],
)
def test_what_the_engine_says_once_a_second_is_read_at_once(
    tmp_path: Path, cgroup: str, files: dict[str, str]
) -> None:
    stats = stats_of(7, CONTAINER, host(tmp_path, cgroup, files))
    assert stats is not None
    assert used_memory(stats) == 15000000
    assert stats["cpu_stats"]["cpu_usage"]["total_usage"] == 177922000
    assert stats["pids_stats"]["current"] == 3


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        (f"0::/docker/{'f00d' * 15}\n", STATS_V2),
        (f"0::/docker/{CONTAINER}\n", {}),
        (f"0::/docker/{CONTAINER}\n", STATS_V2 | {f"docker/{CONTAINER}/memory.stat": "other\n"}),
        (GROUPS_V1, {}),
        ("0::/\n", {}),
    ],
    ids=["another's", "elsewhere", "counted otherwise", "not mounted", "no group"],
)
def test_what_cannot_be_read_is_left_to_the_engine(
    tmp_path: Path, cgroup: str, files: dict[str, str]
) -> None:
    assert stats_of(7, CONTAINER, host(tmp_path, cgroup, files)) is None
    assert stats_of(8, CONTAINER, tmp_path) is None
