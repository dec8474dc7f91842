"""Run the measurements: `audition bench [--runs N] [--only PART,…]`; PART is a key of `main`'s table."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import anonymize, cohort, metrics, overhead, regrade, repeatability, runtimes, trace
from tests.bench.drift import live, table
from tests.stack import running_stack, without_linters


def main() -> None:
    """Measure and print; stdout has the tables, stderr the turns."""
    parser = argparse.ArgumentParser(prog="audition bench")
    parser.add_argument(
        "--runs", type=int, default=20, help="submissions in each part (at least 20 to quote p95)"
    )
    parser.add_argument("--only", default="warm,cold,load", help="parts to run")
    arguments = parser.parse_args()
    parts: dict[str, Callable[[int], str]] = {
        "warm": _warm,
        "cold": _cold,
        "load": _load,
        "runtimes": _runtimes,
        "drift": _drift,
        "drift-live": _drift_live,
        "metrics": _metrics,
        "anonymize": _anonymize,
        "repeatability": _repeatability,
        "regrade": _regrade,
        "cohort": _cohort,
        "trace": _trace,
    }
    for name in arguments.only.split(","):
        sys.stdout.write(parts[name](arguments.runs) + "\n")
        sys.stdout.flush()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _folder() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    # Containers read blobs by bind mount, under a user id of their own.
    Path(folder.name).chmod(0o755)
    return folder


def _warm(runs: int) -> str:
    with _folder() as folder, running_stack(Path(folder), without_linters, workers=1, warm_bays=1) as stack:
        engine = overhead.Engine(stack)
        overhead.await_bays(stack)
        memory = overhead.waiting_memory(stack, engine)
        samples = overhead.sequential(stack, engine, runs, _say)
    waiting = ", ".join(f"{stage} {size / (1 << 20):.0f} MiB" for stage, size in memory)
    title = f"{runs} submissions, one at a time, bay waiting"
    parts = (overhead.table(title, overhead.rows(samples)), overhead.where_it_goes(samples))
    return "\n".join([*parts, f"  memory of a bay that waits: {waiting}"])


def _cold(runs: int) -> str:
    with _folder() as folder, running_stack(Path(folder), without_linters, workers=1, warm_bays=0) as stack:
        samples = overhead.sequential(stack, overhead.Engine(stack), runs, _say)
    return overhead.table(f"{runs} submissions, one at a time, nothing waiting", overhead.rows(samples))


def _runtimes(runs: int) -> str:
    return runtimes.table(runs, _say)


def _drift(_runs: int) -> str:
    # No container is started: `python -m tests.bench --only drift` runs it without an engine.
    return table.report(_say)


def _cohort(_runs: int) -> str:
    # Neither an engine nor a queue: the site over SQLite.
    with _folder() as folder:
        return cohort.report(Path(folder), _say)


def _drift_live(_runs: int) -> str:
    # Nor here: the service is a process.
    return live.report(_say)


def _metrics(_runs: int) -> str:
    # No container either.
    with _folder() as folder:
        return metrics.report(Path(folder), _say)


def _anonymize(_runs: int) -> str:
    # No container either.
    with _folder() as folder:
        return anonymize.report(Path(folder), 1_000_000, _say)


def _trace(_runs: int) -> str:
    # No container either.
    return trace.report(_say)


def _repeatability(runs: int) -> str:
    return repeatability.report(runs, _say)


def _regrade(runs: int) -> str:
    workers = os.cpu_count() or 2
    with (
        _folder() as folder,
        running_stack(Path(folder), without_linters, workers=workers, warm_bays=1) as stack,
    ):
        return regrade.report(stack, runs, _say)


def _load(runs: int) -> str:
    workers = os.cpu_count() or 2
    with (
        _folder() as folder,
        running_stack(Path(folder), without_linters, workers=workers, warm_bays=1) as stack,
    ):
        bare = overhead.Engine(stack).best_rate()
        used, work = overhead.at_once(stack, runs)
    rate = runs / used.wall_seconds
    spread = overhead.p95(work) / sorted(work)[len(work) // 2]
    lines = [
        overhead.table(f"{runs} submissions at once, {workers} workers", [("platform work each", work, "s")]),
        f"  p95 / p50 of the platform's work           {spread:7.3f}x",
        f"  submissions per second                     {rate:7.3f}/s",
        f"  bare loop at its best ({bare.threads} at a time)         {bare.rate:7.3f}/s",
        f"  throughput / bare loop at its best         {rate / bare.rate:7.3f}x",
        f"  processors busy                            {used.busy_ratio:7.0%}",
        f"  processor seconds for a submission         {used.busy_seconds / runs:7.3f}s",
        f"  the same for a set of the bare loop        {bare.busy_seconds:7.3f}s",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
