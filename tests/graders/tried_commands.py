"""Recorded attempts at a submission's commands, and a workspace that has them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from audition.domain.contract import Command, Contract, Inventory, Pipeline
from audition.domain.evidence import RunEvidence
from audition.domain.exercise import Attempt, Exercise, ExerciseEvidence, Left, Mutant, Step
from audition.domain.grade import Dimension, Finding
from audition.domain.run import Stage, Verdict
from audition.grading import CheckList, Workspace
from tests.graders.workspaces import by_check, make_workspace, with_output

COMMAND = Command(words=("x",))
EVERY = Pipeline(gate=COMMAND, retrain=COMMAND, data_check=COMMAND, tests=COMMAND, train=COMMAND)
NEW = (Left(name="model.bin", bytes=1, sha256="b"),)
IDS = [str(n) for n in range(50)]


def ran(name: str, code: int = 0, log: str = "", left: tuple[Left, ...] = (), **facts: object) -> Attempt:
    """An attempt that ended with a code."""
    verdict = Verdict.ACCEPTED if code == 0 else Verdict.NONZERO_EXIT
    step = Step(
        name=name, exercise=Exercise(name.partition(".")[0]), argv=("python", "x.py"), about=f"about {name}"
    )
    attempt = Attempt(
        step=step, verdict=verdict, exit_code=code, seconds=1.0, log=log, image="own", left=left
    )
    return replace(attempt, **facts)  # type: ignore[arg-type]


def mutant(number: int, code: int) -> Attempt:
    made = ran(f"tests.mutant-{number}", code)
    change = Mutant(kind="number changed", file="a.py", line=number, before="1", after="3")
    return replace(made, step=replace(made.step, mutant=change))


def predictions(shift: float = 0.0) -> str:
    return "id,probability\n" + "".join(f"{i},{(n + shift) / 100:.6f}\n" for n, i in enumerate(IDS))


def world(root: Path) -> Workspace:
    """A challenge that tries commands, and a submission that declares each and predicts."""
    weights = dict.fromkeys((Dimension.PIPELINE, Dimension.LINEAGE, Dimension.DEPLOYMENT), 1 / 3)
    made = make_workspace(root, weights=weights, stages=(Stage.UNPACK, Stage.EXERCISE, Stage.JUDGE))
    (made.inputs / "test.csv").write_text("id,a\n" + "".join(f"{i},1\n" for i in IDS))
    (root / "made").mkdir()
    evidence = RunEvidence(
        verdict=Verdict.ACCEPTED, inventory=Inventory(contract=Contract(pipeline=EVERY)), stages=()
    )
    return with_output(replace(made, evidence=evidence, exercise_outputs=root / "made"), predictions())


Look = Callable[..., Finding]


def finder(workspace: Workspace) -> Look:
    """What finds a check over some attempts."""

    def find(grader: CheckList, check: str, *attempts: Attempt, **facts: object) -> Finding:
        outputs = tuple(path.name for path in workspace.exercise_outputs.iterdir())
        evidence = ExerciseEvidence(attempts=attempts, outputs=outputs, **facts)  # type: ignore[arg-type]
        return by_check(grader.grade(replace(workspace, exercise=evidence)))[check]

    return find
