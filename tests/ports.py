"""Ports for what tests start."""

import secrets
import socket

#: Below those from which Linux takes the near end of a connection (`ip_local_port_range`, from 32768): between the
#: death of a service and its next start no connection can have taken its port, not even one of who asks for it then.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A TCP port that nobody has right now."""
    while True:
        # Not of `random`, which is seeded alike in every process of tests.
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _is_free(probe, port):
                return port


def _is_free(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind(("0.0.0.0", port))
    except OSError:
        return False
    return True
