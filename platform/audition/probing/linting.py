"""What promtool says of names, units and help on a metrics page, or our own reading where it cannot be asked."""

import tempfile
from pathlib import Path

from audition.probing.client import Request
from audition.probing.exposition import LIBRARY, Page, lint
from audition.probing.promtool import HOME, EvaluatorError, said_by
from audition.probing.session import Session

#: The form that promtool reads; a page of OpenMetrics has other rules for names.
_TEXT = {"Accept": "text/plain;version=0.0.4"}
#: Nothing to say; something to say. Source: Prometheus 2.42, cmd/promtool.
_CODES = (0, 3)
_MOST_LINES, _MOST_CHARACTERS = 50, 200


async def linted(session: Session, page: Page, home: Path = HOME) -> tuple[str, ...]:
    """A line for each breach of the conventions; families that a library brings do not count.

    Args:
        session: With the service whose page it is.
        page: As it was read.
        home: Where the programs of Prometheus are.
    """
    reply = await session.metrics.ask(Request(path=session.plan.metrics_path, headers=_TEXT))
    kind = reply.headers.get("content-type", "").lower()
    if not reply.is_good or "openmetrics" in kind or not (home / "promtool").exists():
        return lint(page)
    folder = Path(tempfile.gettempdir())
    try:
        asked = ("check", "metrics")
        said = await said_by(home / "promtool", *asked, folder=folder, codes=_CODES, stdin=reply.body)
    except EvaluatorError:
        return lint(page)
    lines = (line.partition(" ") for line in said.decode("utf-8", "replace").splitlines() if line.strip())
    found = [f"{name}: {words}"[:_MOST_CHARACTERS] for name, _, words in lines if not LIBRARY.search(name)]
    return tuple(found[:_MOST_LINES])
