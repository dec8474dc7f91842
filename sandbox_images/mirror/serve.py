"""Serve the wheels of one folder as a PEP 503 index, on loopback; say which projects were asked for and fetched."""

import html
import json
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copyfileobj

WHEELS = Path("/srv/wheels")
ADDRESS = ("127.0.0.1", 8080)
_MAX_TOLD = 200
_MAX_NAME = 80
_SILENCE_SECONDS = 30


def normal(name: str) -> str:
    """A project's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def projects(folder: Path) -> dict[str, list[Path]]:
    """Wheels by project."""
    found: dict[str, list[Path]] = defaultdict(list)
    for wheel in sorted(folder.glob("*.whl")):
        found[normal(wheel.name.split("-")[0])].append(wheel)
    return dict(found)


class Index(ThreadingHTTPServer):
    """The server, and what it has told so far."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], wheels: Mapping[str, list[Path]]) -> None:
        """Listen at once."""
        super().__init__(address, Handler)
        self.wheels = wheels
        self.files = {wheel.name: wheel for group in wheels.values() for wheel in group}
        self._told: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def tell(self, what: str, name: str) -> None:
        """Say that a project was asked for, fetched, or is missing; each once, and not more than so many."""
        with self._lock:
            if len(self._told) < _MAX_TOLD and (what, name) not in self._told:
                self._told.add((what, name))
                sys.stdout.write(json.dumps({what: name}) + "\n")
                sys.stdout.flush()


class Handler(BaseHTTPRequestHandler):
    """GET and nothing else."""

    server: Index
    timeout = _SILENCE_SECONDS

    def do_GET(self) -> None:
        """A list of projects, of a project's wheels, or a wheel."""
        match self.path.strip("/").split("/"):
            case ["simple"]:
                self._links({name: f"/simple/{name}/" for name in self.server.wheels})
            case ["simple", name] if normal(name) in self.server.wheels:
                wheels = self.server.wheels[normal(name)]
                self.server.tell("asked", normal(name))
                self._links({wheel.name: f"/wheels/{wheel.name}" for wheel in wheels})
            case ["simple", name]:
                self.server.tell("missing", re.sub(r"[^a-z0-9-]", "?", normal(name))[:_MAX_NAME])
                self.send_error(HTTPStatus.NOT_FOUND, "not on this mirror")
            case ["wheels", name] if name in self.server.files:
                self.server.tell("fetched", normal(name.split("-")[0]))
                self._wheel(self.server.files[name])
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name for it
        """Nothing: what is printed are documents."""

    def _links(self, links: Mapping[str, str]) -> None:
        items = "".join(
            f'<a href="{html.escape(to)}">{html.escape(text)}</a><br>\n' for text, to in links.items()
        )
        page = f"<!DOCTYPE html><html><body>\n{items}</body></html>\n".encode()
        self._head("text/html; charset=utf-8", len(page))
        self.wfile.write(page)

    def _wheel(self, wheel: Path) -> None:
        self._head("application/octet-stream", wheel.stat().st_size)
        with wheel.open("rb") as source:
            copyfileobj(source, self.wfile)

    def _head(self, kind: str, size: int) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()


if __name__ == "__main__":
    with Index(ADDRESS, projects(WHEELS)) as index:
        sys.stdout.write(json.dumps({"ready": len(index.files)}) + "\n")
        sys.stdout.flush()
        index.serve_forever()
