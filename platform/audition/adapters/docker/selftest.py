"""Run an image's self-test the way a candidate's code runs: no network, no rights, a read-only root."""

import time

import docker
from docker.errors import DockerException

from audition.domain.errors import UnavailableError

_POLL_SECONDS = 0.1
_MEMORY_BYTES = 1 << 30


def run_selftest(
    client: docker.APIClient,
    reference: str,
    source: str,
    *,
    user: str,
    deadline_seconds: float = 120,
) -> str:
    """Run a Python program inside the image and return what it printed.

    The program is handed over on the command line, so that the image needs nothing for it.

    Args:
        client: The engine.
        reference: The image.
        source: The program, at most 100 KB.
        user: `uid:gid` to run as.
        deadline_seconds: From start to end; a container still running then is killed.

    Raises:
        UnavailableError: It failed, took too long, or could not be started.
    """
    container = ""
    try:
        container = client.create_container(
            reference,
            command=["-I", "-c", source],
            entrypoint=["python3"],
            user=user,
            labels={"org.audition.kind": "selftest"},
            network_disabled=True,
            host_config=_host_config(client),
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


def _host_config(client: docker.APIClient) -> dict[str, object]:
    # Source: the run-time configuration of candidate containers, translate.py in this folder.
    config: dict[str, object] = client.create_host_config(
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        read_only=True,
        mem_limit=_MEMORY_BYTES,
        memswap_limit=_MEMORY_BYTES,
        pids_limit=256,
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
