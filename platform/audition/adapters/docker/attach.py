"""Attach to a container before it starts, so that nothing it prints is missed."""

import socket

import docker

from audition.adapters.docker.streams import FrameReader


def attach(client: docker.APIClient, container: str, *, stdin: bool) -> tuple[FrameReader, socket.socket]:
    """Its output as frames, and the socket on which its stdin is written."""
    params = {"stdout": 1, "stderr": 1, "stream": 1, "stdin": int(stdin)}
    stream = client.attach_socket(container, params=params)
    sock = stream._sock  # noqa: SLF001  docker-py wraps the socket in a file
    return FrameReader(sock, stream), sock
