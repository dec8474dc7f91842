"""Answers that are files."""

import re
import tempfile
from collections.abc import Iterator
from typing import IO

from flask import Response, make_response

from audition.domain.people import Principal
from audition.ports import Ports
from audition.services.export_data import export_data
from audition.services.export_report import Export
from audition.web.plain_text import decode

#: Larger exports are written to disk while they are made.
_IN_MEMORY_BYTES = 8 << 20
_PIECE_BYTES = 64 << 10
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def log_response(data: bytes, name: str) -> Response:
    """A log as plain text that no browser takes for anything else."""
    return _file(decode(data).encode(), f"{name}.txt", "text/plain; charset=utf-8", "inline")


def kit_response(name: str, data: bytes) -> Response:
    """A kit, to be saved."""
    return _file(data, name, "application/zip", "attachment")


def export_response(export: Export) -> Response:
    """A file made of stored things, to be saved."""
    return _file(export.data, export.name, export.media_type, "attachment")


def own_data_response(ports: Ports, principal: Principal) -> Response:
    """Everything that is kept of a candidate, as one zip."""
    sink = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  closed with the answer
    export_data(ports, principal, sink)
    response = Response(_drained(sink), mimetype="application/zip")
    response.headers["Content-Disposition"] = "attachment; filename=audition-data.zip"
    response.call_on_close(sink.close)
    return response


def _drained(sink: IO[bytes]) -> Iterator[bytes]:
    with sink:
        sink.seek(0)
        yield from iter(lambda: sink.read(_PIECE_BYTES), b"")


def _file(data: bytes, name: str, kind: str, disposition: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = kind
    # The name is made of route parts, hence of what a stranger can type: only harmless characters stay.
    response.headers["Content-Disposition"] = f'{disposition}; filename="{_UNSAFE_NAME.sub("_", name)}"'
    return response
