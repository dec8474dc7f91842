"""Verbs that prove a challenge before anybody sees it: `build` makes its files, `test` is the gate to publishing."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from time import monotonic

import click
from rich.console import Console
from rich.table import Table

from audition import bootstrap
from audition.catalog.advice import REFERENCE, advise
from audition.catalog.kit import build_kit
from audition.catalog.privacy import MEASURED_FILE, hold, read_gate
from audition.catalog.produced import check_produced, render_checksums
from audition.catalog.read import CHECKSUMS_FILE, PRIVACY_FILE, ChallengeFolder
from audition.catalog.samples import Bar
from audition.cli.stack import prepared_host
from audition.domain.challenge import Area, ChallengeVersion
from audition.domain.errors import InvalidError
from audition.domain.run import Stage, Verdict
from audition.host.steps import Steps
from audition.services.measure_variants import measure_variants, spread_of
from audition.services.prepare_data import prepare_data
from audition.services.probe_leaks import probe_leaks
from audition.services.prove import (
    Bench,
    Ended,
    Trial,
    judge_sample,
    judge_spread,
    judge_together,
    trials_of,
    try_it,
)
from audition.services.publish import publish
from audition.settings import Settings

_FIRST_SLOT = 900
#: Stages in which time is measured: a neighbour would be seen.
_TIMED = frozenset({Stage.SERVE, Stage.DRIFT, Stage.EXERCISE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One line of the table."""

    what: str
    problems: tuple[str, ...]
    said: str
    """What was seen when nothing is wrong."""
    seconds: float


@contextmanager
def benches(
    steps: Steps, settings: Settings, image: str, count: int
) -> Iterator[tuple[Settings, list[Bench]]]:
    """Workers with a database and blobs of their own, which are gone afterwards, as are their containers.

    Args:
        steps: The narrator.
        settings: The operator's choices.
        image: That the challenge names.
        count: How many.

    Yields:
        Settings with these database and blobs, and the workers.
    """
    with prepared_host(steps, settings, [image]) as host:
        host.settings.data_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=host.settings.data_dir, prefix="proof-") as folder:
            url = f"sqlite:///{Path(folder) / 'proof.db'}"
            own = replace(host.settings, data_dir=Path(folder), database_url=url)
            bootstrap.migrate(own)
            # Asked with the host's own settings: what its containers are like is remembered beside them.
            equipment = bootstrap.equipment(host.settings, host.images)
            made = [bootstrap.bench(own, equipment, _FIRST_SLOT + slot) for slot in range(count)]
            try:
                yield own, made
            finally:
                for bench in made:
                    bench.runner.sandbox.sweep(lambda _run, _fence: True)


def build_files(folder: ChallengeFolder, settings: Settings, out: Path, *, update: bool) -> None:
    """Run `prepare` in its container and write what candidates and graders would get.

    Args:
        folder: The challenge.
        settings: The operator's choices.
        out: Where files and kit go.
        update: Whether the digests are written into the challenge.

    Raises:
        InvalidError: `prepare` failed, or made other files than the challenge promises.
    """
    steps = Steps()
    with benches(steps, settings, folder.manifest.image, 1) as (_, [bench]):
        with steps.step("running prepare in a container without network"):
            files = prepare_data(bench.runner, folder)
        blobs = bench.ports.blobs
        for file in files:
            path = out / file.area.value / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(blobs.path(file.digest), path)
        public = {file.name: blobs.get(file.digest) for file in files if file.area == Area.PUBLIC}
    kit = out / f"{folder.manifest.slug}-kit.zip"
    kit.write_bytes(build_kit(folder, public))
    if update:
        (folder.path / CHECKSUMS_FILE).write_text(render_checksums(files), encoding="utf-8")
    else:
        check_produced(folder, files)
    for file in files:
        click.echo(f"{out / file.area.value / file.name}: {file.bytes:,} bytes")
    click.echo(f"{kit}: {kit.stat().st_size:,} bytes")


def prove(
    folder: ChallengeFolder, settings: Settings, jobs: int, tell: Callable[[Proof], None]
) -> tuple[Proof, ...]:
    """The gate: everything that a challenge has to show before it is published.

    Args:
        folder: The challenge.
        settings: The operator's choices.
        jobs: Samples that run at once, where no time is measured.
        tell: Told each proof when it is done.

    Raises:
        UnavailableError: The engine failed: nothing is proved and nothing disproved.
    """
    found: list[Proof] = []

    def note(proof: Proof) -> bool:
        found.append(proof)
        tell(proof)
        return not proof.problems

    advice = tuple(str(one) for one in advise(folder))
    note(Proof(what="format", problems=advice, said="in order, nothing is missing", seconds=0.0))
    steps = Steps()
    with benches(steps, settings, folder.manifest.image, jobs) as (_, workers):
        started = monotonic()
        version = _published(workers[0], folder, note, steps)
        if version is None:
            return tuple(found)
        note(_privacy(workers[0], folder, version))
        note(_leaks(workers[0], version))
        if folder.manifest.variants is not None:
            note(_copies(workers[0], folder, version))
        ended = _try_all(workers, folder, version, note)
        problems = tuple(judge_together(folder, ended))
        said = "the reference reaches its anchor, a constant gains nothing, attacks no more than they may"
        note(Proof(what="samples together", problems=problems, said=said, seconds=monotonic() - started))
    return tuple(found)


def _published(
    bench: Bench, folder: ChallengeFolder, note: Callable[[Proof], bool], steps: Steps
) -> ChallengeVersion | None:
    """The version that samples are tried against; None when it cannot be made, which is the challenge's fault."""
    started = monotonic()
    try:
        with steps.step("building the version") as step:
            version = publish(bench.runner, "proof", folder, step.note)
    except InvalidError as error:
        problems = (error.detail, *error.problems)
        note(Proof(what="version", problems=problems, said="", seconds=monotonic() - started))
        return None
    said = f"{len(version.files)} files as promised, kit of {version.kit_bytes:,} bytes"
    note(Proof(what="version", problems=(), said=said, seconds=monotonic() - started))
    return version


def _privacy(bench: Bench, folder: ChallengeFolder, version: ChallengeVersion) -> Proof:
    """What `prepare` measured of its release; that it keeps its bounds it has to see to itself."""
    gate = read_gate(folder.path)
    made = next((f for f in version.files_in(Area.PUBLIC) if f.name == MEASURED_FILE), None)
    problems, said = list[str](), f"{PRIVACY_FILE} has no bounds, so nothing was measured"
    if gate and made is None:
        problems.append(f"{PRIVACY_FILE} has bounds, but prepare makes no public/{MEASURED_FILE}.")
    elif gate and made is not None:
        try:
            said = "; ".join(map(str, hold(gate, bench.ports.blobs.get(made.digest))))
        except InvalidError as error:
            problems.append(error.detail)
    return Proof(what="privacy", problems=tuple(problems), said=said, seconds=0.0)


def _leaks(bench: Bench, version: ChallengeVersion) -> Proof:
    started = monotonic()
    report = probe_leaks(bench.runner, version.manifest, version.files)
    problems = tuple(f"{leak.where}: {leak.sentence} {leak.step}" for leak in report.leaks)
    gaps = "".join(f"; {gap}" for gap in report.not_looked_at)
    said = f"looked at {len(report.looked_at)} ways and found none{gaps}"
    return Proof(what="leaks", problems=problems, said=said, seconds=monotonic() - started)


def _copies(bench: Bench, folder: ChallengeFolder, version: ChallengeVersion) -> Proof:
    """Whether candidates' copies of the training data are equally good to learn from."""
    started, told = monotonic(), list[str]()
    problems: list[str] = []
    for sample in (sample for sample in folder.samples if sample.name == REFERENCE):
        packed = bench.ports.blobs.put(sample.pack())
        files = measure_variants(bench.runner, version.manifest, version.files, packed, told.append)
        spread = spread_of(bench.ports, replace(version, files=files))
        problems += judge_spread(version.manifest.metric, spread) if spread is not None else []
    said = "; ".join(told) or "not measured: there is no sample to train, or no metric"
    return Proof(what="copies", problems=tuple(problems), said=said, seconds=monotonic() - started)


def _try_all(
    workers: list[Bench], folder: ChallengeFolder, version: ChallengeVersion, note: Callable[[Proof], bool]
) -> dict[str, tuple[Trial, Ended]]:
    """Every sample; those of which time is measured one after the other, behind the others."""
    trials = trials_of(folder, version, workers[0].ports)
    timed = [trial for trial in trials if _is_timed(folder, trial)]
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in workers:
        free.put(bench)
    ended: dict[str, tuple[Trial, Ended]] = {}

    def one(trial: Trial) -> tuple[Trial, Ended, float]:
        bench, started = free.get(), monotonic()
        try:
            return trial, try_it(bench, version.slug, trial), monotonic() - started
        finally:
            free.put(bench)

    def take(result: tuple[Trial, Ended, float]) -> None:
        trial, how, seconds = result
        ended[trial.name] = (trial, how)
        problems = tuple(judge_sample(trial, how, folder))
        note(Proof(what=trial.name, problems=problems, said=_said(trial, how), seconds=seconds))

    with ThreadPoolExecutor(len(workers)) as pool:
        for future in as_completed([pool.submit(one, trial) for trial in trials if trial not in timed]):
            take(future.result())
    for trial in timed:
        take(one(trial))
    return ended


def _is_timed(folder: ChallengeFolder, trial: Trial) -> bool:
    is_accepted = trial.expectation is not None and trial.expectation.verdict == Verdict.ACCEPTED
    return is_accepted and bool(_TIMED & set(folder.manifest.stages))


def _said(trial: Trial, ended: Ended) -> str:
    verdict = ended.verdict.value if ended.verdict else ended.state.value
    metric = f", {ended.metric.name} {ended.metric.value:.4f}" if ended.metric else ""
    score = "" if ended.score is None else f", score {ended.score:.3f}"
    seen = f"{verdict}{metric}{score}, graded twice alike" if ended.is_equal_again else verdict
    expected = trial.expectation
    if expected is None or expected.bar == Bar.STARTER:
        return seen
    # The author takes this risk by name, and whoever reads the proof shall know.
    allowed = (
        "as much as the reference" if expected.bar == Bar.REFERENCE else "anything, as reviewers are told"
    )
    return f"{seen}; may earn {allowed}: {expected.why}"


def show(proofs: tuple[Proof, ...], form: str) -> None:
    """Print the table, or one JSON document."""
    if form == "json":
        rows = [
            {"what": p.what, "problems": p.problems, "said": p.said, "seconds": round(p.seconds, 1)}
            for p in proofs
        ]
        click.echo(json.dumps({"is_proved": not any(p.problems for p in proofs), "proofs": rows}, indent=2))
        return
    table = Table("proof", "", "seconds", "what was seen")
    for proof in proofs:
        seen = "\n".join(proof.problems) or proof.said
        table.add_row(proof.what, "FAILED" if proof.problems else "ok", f"{proof.seconds:.1f}", seen)
    Console(width=None if Console().is_terminal else 160).print(table)


def tell_progress(proof: Proof) -> None:
    """One line for those who wait."""
    mark = "FAILED" if proof.problems else "ok"
    click.echo(f"  {mark:6} {proof.what} ({proof.seconds:.1f} s)", err=True)
