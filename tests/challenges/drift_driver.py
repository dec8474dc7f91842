"""Send a drift plan to a repository's service inside this process, and print the evidence a prober would have written.

`python drift_driver.py FOLDER PLAN TRAFFIC`: rows come in blocks of fifty, and the metrics page is read after each.
What only a prober can see (time, memory, requests that fail) is not looked at.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from audition import codec
from audition.domain.drift import DriftEvidence, DriftRun, PhaseSpan
from audition.domain.drift_plan import DriftPlan, PlannedRun
from audition.domain.drift_traffic import MAX_BYTES, DriftTraffic
from audition.probing.drift_run import draw_rows
from audition.probing.drift_scrapes import Families, Recorder
from audition.probing.exposition import Page, read_page

App = Callable[..., Any]
_TABLE_BYTES = 1 << 20


def spans(plan: DriftPlan, run: PlannedRun) -> tuple[PhaseSpan, ...]:
    """Which requests belong to which phase."""
    made: list[PhaseSpan] = []
    for phase, length in plan.phases_of(run).items():
        first = made[-1].end if made else 0
        made.append(PhaseSpan(phase=phase, first=first, end=first + length))
    return tuple(made)


@asynccontextmanager
async def started(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """Start an application and end it, as its server would; gives who asks it."""
    events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, events.get, answers.put))
    await events.put({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client
    await events.put({"type": "lifespan.shutdown"})
    await life


async def page(service: httpx.AsyncClient) -> Page:
    """The metrics as they are now."""
    answer = await service.get("/metrics")
    return read_page(answer.content, answer.headers["content-type"])


async def sent(plan: DriftPlan, run: PlannedRun, traffic: DriftTraffic, recorder: Recorder) -> DriftRun:
    """One run against a fresh service of the repository that is first on the path."""
    from credit.service import make_app  # type: ignore[import-not-found]  # noqa: PLC0415

    rows, first = iter(draw_rows(traffic, plan, run)), 0
    async with started(make_app()) as service:
        recorder.take(await page(service), 0, 0.0)
        while block := list(islice(rows, plan.scrape_every_requests)):
            first += len(block)
            answer = await service.post("/predict", json={"rows": block})
            assert answer.status_code == 200, answer.text[:500]
            recorder.take(await page(service), first, first / run.rate_per_second)
    scrapes, rest = recorder.tables(_TABLE_BYTES)
    return DriftRun(plan=run, spans=spans(plan, run), scrapes=scrapes, rest=rest, answered=first)


def main(folder: Path, plan_file: Path, traffic_file: Path) -> None:
    """Do every run of the plan; declared signals are added by whoever judges."""
    sys.path.insert(0, str(folder))
    plan = codec.from_json(DriftPlan, plan_file.read_bytes(), what="plan")
    traffic = codec.from_json(DriftTraffic, traffic_file.read_bytes(), what="traffic", max_bytes=MAX_BYTES)
    families = Families()
    runs = tuple(asyncio.run(sent(plan, run, traffic, Recorder(families, ()))) for run in plan.runs)
    known = tuple(families.known.values())
    evidence = DriftEvidence(plan=plan, runs=runs, families=known, columns=traffic.columns)
    sys.stdout.write(codec.to_json(evidence).decode())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
