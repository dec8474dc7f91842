"""Change how much of the processors a running container may use."""

import docker


def throttle(client: docker.APIClient, container: str, cpus: float) -> None:
    """Set it, in processors.

    docker-py's own `update_container` knows quota and period only, which an engine refuses for a container that was
    made with a number of processors.
    """
    response = client.post(
        f"{client.base_url}/v{client.api_version}/containers/{container}/update",
        json={"NanoCpus": round(cpus * 1e9)},
        timeout=client.timeout,
    )
    response.raise_for_status()
