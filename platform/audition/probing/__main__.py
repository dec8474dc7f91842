"""The program: a task on stdin, questions and the evidence on stdout, one JSON document a line. See README.md."""

import asyncio
import sys
from pathlib import Path

from audition import codec
from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.drift_plan import DriftPlan
from audition.domain.drift_traffic import MAX_BYTES, DriftTraffic
from audition.domain.errors import InvalidError
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import Line, ProbeTask
from audition.domain.run import Stage
from audition.probing.backfill import Backfill
from audition.probing.course import take_course
from audition.probing.drifting import Protocol
from audition.probing.inputs import read_inputs, time_for
from audition.probing.talk import MOST_LINE_BYTES, Talk, open_pipes


async def run(root: Path = Path("/")) -> int:
    """Do one task; 0 when the evidence was said.

    Args:
        root: The folder under which everything is mounted.
    """
    reader, writer = await open_pipes()
    try:
        task = codec.from_json(ProbeTask, await reader.readline(), what="the task", max_bytes=MOST_LINE_BYTES)
        manifest_file = root.joinpath(*places.MANIFEST_FILE.parts[1:])
        manifest = codec.from_json(Manifest, manifest_file.read_bytes(), what="manifest.json")
    except (InvalidError, OSError, ValueError) as error:
        sys.stderr.write(f"The task cannot be done: {error}\n")
        for problem in getattr(error, "problems", ()):
            sys.stderr.write(f"  {problem}\n")
        return 2
    talk = Talk(reader, writer)
    if task.drift is not None:
        return await _drift(task, task.drift, manifest, root, talk)
    inputs = read_inputs(
        manifest, root.joinpath(*places.INPUTS.parts[1:]), root.joinpath(*places.OUTPUTS.parts[1:])
    )
    if not inputs.rows:
        sys.stderr.write("No input of the challenge is a CSV file with ids: there is nothing to send.\n")
        return 2
    evidence: ServiceEvidence = await take_course(task, inputs, talk)
    await talk.say(Line(evidence=evidence))
    return 0


async def _drift(task: ProbeTask, plan: DriftPlan, manifest: Manifest, root: Path, talk: Talk) -> int:
    """Send a drift plan."""
    try:
        data = root.joinpath(*places.TRAFFIC_FILE.parts[1:]).read_bytes()
        traffic = codec.from_json(DriftTraffic, data, what="the traffic", max_bytes=MAX_BYTES)
    except (InvalidError, OSError) as error:
        sys.stderr.write(f"The rows to send cannot be read: {error}\n")
        return 2

    async def say(progress: str) -> None:
        await talk.say(Line(progress=progress))

    seconds = time_for(manifest, Stage.DRIFT)
    alerts = Backfill(task.rules, task.contract.monitoring, plan)
    evidence = await Protocol(task.contract, plan, traffic, talk, alerts).take(seconds, say)
    await talk.say(Line(drift=evidence))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(*(Path(argument) for argument in sys.argv[1:2]))))
