"""Lineage: hashes that hold, experiments that can be made again, signatures, and a card that says something."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.contract import Contract, Discovery, ModelFiles
from audition.domain.grade import Dimension, Finding, Outcome
from audition.grading import Workspace
from graders.lineage import grader
from tests.graders.workspaces import by_check, make_workspace

WEIGHTS = {Dimension.MODEL_QUALITY: 0.5, Dimension.LINEAGE: 0.5}
MODEL = "the model's bytes"
DIGEST = hashlib.md5(MODEL.encode()).hexdigest()
DATA = {"a.csv": "1\n", "sub/b.csv": "2\n"}
PIPELINE = "stages:\n  train:\n    cmd: ./train\n    outs:\n    - model.joblib\n    - data: {cache: true}\n"
CARD = "\n".join(
    f"## {title}\n\n{text} {'And more words about it, so that a stranger can act on what is written here. ' * 2}\n"
    for title, text in [
        ("Model description", "A gradient boosting classifier."),
        ("Intended use", "Sorting loan applications."),
        ("Limits and risks", "Not for firms, and not for amounts above 5,000."),
        ("Training data", "Past applications of one lender."),
        (
            "Evaluation results",
            "The ROC AUC is 0.843 on held-out rows, and 0.80 for people under 25 (n = 412).",
        ),
    ]
)

MEMO = "lineage.memo.structure"
DECISION = "\n".join(
    f"## {title}\n\n{'Words that whoever decides about loans can read without knowing of models. ' * 2}{more}\n"
    for title, more in [
        ("What we recommend", ""),
        ("What it is worth", "Some 12 % fewer losses."),
        ("What can go wrong", ""),
        ("What to watch, and when to retrain", ""),
    ]
)


def folder_digest() -> str:
    entries = [
        {"md5": hashlib.md5(text.encode()).hexdigest(), "relpath": name} for name, text in DATA.items()
    ]
    return hashlib.md5(json.dumps(entries, sort_keys=True).encode()).hexdigest() + ".dir"


def lock(model: str = DIGEST, data: str = "") -> str:
    return (
        f"schema: '2.0'\nstages:\n  train:\n    outs:\n    - path: model.joblib\n      md5: {model}\n"
        f"    - path: data\n      md5: {data or folder_digest()}\n    - path: far/away.bin\n      md5: {'a' * 32}\n"
    )


def good() -> dict[str, str]:
    run = "mlruns/1/abc"
    return {
        "model.joblib": MODEL,
        **{f"data/{name}": text for name, text in DATA.items()},
        "dvc.yaml": PIPELINE,
        "dvc.lock": lock(),
        f"{run}/params/depth": "3",
        f"{run}/metrics/auc": "1 0.8 0",
        f"{run}/tags/mlflow.source.git.commit": "f" * 40,
        f"{run}/artifacts/model.joblib": MODEL,
        "requirements.txt": "scikit-learn==1.9.1\nnumpy==2.4.6\n",
        "model/MLmodel": "signature:\n  inputs: '[{\"name\": \"a\"}]'\n  outputs: '[{}]'\n",
        "model/requirements.txt": "scikit_learn==1.9.1\n",
        "MODEL_CARD.md": CARD,
        "MEMO.md": DECISION,
    }


def workspace(root: Path, files: dict[str, str], contract: Contract | None = None) -> Workspace:
    made = make_workspace(root, weights=WEIGHTS)
    for name, text in files.items():
        (made.submission / name).parent.mkdir(parents=True, exist_ok=True)
        (made.submission / name).write_text(text)
    chosen = contract or Contract(model=ModelFiles(path="model.joblib", card="MODEL_CARD.md"))
    inventory = replace(made.evidence.inventory, contract=chosen)
    return replace(made, evidence=replace(made.evidence, inventory=inventory))


def findings(root: Path, **changes: str | None) -> dict[str, Finding]:
    names = {"lock": "dvc.lock", "pipeline": "dvc.yaml", "mlmodel": "model/MLmodel", "card": "MODEL_CARD.md",
             "beside": "model/requirements.txt", "model": "model.joblib"}  # fmt: skip
    files = good()
    for key, text in changes.items():
        files.pop(names[key])
        if text is not None:
            files[names[key]] = text
    return by_check(grader.grade(workspace(root, files)))


def test_a_careful_set_passes_whole(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert found.pop(PINNED).outcome == Outcome.NOT_APPLICABLE  # It trains with a program that is not Python.
    for finding in found.values():
        assert finding.outcome == Outcome.PASSED, (finding.check, finding.sentence, finding.evidence)


def test_a_file_with_another_hash_is_named_with_the_line_of_the_lock(tmp_path: Path) -> None:
    finding = findings(tmp_path, model="other bytes")["lineage.dvc.verified"]
    assert finding.outcome == Outcome.PARTIAL
    assert finding.evidence[0].summary == "the hash of model.joblib is another one"
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("dvc.lock", 5)


def test_a_folder_with_another_file_is_named(tmp_path: Path) -> None:
    finding = findings(tmp_path, lock=lock(data=f"{'1' * 32}.dir"))["lineage.dvc.verified"]
    assert finding.evidence[0].summary == "the hash of data is another one"


def test_a_served_model_that_dvc_does_not_know_is_named(tmp_path: Path) -> None:
    text = lock().replace("model.joblib", "old.joblib")
    finding = findings(tmp_path, lock=text, pipeline=PIPELINE.replace("model.joblib", "old.joblib"))
    assert "is served, but DVC knows nothing of it" in finding["lineage.dvc.verified"].evidence[0].summary


def test_what_is_in_remote_storage_is_not_missed(tmp_path: Path) -> None:
    files = {"dvc.yaml": PIPELINE, "dvc.lock": lock()}
    made = workspace(tmp_path, files, Contract())
    assert by_check(grader.grade(made))["lineage.dvc.verified"].points == 1.0


def test_a_dvc_file_stands_for_its_data(tmp_path: Path) -> None:
    dvc = f"outs:\n- md5: {DIGEST}\n  path: m.bin\n"
    files = {"models/m.bin": MODEL, "models/m.bin.dvc": dvc}
    made = workspace(tmp_path, files, Contract(model=ModelFiles(path="models/m.bin")))
    assert by_check(grader.grade(made))["lineage.dvc.verified"].outcome == Outcome.PASSED


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b"])
def test_a_lock_cannot_point_outside(tmp_path: Path, path: str) -> None:
    text = f"stages:\n  a:\n    outs:\n    - path: {path}\n      md5: {'a' * 32}\n"
    made = workspace(tmp_path, {"dvc.lock": text}, Contract())
    finding = by_check(grader.grade(made))["lineage.dvc.verified"]
    assert "could be verified" in finding.sentence or "elsewhere" in finding.sentence


def test_what_a_recorded_run_lacks_is_named(tmp_path: Path) -> None:
    files = {
        name: text for name, text in good().items() if "git.commit" not in name and "/artifacts/" not in name
    }
    finding = by_check(grader.grade(workspace(tmp_path, files)))["lineage.tracking.complete"]
    assert finding.sentence == "The most complete of 1 recorded run(s) lacks an artifact, the code's version."
    assert finding.points == 0.5


def test_offline_runs_of_the_other_tracker_are_read(tmp_path: Path) -> None:
    run = "wandb/offline-run-1/files"
    names = {"config.yaml": "a: 1", "wandb-summary.json": "{}", "wandb-metadata.json": '{"git": {"commit": "f"}}',
             "model.bin": ""}  # fmt: skip
    files = {f"{run}/{name}": text for name, text in names.items()}
    finding = by_check(grader.grade(workspace(tmp_path, files)))["lineage.tracking.complete"]
    assert finding.outcome == Outcome.PASSED


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("mlmodel", "signature: {inputs: x}\n", "no outputs in its signature"),
        ("mlmodel", "flavors: {}\n", "no inputs in its signature and no outputs"),
        ("beside", "scikit-learn==1.0.0\n", "other versions than the lock: scikit-learn 1.0.0"),
    ],
)
def test_what_the_mlmodel_file_lacks_is_named(tmp_path: Path, key: str, text: str, words: str) -> None:
    finding = findings(tmp_path, **{key: text})["lineage.mlmodel.signature"]
    assert finding.outcome == Outcome.PARTIAL
    assert words in finding.sentence


def test_an_mlmodel_file_that_cannot_be_read_fails(tmp_path: Path) -> None:
    finding = findings(tmp_path, mlmodel="a: [")["lineage.mlmodel.signature"]
    assert finding.outcome == Outcome.FAILED


def test_topics_that_a_card_leaves_out_are_named(tmp_path: Path) -> None:
    text = CARD.replace("Limits and risks", "Thanks").replace("(n = 412)", "").replace("5,000", "much")
    finding = findings(tmp_path, card=text)["lineage.card.structure"]
    assert "its limits" in finding.sentence
    assert "with their sizes" in finding.sentence
    assert finding.points == pytest.approx(4 / 6)


def test_text_of_a_template_halves_the_card_and_is_shown(tmp_path: Path) -> None:
    finding = findings(tmp_path, card=CARD + "\n## More\n\n[More Information Needed]\n")[
        "lineage.card.structure"
    ]
    assert finding.points == 0.5
    assert finding.evidence[0].line == len(CARD.splitlines()) + 4


def test_a_card_of_headings_earns_nothing(tmp_path: Path) -> None:
    text = "\n".join(line for line in CARD.splitlines() if line.startswith("#"))
    assert findings(tmp_path, card=text)["lineage.card.structure"].outcome == Outcome.FAILED


def test_a_card_that_had_to_be_found_earns_less(tmp_path: Path) -> None:
    made = workspace(tmp_path, good())
    found = Discovery(key="model.card", value='"MODEL_CARD.md"', source="its name", file="MODEL_CARD.md")
    inventory = replace(made.evidence.inventory, discovered=(found,))
    made = replace(made, evidence=replace(made.evidence, inventory=inventory))
    finding = by_check(grader.grade(made))["lineage.card.structure"]
    assert finding.points == pytest.approx(0.7)
    assert "declare it to earn all" in finding.sentence


def test_without_records_it_depends_on_the_challenge(tmp_path: Path) -> None:
    bare = workspace(tmp_path / "a", {"predict.py": ""}, Contract())
    asked = by_check(grader.grade(bare))
    for check in ("lineage.mlmodel.signature", "lineage.training.pinned", MEMO):
        assert asked.pop(check).outcome == Outcome.NOT_APPLICABLE
    assert {f.outcome for f in asked.values()} == {Outcome.FAILED}
    other = replace(bare, manifest=make_workspace(tmp_path / "b").manifest)
    assert {f.outcome for f in grader.grade(other).findings} == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    "text", ["a: [", "stages: 3", "stages: {a: {outs: [3, {path: 1}, {path: x, md5: 7}]}}", "outs: x"]
)
def test_hostile_locks_are_read_without_harm(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, lock=text)["lineage.dvc.verified"].max_points == 2


PINNED = "lineage.training.pinned"
ROWS = "id,defaulted\n1,0\n"
TRAINING = "model = RandomForestClassifier(random_state=1)\nmodel.fit(X, y)\n"
LOCKED = "pandas==2.2.3 \\\n    --hash=sha256:00\nscikit-learn == 1.7.2  # the model\n-r more.txt\n"


def trained(root: Path, **files: str) -> Finding:
    """What is said of code that trains on the public rows."""
    record = f'{{"data": "{hashlib.sha256(ROWS.encode()).hexdigest()}"}}'
    whole = {"train.py": TRAINING, "requirements.txt": LOCKED, "data.json": record}
    made = workspace(root, {**whole, **{name.replace("__", "."): text for name, text in files.items()}})
    made = replace(made, manifest=replace(made.manifest, inputs=("train.csv", "test.csv")))
    (made.inputs / "train.csv").write_text(ROWS)
    return by_check(grader.grade(made))[PINNED]


def test_training_with_seeds_locked_packages_and_a_digest_of_its_data_is_written_down(tmp_path: Path) -> None:
    assert trained(tmp_path).outcome == Outcome.PASSED
    seeded = trained(tmp_path / "b", train__py="np.random.seed(1)\nKMeans().fit(X)\n")
    assert seeded.outcome == Outcome.PASSED


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("train__py", "a = 1\nKMeans(3).fit(X)\n", "a seed"),
        ("requirements__txt", "pandas>=2\n", "one version"),
        ("requirements__txt", "pandas==2.*\n", "one version"),
        ("data__json", "{}", "digest of the public data"),
    ],
)
def test_what_is_not_written_down_of_training_is_named(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    finding = trained(tmp_path, **{name: text})
    assert (finding.outcome, finding.max_points) == (Outcome.INFORMATIVE, 0)
    assert words in finding.sentence
    assert [e.line for e in finding.evidence] == ([2] if name == "train__py" else [])


def test_without_code_that_trains_there_is_nothing_to_write_down(tmp_path: Path) -> None:
    assert trained(tmp_path, train__py="print(1)\n").outcome == Outcome.NOT_APPLICABLE


def memo(root: Path, text: str) -> Finding:
    made = make_workspace(root)
    (made.submission / "docs").mkdir()
    (made.submission / "docs" / "DECISION.md").write_text(text)
    return by_check(grader.grade(made))[MEMO]


def test_a_memo_that_says_all_that_a_decision_takes_passes(tmp_path: Path) -> None:
    found = memo(tmp_path, DECISION)
    assert (found.outcome, found.max_points) == (Outcome.PASSED, 0)


def test_what_a_memo_leaves_out_is_named_and_costs_nothing(tmp_path: Path) -> None:
    found = memo(tmp_path, DECISION.replace("12 %", "much").replace(", and when to retrain", " TODO"))
    assert found.outcome == Outcome.INFORMATIVE
    assert found.sentence.startswith(
        "The decision memo does not say what that is worth, in numbers, when to train"
    )
    assert [place.line for place in found.evidence] == [
        DECISION[: DECISION.index("## What to watch")].count("\n") + 1
    ]


def test_nobody_has_to_write_a_memo(tmp_path: Path) -> None:
    assert by_check(grader.grade(make_workspace(tmp_path)))[MEMO].outcome == Outcome.NOT_APPLICABLE
