"""What is tried of each command, step by step.

A plan is a generator: it lays out a workspace, yields the step to run there, and is told whether that ended with 0.
Sources of what is tried and of the time limits: the grader catalogue, G4 to G6, I5, I7, J4 and K9.
"""

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from audition.domain import places
from audition.domain.contract import Command
from audition.domain.exercise import NO_MODEL, Exercise, OtherModel, Step
from audition.grading.exercise.batches import corrupted
from audition.grading.exercise.readme import lines_to_try, try_readme
from audition.grading.exercise.stand import Patch, Stand
from audition.grading.exercise.table import Table
from audition.grading.exercise.trials import try_tests
from audition.grading.kept_models import KeptModel, kept_models

Plan = Generator[Step, bool, None]

#: Shares of the stage's time that one step may take at most.
_CHECK_SHARE = 1 / 15
_GATE_SHARE = 0.1
_RETRAIN_SHARE = 0.25
_TRAIN_SHARE = 0.4
_PREDICT_SHARE = 0.1
_BATCH_ROWS = 500
_GATE_ROWS = 2000
_SLICE = 0.6
"""Share of the training rows that retraining is given."""


class NotTriedError(Exception):
    """An exercise cannot be done through no fault of the candidate; says why."""


def plans(stand: Stand) -> Iterator[tuple[Exercise, Plan]]:
    """The plan of each command that there is; nothing is begun."""
    pipeline = stand.contract.pipeline
    known: tuple[tuple[Exercise, Command | None, Callable[[Stand, Command], Plan]], ...] = (
        (Exercise.DATA_CHECK, pipeline.data_check, try_data_check),
        (Exercise.GATE, pipeline.gate, try_gate),
        (Exercise.RETRAIN, pipeline.retrain, try_retrain),
        (Exercise.TRAIN, pipeline.train, try_train),
        (Exercise.TESTS, pipeline.tests, try_tests),
    )
    for exercise, command, plan in known:
        if command is not None:
            yield exercise, plan(stand, command)
    if older := _older_model(stand):
        yield Exercise.ROLLBACK, try_older(stand, older)
    if lines := lines_to_try(stand):
        yield Exercise.README, try_readme(stand, lines)
    # Last, for it informs only: nothing that counts should want for its time.
    if pipeline.train is not None:
        yield Exercise.LEARNS, try_what_is_learned(stand, pipeline.train)


def _labelled(stand: Stand) -> Table:
    table = stand.labelled()
    if table is None:
        column = stand.manifest.answers.answer_column
        msg = f"The challenge has no public CSV file with a column {column}."
        raise NotTriedError(msg)
    return table


def try_data_check(stand: Stand, command: Command) -> Plan:
    """A sound batch, without the truth or else with it, and five that each have a fault."""
    manifest = stand.manifest
    random = stand.random("data check")
    sound = {"sound": stand.unlabelled(), "sound-labelled": stand.labelled()}
    accepted = None
    for name, table in sound.items():
        if table is not None and accepted is None:
            batch = table.sample(_BATCH_ROWS, random)
            if (yield _check(stand, command, name, batch, "a sound batch")):
                accepted = batch
    if accepted is None:
        return
    target = manifest.answers.answer_column
    for name, about, batch in corrupted(accepted, manifest.output.id_column, target, random):
        yield _check(stand, command, name, batch, about)


def _check(stand: Stand, command: Command, name: str, batch: Table, about: str) -> Step:
    stand.workspace()
    data = stand.give("batch.csv", batch.written())
    return stand.step(f"data_check.{name}", command, {"data": data}, share=_CHECK_SHARE, about=about)


def try_gate(stand: Stand, command: Command) -> Plan:
    """The submission's own model, which must pass; then one that was trained on labels turned round.

    Then its own model before rows whose labels were turned round, for which it is as bad. Where no bad model could be
    trained this decides.
    """
    table = _labelled(stand)
    own = stand.own_model()
    if own is None:
        raise NotTriedError(NO_MODEL)
    target = stand.manifest.answers.answer_column
    rows = table.sample(_GATE_ROWS, stand.random("gate"))
    if not (yield _gate(stand, command, own, rows, "good", "the submission's own model")):
        return
    bad: Path | None = None
    trainer = stand.contract.pipeline.retrain or stand.contract.pipeline.train
    if trainer is not None:
        stand.workspace(_without_model(stand))
        data = stand.give(table.name, table.turned(target).written())
        values = {"data": data, "out": str(places.OUT)}
        about = "training on labels turned round, to have a model that must be refused"
        is_made = yield stand.step("gate.sabotage", trainer, values, share=_RETRAIN_SHARE, about=about)
        bad = stand.take_artifact() if is_made else None
        if bad is not None and not stand.left[-1].is_new:
            bad = None  # The submitted model once more, which the gate has to let pass.
    if bad is not None:
        yield _gate(stand, command, bad, rows, "sabotaged", "a model that was trained on labels turned round")
    # A gate that knows its own model by heart lets it pass whatever the rows say.
    about = "the submission's own model before rows whose labels were turned round"
    yield _gate(stand, command, own, rows.turned(target), "turned", about)


def _gate(  # noqa: PLR0913  a step and what it is given
    stand: Stand, command: Command, model: Path, rows: Table, name: str, about: str
) -> Step:
    stand.workspace()
    own = stand.own_model()
    values = {
        "model": stand.give(own.name if own else "model", model),
        "data": stand.give("rows.csv", rows.written()),
    }
    return stand.step(f"gate.{name}", command, values, share=_GATE_SHARE, about=about)


def try_retrain(stand: Stand, command: Command) -> Plan:
    """Some of the training rows as a new slice; then predictions with the model that came of it."""
    table = _labelled(stand)
    slice_ = table.sample(round(_SLICE * len(table.rows)), stand.random("retrain"))
    stand.workspace()
    values = {"data": stand.give(table.name, slice_.written()), "out": str(places.OUT)}
    about = f"{_SLICE:.0%} of the training rows"
    if (yield stand.step("retrain.slice", command, values, share=_RETRAIN_SHARE, about=about)):
        yield from _predict(stand, "retrain.predict", OtherModel.RETRAINED)


def try_train(stand: Stand, command: Command) -> Plan:
    """The whole training twice, each time without the submitted model, and what each model predicts.

    Of a share of the rows where the candidate declares one; the same both times.
    """
    table, is_whole = _training_rows(stand)
    for number in ("first", "second"):
        stand.workspace(_without_model(stand))
        place = str(places.INPUTS / table.name) if is_whole else stand.give(table.name, table.written())
        values = {"data": place, "out": str(places.OUT)}
        rows = "all training rows" if is_whole else f"{len(table.rows):,} of the training rows"
        about = f"{rows}, the submitted model taken away"
        if not (yield stand.step(f"train.{number}", command, values, share=_TRAIN_SHARE, about=about)):
            return
        yield from _predict(stand, f"train.{number}-predict")


def _training_rows(stand: Stand) -> tuple[Table, bool]:
    """What training is tried with, and whether that is all there is."""
    table, share = _labelled(stand), stand.contract.pipeline.train_share
    if share == 1:
        return table, True
    return table.sample(math.ceil(share * len(table.rows)), stand.random("train")), False


def try_what_is_learned(stand: Stand, command: Command) -> Plan:
    """Training on labels turned round, without the table of hidden rows, and what that model predicts (catalogue J6).

    Where it fails so, once more with that table. Whoever learns from the labels predicts something else then.
    """
    if not stand.has_predictions("train.first-predict"):
        return  # There would be nothing to compare with.
    hidden, target = stand.unlabelled(), stand.manifest.answers.answer_column
    table, _ = _training_rows(stand)
    turned = table.turned(target).written()
    tries = [("alone", hidden.name)] if hidden else []
    for name, absent in (*tries, ("beside", "")):
        stand.workspace(_without_model(stand))
        values = {"data": stand.give(table.name, turned), "out": str(places.OUT)}
        about = "labels turned round" + (f", and without {absent}" if absent else "")
        step = stand.step(f"learns.{name}", command, values, share=_TRAIN_SHARE, about=about)
        if (yield replace(step, hidden=absent)):
            yield from _predict(stand, "learns.predict")
            return


def _older_model(stand: Stand) -> KeptModel | None:
    """The newest kept version whose model is another than the submitted one."""
    path = stand.contract.model.path
    suffix, own = PurePosixPath(path).suffix, stand.digest(path)
    others = [
        model
        for model in kept_models(stand.tree)
        if path and model.path.endswith(suffix) and stand.digest(model.path) not in {own, ""}
    ]
    return max(others, key=lambda model: (model.order, model.path), default=None)


def try_older(stand: Stand, older: KeptModel) -> Plan:
    """Predict as the submission does, with an older version of its model; one that does is served as well."""
    path = stand.contract.model.path
    stand.workspace({path: stand.tree.root / older.path})
    command = Command(words=stand.contract.predict)
    name, about = "rollback.predict", f"{older.path} in the place of {path}"
    is_well = yield stand.step(name, command, {}, share=_PREDICT_SHARE, about=about)
    if stand.keep_predictions(name) and is_well:
        stand.keep_file(older.path, OtherModel.OLDER)


def _without_model(stand: Stand) -> Patch:
    """So that a model which is there afterwards was made by the command."""
    path = stand.contract.model.path
    return {path: None} if path else {}


def _predict(stand: Stand, name: str, kept_as: str = "") -> Plan:
    """Predict as the submission does, with the model that was just made in the place of its own.

    With a name the model is kept for the stages after this one.
    """
    made = stand.take_artifact()
    if made is not None and kept_as:
        stand.keep_artifact(kept_as)
    path = stand.contract.model.path
    if made is None or not path or stand.contract.notebook:
        return  # A notebook needs a kernel, which these images do not have.
    stand.workspace({path: made})
    command = Command(words=stand.contract.predict)
    yield stand.step(name, command, {}, share=_PREDICT_SHARE, about="the new model in the old one's place")
    stand.keep_predictions(name)
