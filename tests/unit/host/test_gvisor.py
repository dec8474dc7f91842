"""Where runsc comes from, and how an engine is told of it."""

import io
import json
from pathlib import Path

import pytest

from audition.host import gvisor
from audition.host.gvisor import ARGUMENTS, engine_config, ensure_runsc, find_runsc, mirrors, release_of
from audition.host.steps import HostError, Step
from audition.settings import Settings

DEB822 = """\
Types: deb
# http://snapshot.example/archive/debian/1
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb [signed-by=/a.gpg arch=amd64] http://other.example/debian/ bookworm main contrib
deb http://packages.example/apt cloud main
deb http://plain.example/debian bookworm contrib
"""


def install(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> io.StringIO:
    """A machine without runsc that cannot install anything."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(gvisor, "can_install_debian_packages", lambda: False)
    return io.StringIO()


def test_mirrors_are_those_of_the_hosts_own_sources() -> None:
    assert mirrors([DEB822, ONE_LINE, DEB822]) == [
        "http://mirror.example/debian",
        "http://other.example/debian",
    ]
    assert mirrors([]) == []


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("runsc version 0.0~20240729.0", 20240729),
        ("runsc version release-20250101.1", 20250101),
        ("runsc version 0.0~git", 0),
        ("", 0),
    ],
)
def test_a_release_is_known_by_its_date(text: str, date: int) -> None:
    assert release_of(text) == date


def test_one_on_the_path_is_used_when_it_is_new_enough(tmp_path: Path, stream: io.StringIO) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    program = install(tmp_path / "bin" / "runsc", "runsc version 0.0~20220101.0")
    assert find_runsc(settings) is None

    install(program, "runsc version 0.0~20240729.0")
    assert ensure_runsc(Step(stream), settings) == program
    assert stream.getvalue() == ""


def test_one_in_the_cache_comes_first(tmp_path: Path, stream: io.StringIO) -> None:
    del stream
    settings = Settings(data_dir=tmp_path / "data")
    install(tmp_path / "bin" / "runsc", "runsc version 0.0~20240729.0")
    cached = install(tmp_path / "data" / "cache" / "runsc" / "runsc", "runsc version 0.0~20240730.0")
    assert find_runsc(settings) == cached


def test_where_it_cannot_be_had_that_is_a_sentence(
    tmp_path: Path, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert ensure_runsc(Step(stream), settings) is None
    assert "root and apt-get" in stream.getvalue()

    monkeypatch.setattr(gvisor, "can_install_debian_packages", lambda: True)
    monkeypatch.setattr(gvisor, "_KEYRING", install(tmp_path / "keys", ""))
    monkeypatch.setattr(gvisor, "_APT", tmp_path / "no-apt")
    assert ensure_runsc(Step(stream), settings) is None
    assert "no mirror" in stream.getvalue()


def test_it_is_fetched_with_lists_of_its_own_and_kept_with_its_digest(
    tmp_path: Path, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apt").mkdir()
    (tmp_path / "apt" / "sources.list").write_text(ONE_LINE)
    calls: list[list[str]] = []

    def run(argv: list[str], *, what: str, cwd: Path | None = None) -> str:
        del what
        calls.append(argv)
        if "download" in argv:
            assert cwd is not None
            assert "http://other.example/debian" in (cwd / "sources.list").read_text()
            (cwd / "runsc_1_amd64.deb").touch()
        if argv[0] == "dpkg-deb":
            install(Path(argv[-1]) / "usr" / "bin" / "runsc", "runsc version 0.0~20240729.0")
        return ""

    monkeypatch.setattr(gvisor, "can_install_debian_packages", lambda: True)
    monkeypatch.setattr(gvisor, "_KEYRING", install(tmp_path / "keys", ""))
    monkeypatch.setattr(gvisor, "_APT", tmp_path / "apt")
    monkeypatch.setattr(gvisor, "run", run)

    found = ensure_runsc(Step(stream), Settings(data_dir=tmp_path / "data"))

    assert found is not None
    assert found.is_relative_to(tmp_path / "data")
    record = json.loads(found.with_suffix(".json").read_text())
    assert record["version"].endswith("20240729.0")
    assert len(record["sha256"]) == 64
    assert all("Dir::Etc::sourceparts=-" in argv for argv in calls if argv[0] == "apt-get")


def test_registering_leaves_the_rest_of_a_configuration_alone() -> None:
    existing = '{"log-driver": "local", "runtimes": {"crun": {"path": "/bin/crun"}}}'
    made = json.loads(engine_config(existing, Path("/data/runsc")))
    assert made["log-driver"] == "local"
    assert made["runtimes"]["crun"] == {"path": "/bin/crun"}
    assert made["runtimes"]["runsc"] == {"path": "/data/runsc", "runtimeArgs": list(ARGUMENTS)}
    assert json.loads(engine_config("", Path("/r")))["runtimes"].keys() == {"runsc"}


@pytest.mark.parametrize("text", ["[1]", "{", '{"runtimes": 3}'])
def test_a_configuration_that_is_no_object_is_not_overwritten(text: str) -> None:
    with pytest.raises(HostError, match="configuration"):
        engine_config(text, Path("/r"))
