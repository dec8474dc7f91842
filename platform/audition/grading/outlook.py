"""Say in words what the platform will do with a submission, from its contract alone."""

import shlex
from collections.abc import Iterator

from audition.domain.build import DOCKERFILES
from audition.domain.contract import Command, Contract, Inventory
from audition.domain.serving import SERVING_KINDS, RowForm

_ROWS = {
    RowForm.RECORDS: "{{{request}: [{{column: value, …}}, …]}}",
    RowForm.SPLIT: "{{{request}: {{columns: […], data: [[…], …]}}}}",
    RowForm.MATRIX: "{{{request}: [[values in the order of the columns], …]}}",
    RowForm.TENSORS: "{{{request}: one tensor a column}}",
    RowForm.CSV: "text/csv with a header",
}


def outlook(inventory: Inventory) -> tuple[str, ...]:
    """What will happen, one sentence each; what a challenge does not ask for is left out there."""
    contract = inventory.contract
    return (
        f"{len(inventory.entries)} files, {inventory.total_bytes:,} bytes unpacked.",
        _predicting(contract),
        *_service(inventory),
        *_watching(contract),
        *_programs(contract),
        *_files(contract),
    )


def _predicting(contract: Contract) -> str:
    if contract.notebook is None:
        return f"Predict: `{shlex.join(contract.predict)}` reads /in and writes /out."
    book = contract.notebook
    wanted = book.predictions or "the predictions file that the brief names"
    return (
        f"Predict: {book.path} runs top to bottom in a copy of its folder, with `data` = '/in' and `out` = '/out' set"
        f" after the cell tagged {book.parameters!r} (else at the top); {wanted} is taken from there or from /out."
    )


def _service(inventory: Inventory) -> Iterator[str]:
    serving = inventory.contract.serving
    paths = {entry.path for entry in inventory.entries}
    recipe = next((path for path in DOCKERFILES if path in paths), "")
    if not recipe:
        yield f"No image: there is no Dockerfile (looked for {', '.join(DOCKERFILES)})."
        return
    start = f"`{shlex.join(serving.arguments)}`" if serving.arguments else "the image's own command"
    routes = serving.routes
    yield f"Image: {recipe} is built, offline but for our package mirror."
    yield (
        f"Service: started with {start}, contract {serving.kind}, port {serving.port};"
        f" ready within {serving.startup_seconds:g} s when {serving.path(routes.ready)} answers 200;"
        f" stopped with SIGTERM and {serving.grace_seconds:g} s of grace."
    )
    form = _ROWS[serving.payload.form].format(request=serving.payload.request_key)
    answer = f", answered in {serving.payload.answer_key}" if serving.payload.form != RowForm.CSV else ""
    batch = "several rows a request" if serving.accepts_batch else "one row a request"
    yield f"Requests: POST {serving.path(routes.predict)} with {form}, {batch}{answer}."
    if SERVING_KINDS[serving.kind].expects_root:
        yield f"Running as root costs nothing: {serving.kind} expects it."


def _watching(contract: Contract) -> Iterator[str]:
    watched = contract.monitoring
    if not watched.path:
        yield "Monitoring: none is declared."
        return
    port = watched.port or contract.serving.port
    yield f"Metrics: {watched.path} on port {port}, every {watched.scrape_interval_seconds:g} s."
    if watched.signals:
        names = ", ".join(dict.fromkeys(signal.metric for signal in watched.signals))
        yield f"Drift: {len(watched.signals)} signal(s) are watched under drifted traffic: {names}."
    else:
        yield "Drift: no signal is declared; every metric is searched for one, which earns less."
    for what, files in (
        ("Rules", watched.rules),
        ("Rule tests", watched.rule_tests),
        ("Dashboards", watched.dashboards),
    ):
        if files:
            yield f"{what}: {', '.join(files)}."


def _programs(contract: Contract) -> Iterator[str]:
    pipeline = contract.pipeline
    told: tuple[tuple[Command | None, str], ...] = (
        (pipeline.gate, "Gate: {} runs with a good model, which must pass, and a bad one, which must not."),
        (pipeline.retrain, "Retraining: {} runs on a small new slice of data."),
        (pipeline.data_check, "Data check: {} is given a good batch and corrupted ones."),
        (pipeline.tests, "Tests: {} run on your code, and on your code with seeded faults."),
        (pipeline.train, "Training: {} runs again."),
    )
    for command, sentence in told:
        if command is not None:
            yield sentence.format(f"`{shlex.join(command.words)}`")


def _files(contract: Contract) -> Iterator[str]:
    if contract.model.path:
        yield f"Model: {contract.model.path}."
    if contract.model.card:
        yield f"Model card: {contract.model.card}."
