"""The image builder and the self-test against a real engine."""

import time
from collections.abc import Iterator
from uuid import uuid4

import docker
import pytest

from audition.adapters.docker.engine_client import connect
from audition.adapters.docker.image_builder import (
    BuildSource,
    ContextFile,
    build,
    image_id,
    remove,
    remove_build_stages,
    rename,
)
from audition.adapters.docker.selftest import run_selftest
from audition.domain.errors import UnavailableError
from audition.host.engine import find_engine
from audition.host.images import ensure_images
from audition.host.steps import Steps
from audition.settings import Settings

pytestmark = pytest.mark.docker
USER = "10001:10001"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings.from_env()


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[docker.APIClient]:
    client = connect(find_engine(settings))
    yield client
    client.close()


@pytest.fixture(scope="module")
def base(settings: Settings) -> str:
    return ensure_images(Steps(), settings, ["base"])["base"]


@pytest.fixture
def reference(client: docker.APIClient) -> Iterator[str]:
    reference = f"audition/test:{uuid4().hex[:12]}"
    yield reference
    remove(client, reference)


def source(base: str, *lines: str) -> BuildSource:
    text = "\n".join(["ARG FROM_IMAGE", "FROM ${FROM_IMAGE}", *lines])
    files = [
        ContextFile("Dockerfile", text.encode()),
        ContextFile("greet", b"#!/bin/sh\necho hi\n", is_executable=True),
    ]
    return BuildSource(files, {"FROM_IMAGE": base})


def test_a_build_reports_its_steps_and_keeps_modes(
    client: docker.APIClient, base: str, reference: str
) -> None:
    said: list[str] = []
    built = build(client, source(base, "COPY greet /usr/bin/greet", "RUN greet"), reference, said.append)
    assert built == image_id(client, reference)
    assert "hi" in said
    assert any(line.startswith("Step 1/") for line in said)


def test_the_stages_of_a_build_go_with_it_and_those_of_another_stay(
    client: docker.APIClient, base: str, reference: str
) -> None:
    stage = "LABEL org.audition.kind=build-stage"
    last = ["FROM ${FROM_IMAGE}", "CMD true"]
    ours, others = ([stage, f"LABEL build={uuid4().hex}", *last] for _ in range(2))
    lines: list[list[str]] = [[], []]
    for said, words in zip(lines, (ours, others), strict=True):
        build(client, source(base, *words), reference, said.append)
    arrows = [[line.split()[1] for line in said if line.startswith(" ---> ")] for said in lines]
    made = [[image for image in ids if image != "Running"][2] for ids in arrows]
    remove_build_stages(client, lines[0])
    assert [image_id(client, stage) is not None for stage in made] == [False, True]
    remove_build_stages(client, lines[1])
    assert image_id(client, made[1]) is None


def test_a_build_has_no_network(client: docker.APIClient, base: str, reference: str) -> None:
    code = "import os; print('interfaces:', os.listdir('/sys/class/net'))"
    said: list[str] = []
    build(client, source(base, f'RUN python3 -c "{code}"'), reference, said.append)
    assert [line for line in said if line in {"interfaces: []", "interfaces: ['lo']"}], said


def test_a_failed_build_ends_with_its_last_words(client: docker.APIClient, base: str, reference: str) -> None:
    with pytest.raises(UnavailableError, match="no such luck"):
        build(client, source(base, "RUN echo no such luck; exit 4"), reference, lambda _line: None)
    assert image_id(client, reference) is None


def test_renaming_leaves_one_name(client: docker.APIClient, base: str, reference: str) -> None:
    build(client, source(base), f"{reference}-unchecked", lambda _line: None)
    rename(client, f"{reference}-unchecked", reference)
    assert image_id(client, f"{reference}-unchecked") is None
    assert image_id(client, reference) is not None


def test_a_self_test_runs_without_rights(client: docker.APIClient, base: str) -> None:
    program = "import os; print(os.getuid(), open('/proc/self/status').read().count('CapEff:\\t' + '0' * 16))"
    assert run_selftest(client, base, program, user=USER) == "10001 1"


def test_a_self_test_that_fails_says_what_it_printed(client: docker.APIClient, base: str) -> None:
    with pytest.raises(UnavailableError, match=r"exit code 1\):\nnot good"):
        run_selftest(client, base, "import sys; sys.exit('not good')", user=USER)


def test_a_self_test_that_hangs_is_ended(
    client: docker.APIClient, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audition.adapters.docker.selftest._DEADLINE_SECONDS", 1.0)
    started = time.monotonic()
    with pytest.raises(UnavailableError, match="over 1 s"):
        run_selftest(client, base, "import time; time.sleep(60)", user=USER)
    assert time.monotonic() - started < 50
    assert not client.containers(all=True, filters={"label": "org.audition.kind=selftest"})
