"""Logs of our own processes: lines for people on a terminal, JSON for machines; the run's id in every line of its job.

Only messages of ours are written here. What candidates print is stored as evidence and never enters these logs.
"""

import logging
import sys

import structlog

from audition import NOISY


def configure(log_format: str) -> None:
    """Send everything that is logged to stderr.

    Args:
        log_format: "json", "console", or "auto": console when stderr is a terminal.
    """
    is_console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if is_console else structlog.processors.JSONRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def bind(**values: object) -> None:
    """Put values, e.g. the run's id, into every line that this thread of work logs from now on."""
    structlog.contextvars.bind_contextvars(**values)
