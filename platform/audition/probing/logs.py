"""What a service printed: is it structured, and does it repeat what was sent (B8)?"""

import json
import re
from collections.abc import Sequence

from audition.domain.probe_runtime import LogsEvidence

_PAIR = re.compile(r"\b[A-Za-z_][\w.]*=\S")
_LEVEL = re.compile(r"\b(trace|debug|info|notice|warn|warning|error|critical|fatal)\b", re.IGNORECASE)
_MAX_LINES = 5000
_MAX_LINE = 4000
_PAIRS = 2


def look_at_logs(text: str, canaries: Sequence[str]) -> LogsEvidence:
    """Count lines of each kind.

    Args:
        text: The beginning of what was printed; hostile.
        canaries: Values that were sent in requests.
    """
    lines = [line[:_MAX_LINE] for line in text.splitlines()[:_MAX_LINES] if line.strip()]
    return LogsEvidence(
        lines=len(lines),
        structured=sum(_is_structured(line) for line in lines),
        with_level=sum(bool(_LEVEL.search(line)) for line in lines),
        canaries_sent=len(canaries),
        canaries_found=sum(canary in text for canary in canaries),
        sample=tuple(line[:200] for line in lines[:10]),
    )


def _is_structured(line: str) -> bool:
    if line.lstrip().startswith("{"):
        try:
            return isinstance(json.loads(line), dict)
        except (ValueError, RecursionError):
            return False
    return len(_PAIR.findall(line)) >= _PAIRS
