"""Logs as JSON, one object a line, on stdout; never a value of a customer."""

import json
import logging
import sys
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, and the fields that were given as `extra={"fields": ...}`."""
        line = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            # The kind of an error, not its text, which may repeat what was sent.
            line["error"] = record.exc_info[0].__name__ if record.exc_info[0] else ""
        return json.dumps(line)


def set_up(level: str) -> None:
    """Send everything that is logged to stdout.

    Args:
        level: E.g. "info".
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
