"""Run an image's self-test the way a candidate's code runs: no network, no rights, a read-only root."""

import time

import docker
from docker.errors import DockerException

from audition.domain.errors import UnavailableError
from audition.domain.execution import Limits

_POLL_SECONDS = 0.1
_MEMORY_BYTES = 1 << 30
_PIDS = 256
_DEADLINE_SECONDS = 120.0


def run_selftest(
    client: docker.APIClient,
    reference: str,
    source: str,
    *,
    user: str,
    limits: Limits | None = None,
) -> str:
    """Run a Python program inside the image and return what it printed.

    The program is handed over on the command line, so that the image needs nothing for it.

    Args:
        client: The engine.
        reference: The image.
        source: The program, at most 100 KB.
        user: `uid:gid` to run as.
        limits: What runs on it get; the self-test gets as much, and no less than any other's. A container that still
            runs after its time is killed.

    Raises:
        UnavailableError: It failed, took too long, or could not be started.
    """
    deadline_seconds = max(_DEADLINE_SECONDS, limits.time_seconds if limits else 0.0)
    container = ""
    try:
        container = client.create_container(
            reference,
            command=["-I", "-c", source],
            entrypoint=["python3"],
            user=user,
            labels={"org.audition.kind": "selftest"},
            network_disabled=True,
            host_config=_host_config(client, limits),
        )["Id"]
        client.start(container)
        state = _wait(client, container, deadline_seconds)
        output = client.logs(container, tail=40).decode("utf-8", "replace").strip()
    except (DockerException, OSError) as error:
        raise UnavailableError(f"The self-test of {reference} could not run: {error}") from error
    finally:
        if container:
            client.remove_container(container, v=True, force=True)
    if state["Status"] != "exited" or state["ExitCode"] != 0:
        ended = (
            f"exit code {state['ExitCode']}"
            if state["Status"] == "exited"
            else f"over {deadline_seconds:.0f} s"
        )
        raise UnavailableError(f"{reference} failed its self-test ({ended}):\n{output}", transient=False)
    return output


def _host_config(client: docker.APIClient, limits: Limits | None) -> dict[str, object]:
    memory_bytes = max(_MEMORY_BYTES, limits.memory_bytes if limits else 0)
    # Source: the run-time configuration of candidate containers, translate.py in this folder.
    config: dict[str, object] = client.create_host_config(
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        read_only=True,
        mem_limit=memory_bytes,
        memswap_limit=memory_bytes,
        pids_limit=max(_PIDS, limits.pids if limits else 0),
        init=True,
        tmpfs={"/tmp": "size=64m,nr_inodes=4k,nosuid,nodev,mode=1777"},  # noqa: S108 - inside the container
        log_config=docker.types.LogConfig(
            type="local", config={"max-size": "1m", "max-file": "1", "compress": "false"}
        ),
    )
    return config


def _wait(client: docker.APIClient, container: str, deadline_seconds: float) -> dict[str, object]:
    """Poll until the container ended. `wait` is an HTTP read that may hang or end early (docker-py 1966)."""
    ends_at = time.monotonic() + deadline_seconds
    while True:
        state: dict[str, object] = client.inspect_container(container)["State"]
        if state["Status"] not in {"created", "running"} or time.monotonic() > ends_at:
            return state
        time.sleep(_POLL_SECONDS)
