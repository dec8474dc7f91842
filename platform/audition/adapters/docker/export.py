"""Show images to a trusted container: the engine's export flows into its standard input, unread and bounded.

An export reads an image's layers and nothing else; no container is touched by it, and it is unpacked nowhere.
"""

import contextlib
import socket
import threading
from collections.abc import Sequence

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from audition.adapters.docker.failures import engine_errors
from audition.domain.errors import UnavailableError

_CHUNK = 1 << 18


class Export:
    """One export on its way."""

    def __init__(
        self, client: docker.APIClient, images: Sequence[str], *, max_bytes: int, seconds: float
    ) -> None:
        """Nothing is asked for yet.

        Args:
            client: The engine.
            images: Names; what they share comes once.
            max_bytes: Beyond it the stream is cut, which its reader sees.
            seconds: Longest silence of the engine.
        """
        self._client = client
        self._images = list(images)
        self._left = max_bytes
        self._seconds = seconds
        self._trouble: Exception | None = None
        self._thread: threading.Thread | None = None

    def flow_into(self, sink: socket.socket) -> None:
        """Begin; the sink's writing side is closed at the end."""
        self._thread = threading.Thread(target=self._flow, args=(sink,), daemon=True, name="export")
        self._thread.start()

    def check(self, wait_seconds: float = 1.0) -> None:
        """Tell of what went wrong on the engine's side, once the reader is done.

        Raises:
            UnavailableError: The engine could not export.
        """
        if self._thread is not None:
            self._thread.join(wait_seconds)
        if self._trouble is not None:
            msg = f"The engine could not export an image: {self._trouble}"
            raise UnavailableError(msg, code="engine-failed")

    def _flow(self, sink: socket.socket) -> None:
        try:
            self._copy(sink)
        except (UnavailableError, APIError, DockerException, RequestException) as error:
            self._trouble = error
        finally:
            with contextlib.suppress(OSError):  # Its reader may be done, and gone.
                sink.shutdown(socket.SHUT_WR)

    def _copy(self, sink: socket.socket) -> None:
        url = f"{self._client.base_url}/v{self._client.api_version}/images/get"
        with (
            engine_errors("exporting an image"),
            self._client.get(
                url, params={"names": self._images}, stream=True, timeout=self._seconds
            ) as response,
        ):
            response.raise_for_status()
            for chunk in response.iter_content(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    return
                try:
                    sink.sendall(chunk)
                except OSError:
                    return  # The reader has seen enough.
