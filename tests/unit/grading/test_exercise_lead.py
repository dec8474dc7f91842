"""Who leads the exercises lays out the right workspaces in the right order, and believes nothing of what was left."""

import csv
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audition import codec
from audition.domain import places
from audition.domain.contract import Collection, Command, Contract, Inventory, ModelFiles, Pipeline
from audition.domain.evidence import RunEvidence
from audition.domain.exercise import AGAIN, ENDED_BADLY, WENT_WELL, Exercise, Step, Turn
from audition.domain.run import Stage, Verdict
from audition.grading.exercise.lead import lead
from audition.grading.exercise.stand import Stand
from tests.factories import make_manifest
from tests.unit.grading.test_process import Room

TRAIN = "id,a,defaulted\n" + "".join(f"{n},{n * 1.5},{n % 3 // 2}\n" for n in range(60))
TEST = "id,a\n" + "".join(f"{n},{n * 2.5}\n" for n in range(100, 140))
GATE = Command(words=("gate", "{model}", "{data}"))
RETRAIN = Command(words=("retrain", "{data}", "{out}"))
TRAINING = Command(words=("train", "{data}", "{out}"))
CHECK = Command(words=("check", "{data}"))
TESTS = Command(words=("pytest",))


class Place:
    """The mounts of a leader in a folder, and a candidate that a test plays."""

    def __init__(
        self, root: Path, pipeline: Pipeline, inputs: tuple[str, ...] = ("train.csv", "test.csv")
    ) -> None:
        self.root = root
        for name in ("submission", "in", "workspace", "exercise", "out", "scratch"):
            (root / name).mkdir()
        (root / "in" / "train.csv").write_text(TRAIN)
        (root / "in" / "test.csv").write_text(TEST)
        (root / "submission" / "model.bin").write_bytes(b"the submitted model")
        (root / "submission" / "predict.py").write_text("def predict(x):\n    return x / 2\n")
        (root / "submission" / "test_predict.py").write_text("from predict import predict\n")
        self.clock = 0.0
        self.turns: list[Turn] = []
        contract = Contract(pipeline=pipeline, model=ModelFiles(path="model.bin"))
        manifest = make_manifest(inputs=inputs, stages=(*make_manifest().stages, Stage.EXERCISE))
        self.stand = Stand(root, root / "scratch", manifest, contract, 7, lambda: self.clock)

    def play(self, candidate: Callable[[Step], bool | str]) -> dict[str, Step]:
        """Let a candidate do each step; the steps by name."""

        def answers() -> Iterator[str]:
            while True:
                step = self.turns[-1].step
                assert step is not None
                said = candidate(step)
                yield said if isinstance(said, str) else WENT_WELL if said else ENDED_BADLY

        stream = answers()
        lead(self.stand, self.turns.append, lambda: next(stream))
        return {turn.step.name: turn.step for turn in self.turns if turn.step is not None}

    def given(self, step: Step, name: str) -> Path:
        """What a step was given under a name."""
        return self.root / step.environment[f"AUDITION_{name.upper()}"].lstrip("/")

    def rows(self, step: Step) -> list[dict[str, str]]:
        """The table that a step was given."""
        with self.given(step, "data").open() as stream:
            return list(csv.DictReader(stream))

    def leave(self, name: str, content: bytes) -> None:
        """Write to /out."""
        (self.root / "out" / name).write_bytes(content)


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Place]:
    return lambda **commands: Place(tmp_path, Pipeline(**commands))


def test_a_gate_is_given_the_own_model_and_one_that_was_trained_on_labels_turned_round(
    place: Callable[..., Place],
) -> None:
    here = place(gate=GATE, retrain=RETRAIN)
    models, labels = {}, {}

    def candidate(step: Step) -> bool:
        if step.name == "retrain.predict":
            return True
        labels[step.name] = [row["defaulted"] for row in here.rows(step)]
        if step.exercise == Exercise.RETRAIN or step.name == "gate.sabotage":
            here.leave("model.bin", f"trained in {step.name}".encode())
        else:
            models[step.name] = here.given(step, "model").read_bytes()
        return True

    steps = here.play(candidate)
    assert list(steps)[:4] == ["gate.good", "gate.sabotage", "gate.sabotaged", "gate.turned"]
    own = b"the submitted model"
    assert models == {"gate.good": own, "gate.sabotaged": b"trained in gate.sabotage", "gate.turned": own}
    assert labels["gate.turned"] != labels["gate.good"]
    assert labels["gate.good"] == labels["gate.sabotaged"]
    assert labels["gate.sabotage"] != labels["gate.good"]
    assert steps["gate.good"].argv == ("gate", "/exercise/model.bin", "/exercise/rows.csv")


@pytest.mark.parametrize("how", ["not declared", "fails", "leaves nothing", "leaves the old one"])
def test_where_no_bad_model_can_be_trained_the_labels_of_the_rows_are_turned_round(
    place: Callable[..., Place], how: str
) -> None:
    here = place(gate=GATE, retrain=None if how == "not declared" else RETRAIN)
    labels = {}

    def candidate(step: Step) -> bool:
        if step.name == "retrain.predict":
            return True
        labels[step.name] = [row["defaulted"] for row in here.rows(step)]
        if step.name == "gate.good":
            return True
        if how == "leaves the old one":
            here.leave("model.bin", b"the submitted model")
        if step.name == "gate.turned":
            assert here.given(step, "model").read_bytes() == b"the submitted model"
        return how != "fails"

    here.play(candidate)
    assert labels["gate.turned"] != labels["gate.good"]
    assert "gate.sabotaged" not in labels


def test_retraining_gets_a_slice_and_its_model_predicts_in_the_old_ones_place(
    place: Callable[..., Place],
) -> None:
    here = place(retrain=RETRAIN)

    def candidate(step: Step) -> bool:
        own = here.root / "workspace" / "model.bin"
        if step.name == "retrain.slice":
            assert len(here.rows(step)) == 36
            assert own.read_bytes() == b"the submitted model"
            here.leave("model.bin", b"new")
        else:
            assert own.read_bytes() == b"new"
            assert list((here.root / "out").iterdir()) == []
            here.leave("predictions.csv", b"id,probability\n")
        return True

    assert list(here.play(candidate)) == ["retrain.slice", "retrain.predict"]
    (model,), (predictions,) = here.turns[1].left, here.turns[2].left
    assert (model.name, model.is_new) == ("model.bin", True)
    assert predictions.name == "predictions.csv"
    kept = {path.name: path.read_bytes() for path in here.stand.kept.iterdir()}
    assert kept == {"retrain.model": b"new", "retrain.predict.predictions.csv": b"id,probability\n"}


def test_a_model_that_was_only_copied_is_not_new(place: Callable[..., Place]) -> None:
    here = place(retrain=RETRAIN)

    def candidate(step: Step) -> bool:
        if step.name == "retrain.slice":
            here.leave("model.bin", b"the submitted model")
        return True

    here.play(candidate)
    assert [left.is_new for left in here.turns[1].left] == [False]


def test_training_runs_twice_on_all_rows_without_the_submitted_model(place: Callable[..., Place]) -> None:
    here = place(train=TRAINING)

    def candidate(step: Step) -> bool:
        if step.argv[0] == "train":
            assert not (here.root / "workspace" / "model.bin").exists()
            assert step.argv == ("train", "/in/train.csv", "/out")
            # Beside itself, as many do: there it is looked for as well.
            (here.root / "workspace" / "model.bin").write_bytes(b"the submitted model")
        return True

    assert list(here.play(candidate)) == [
        "train.first",
        "train.first-predict",
        "train.second",
        "train.second-predict",
    ]


def test_a_data_check_gets_a_sound_batch_and_faulty_ones(place: Callable[..., Place]) -> None:
    here = place(data_check=CHECK)
    columns = {}

    def candidate(step: Step) -> bool:
        columns[step.name] = set(here.rows(step)[0])
        return True

    assert list(here.play(candidate)) == [
        f"data_check.{n}" for n in ("sound", "missing", "unit", "nulls", "ids")
    ]
    assert columns["data_check.sound"] == {"id", "a"}
    assert columns["data_check.missing"] == {"id"}


def test_a_data_check_that_wants_the_truth_gets_it(place: Callable[..., Place]) -> None:
    here = place(data_check=CHECK)
    steps = here.play(lambda step: "defaulted" in here.rows(step)[0])
    assert "data_check.ids" in steps


def test_nothing_more_is_asked_of_a_data_check_that_refuses_everything(place: Callable[..., Place]) -> None:
    assert list(place(data_check=CHECK).play(lambda _: False)) == [
        "data_check.sound",
        "data_check.sound-labelled",
    ]


def test_tests_run_on_the_own_code_twice_and_then_on_mutants(place: Callable[..., Place]) -> None:
    here = place(tests=TESTS)
    codes = {}

    def candidate(step: Step) -> bool:
        codes[step.name] = (here.root / "workspace" / "predict.py").read_text()
        return step.mutant is None

    steps = here.play(candidate)
    mutants = [step.mutant for step in steps.values() if step.mutant is not None]
    assert {mutant.file for mutant in mutants} == {"predict.py"}
    assert len(mutants) == 3
    assert codes["tests.again"].startswith(codes["tests.own"])
    assert len(set(codes.values())) == len(codes)


def test_a_mutant_gets_four_times_as_long_as_the_code_itself_took(place: Callable[..., Place]) -> None:
    here = place(tests=TESTS)

    def candidate(step: Step) -> bool:
        here.clock += 5.0 if step.name == "tests.again" else 1.0
        return step.mutant is None

    steps = here.play(candidate)
    assert (steps["tests.own"].time_seconds, steps["tests.mutant-1"].time_seconds) == (60.0, 20.0)


def test_tests_that_fail_on_the_own_code_are_given_no_mutants(place: Callable[..., Place]) -> None:
    assert list(place(tests=TESTS).play(lambda _: False)) == ["tests.own"]


def test_a_step_that_is_asked_for_again_finds_the_same_workspace(place: Callable[..., Place]) -> None:
    here = place(tests=TESTS)
    seen: list[bool] = []

    def candidate(step: Step) -> bool | str:
        spoiled = here.root / "workspace" / "spoiled"
        if step.name == "tests.own":
            seen.append(spoiled.exists())
            spoiled.touch()
            return AGAIN if len(seen) == 1 else True
        return True

    here.play(candidate)
    assert seen == [False, False]
    assert [turn.step.is_first for turn in here.turns[:3] if turn.step] == [True, True, False]


def test_a_step_may_be_begun_anew_as_long_as_nothing_of_its_exercise_went_well(
    place: Callable[..., Place],
) -> None:
    steps = place(data_check=CHECK).play(lambda step: step.name == "data_check.sound-labelled")
    assert [name for name, step in steps.items() if step.is_first] == [
        "data_check.sound",
        "data_check.sound-labelled",
    ]


def test_a_gate_that_refuses_a_good_model_is_asked_nothing_more(place: Callable[..., Place]) -> None:
    assert list(place(gate=GATE, train=TRAINING).play(lambda _: False)) == ["gate.good", "train.first"]


def test_what_there_is_no_time_for_is_omitted_and_said(place: Callable[..., Place]) -> None:
    here = place(tests=TESTS, gate=GATE)

    def candidate(_: Step) -> bool:
        here.clock += 598.0
        return True

    assert list(here.play(candidate)) == ["gate.good"]
    assert set(here.turns[-1].omitted) == {Exercise.GATE, Exercise.TESTS}


README = """
```sh
pip install -r requirements.txt
python predict.py data/train.csv ../test.csv
cat made
```

```
python predict.py /in/test.csv
```
"""


def test_the_readmes_lines_go_on_with_what_those_before_them_left(tmp_path: Path) -> None:
    here = Place(tmp_path, Pipeline(tests=TESTS))
    (tmp_path / "submission" / "README.md").write_text(README)
    seen = []

    def candidate(step: Step) -> bool | str:
        if step.exercise != Exercise.README:
            return False
        workspace = tmp_path / "workspace"
        seen.append((step.name, sorted(p.name for p in workspace.iterdir()), step.is_first))
        (workspace / "made").write_text("by a line")
        return AGAIN if len(seen) == 1 else True

    steps = here.play(candidate)
    files = ["README.md", "data", "model.bin", "predict.py", "test_predict.py"]
    later = sorted([*files, "made"])
    assert seen == [("readme.4", files, True), ("readme.4", later, True), ("readme.9", later, True)]
    assert (tmp_path / "workspace" / "data" / "train.csv").read_text() == TRAIN
    assert not (tmp_path / "test.csv").exists()
    step = steps["readme.9"]
    assert (step.argv, step.about) == (("sh", "-c", "python predict.py /in/test.csv"), "README.md, line 9")


def test_the_newest_model_that_is_another_one_is_put_in_the_place_of_the_submitted(tmp_path: Path) -> None:
    here = Place(tmp_path, Pipeline())
    kept = {"0.9": b"old", "0.10": b"newer", "1.0": b"the submitted model"}
    for version, content in kept.items():
        folder = tmp_path / "submission" / "releases" / version
        folder.mkdir(parents=True)
        (folder / "model.bin").write_bytes(content)
        (folder / "model.json").write_text("{}")

    def candidate(step: Step) -> bool:
        assert (tmp_path / "workspace" / "model.bin").read_bytes() == b"newer"
        here.leave("predictions.csv", b"id\n")
        return step.about == "releases/0.10/model.bin in the place of model.bin"

    assert here.play(candidate).keys() == {"rollback.predict"}
    assert [left.name for left in here.turns[-1].left] == ["predictions.csv"]
    assert (here.stand.kept / "rollback.model").read_bytes() == b"newer"


def test_a_readme_without_anything_to_try_is_no_exercise(tmp_path: Path) -> None:
    here = Place(tmp_path, Pipeline())
    (tmp_path / "submission" / "README.md").write_text("```sh\ndocker run x\n```\n")
    assert here.play(lambda _: True) == {}


def test_a_challenge_without_labelled_rows_cannot_try_a_gate_and_says_so(tmp_path: Path) -> None:
    here = Place(tmp_path, Pipeline(gate=GATE, tests=TESTS), inputs=("test.csv",))
    steps = here.play(lambda _: True)
    assert "tests.own" in steps
    assert "column defaulted" in here.turns[-1].omitted[Exercise.GATE]


def test_the_program_takes_its_turns_by_signals_and_gives_the_predictions_at_the_end(tmp_path: Path) -> None:
    room = Room(tmp_path / "root")
    room.manifest = make_manifest(
        inputs=("train.csv", "test.csv"), stages=(*make_manifest().stages, Stage.EXERCISE)
    )
    room.lay_out()
    for place in (places.WORKSPACE, places.GIVEN, places.INPUTS):
        room.at(place).mkdir()
    room.write(places.INPUTS / "train.csv", TRAIN.encode())
    room.write(places.SUBMISSION / "model.bin", b"old")
    contract = Contract(pipeline=Pipeline(retrain=RETRAIN), model=ModelFiles(path="model.bin"))
    evidence = RunEvidence(verdict=Verdict.ACCEPTED, inventory=Inventory(contract=contract), stages=())
    room.write(places.EVIDENCE_FILE, codec.to_json(evidence))

    with room.process("exercise", AUDITION_SEED="7") as leader:
        assert leader.stdout is not None
        first = codec.from_json(Turn, leader.stdout.readline(), what="turn")
        room.write(places.OUT / "model.bin", b"new")
        leader.send_signal(signal.SIGUSR1)
        second = codec.from_json(Turn, leader.stdout.readline(), what="turn")
        room.write(places.OUT / "predictions.csv", b"id,probability\n")
        leader.send_signal(signal.SIGUSR2)
        last = codec.from_json(Turn, leader.stdout.readline(), what="turn")
        collection = codec.from_json(Collection, leader.stdout.readline(), what="collection")
        content = leader.stdout.read()

    assert first.step is not None
    assert first.step.name == "retrain.slice"
    assert [left.is_new for left in second.left] == [True]
    assert last.step is None
    sent = {}
    for file in collection.files:
        sent[file.name], content = content[: file.bytes], content[file.bytes :]
    assert sent.keys() == {"retrain.model", "retrain.predict.predictions.csv"}
    assert sent["retrain.predict.predictions.csv"] == b"id,probability\n"
    assert content == b""
