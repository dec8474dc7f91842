"""Read the engine's records of containers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def timestamp(text: str) -> float:
    """Unix seconds of a time in a record; 0 for "never"."""
    # The engine writes nanoseconds and "0001-01-01T00:00:00Z" for never.
    whole, _, fraction = text.rstrip("Z").partition(".")
    if whole.startswith("0001"):
        return 0.0
    seconds = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return seconds + float(f"0.{fraction or 0}")


def used_memory(stats: Mapping[str, Any]) -> int | None:
    """Bytes that a container needs, without pages of files that the kernel may drop; None when unknown.

    Args:
        stats: Of the engine's endpoint of that name. Source for what is subtracted: its API reference, v1.41,
            "Get container stats based on resource usage".
    """
    memory: Mapping[str, Any] = stats.get("memory_stats") or {}
    details: Mapping[str, Any] = memory.get("stats") or {}
    droppable = details.get("total_inactive_file", details.get("inactive_file", 0))
    return int(memory["usage"]) - int(droppable) if memory.get("usage") else None
