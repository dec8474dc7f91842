"""Answers that are files."""

import re

from flask import Response, make_response

from audition.services.export_report import Export
from audition.web.plain_text import decode

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


def _file(data: bytes, name: str, kind: str, disposition: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = kind
    # The name is made of route parts, hence of what a stranger can type: only harmless characters stay.
    response.headers["Content-Disposition"] = f'{disposition}; filename="{_UNSAFE_NAME.sub("_", name)}"'
    return response
