"""Code that shows a model what it must not see is noticed with its line, and honest code is left alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.grade import Outcome
from audition.grading import Workspace
from graders.leakage import grader
from tests.challenges.conftest import PACK
from tests.graders.workspaces import by_check, make_workspace

HONEST = """
import pandas as pd
from sklearn.model_selection import train_test_split

TARGET = "defaulted"

def train(path):
    train = pd.read_csv(path / "train.csv")
    test = pd.read_csv(path / "test.csv")
    columns = [c for c in test.columns if c != "id"]
    y = train.pop("defaulted")
    X_train, X_test, y_train, y_test = train_test_split(train[columns], y, test_size=test_size)
    scaler = StandardScaler()
    scaled = scaler.fit_transform(X_train)
    model = LogisticRegression().fit(scaled, y_train)
    print(model.score(scaler.transform(X_test), y_test))
    labels = LabelEncoder().fit_transform(y)
    final = make_pipeline(StandardScaler(), LogisticRegression())
    print(cross_val_score(final, train[columns], labels))
    final.fit(train[columns], y)
    return final.predict(test[columns])

def other(frame):
    X = frame.drop(columns=["id", "defaulted"])
    frame_y = frame["defaulted"]
    model = GradientBoosting()
    model.fit(X, frame_y, eval_set=[(X_test, y_test)])
    latest = X.tail(9)
    model.fit(latest, frame_y)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path)


def read(workspace: Workspace) -> set[Outcome]:
    """Of the checks that read code; no training was tried here."""
    tried = {"leakage.labels", "leakage.hidden-rows"}
    return {f.outcome for f in grader.grade(workspace).findings if f.check not in tried}


def seen(workspace: Workspace, code: str, name: str = "train.py") -> dict[str, list[int | None]]:
    """Lines by the last part of the check's id."""
    path = workspace.submission / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(code)
    found = by_check(grader.grade(workspace))
    return {
        check.rpartition(".")[2]: [e.line for e in finding.evidence]
        for check, finding in found.items()
        if finding.outcome == Outcome.INFORMATIVE
    }


def test_honest_code_shows_no_sign(workspace: Workspace) -> None:
    assert seen(workspace, HONEST) == {}
    assert read(workspace) == {Outcome.PASSED}


@pytest.mark.parametrize(
    "code",
    [
        "X_train, X_test = train_test_split(X)\nscaler.fit(X_test)\n",
        "t = pd.read_csv('/in/test.csv')\nStandardScaler().fit(t)\n",
        "a = pd.read_csv('a.csv')\nmodel.fit(pd.concat([a, test]), y)\n",
        "every = pd.concat([train, test[cols]])\nimputer.fit_transform(every[cols])\n",
        "def f(X_test):\n    model.partial_fit(X_test.drop(columns=['id']))\n",
        "if True:\n    pca.fit(np.vstack([train, test_rows]))\n",
    ],
)
def test_fitting_on_test_rows_is_noticed_in_its_line(workspace: Workspace, code: str) -> None:
    assert seen(workspace, code) == {"test-rows": [2]}


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("s = StandardScaler()\nX = s.fit_transform(X)\na, b = train_test_split(X)\n", 2),
        ("X2 = SelectKBest(k=5).fit_transform(X, y)\nprint(cross_val_score(model, X2, y))\n", 1),
        ("imp = SimpleImputer()\nimp.fit(df)\ndf = imp.transform(df)\na, b = train_test_split(df)\n", 2),
        ("X_all, y_all = SMOTE().fit_resample(X, y)\na, b = train_test_split(X_all, y_all)\n", 1),
    ],
)
def test_preparation_before_the_split_is_noticed_where_it_learns(
    workspace: Workspace, code: str, line: int
) -> None:
    assert seen(workspace, code) == {"before-split": [line]}


@pytest.mark.parametrize(
    "code",
    [
        "y = df['defaulted']\nmodel.fit(df, y)\n",
        "df = load()\nmodel.fit(df, df.defaulted)\n",
        "FEATURES = ['age', 'defaulted']\nmodel.fit(df[FEATURES], y)\n",
        "X = df[['income', 'defaulted', 'age']]\nmodel.fit(X, y)\n",
    ],
)
def test_the_target_among_the_features_is_noticed(workspace: Workspace, code: str) -> None:
    assert seen(workspace, code) == {"target": [2]}


def test_tests_and_what_is_no_python_are_passed_over(workspace: Workspace) -> None:
    (workspace.submission / "broken.py").write_text("def (:\n")
    (workspace.submission / "deep.py").write_text("x = a" + ".b" * 30_000 + "\nmodel.fit(x)\n")
    assert seen(workspace, "model.fit(X_test, y)\n", "tests/test_model.py") == {}
    assert seen(workspace, "model.fit(X_test, y)\n", "test_model.py") == {}


def test_without_code_that_fits_nothing_applies(workspace: Workspace) -> None:
    (workspace.submission / "serve.py").write_text("print(1)\n")
    assert {f.outcome for f in grader.grade(workspace).findings} == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    "code",
    [
        "".join(f"s{n} = PCA().fit_transform(X)\n" for n in range(5000)) + "train_test_split(X)\n" * 2000,
        ", ".join(f"a{n}" for n in range(20_000)) + " = load(test)\nmodel.fit(a0)\n",
        "".join(f"y{n} = df.defaulted\n" for n in range(9000)) + "model.fit(df, y0)\n",
    ],
    ids=["many fits and splits", "many names", "many targets"],
)
def test_looking_ends_soon_whatever_is_written(workspace: Workspace, code: str) -> None:
    found = seen(workspace, code)
    assert all(len(lines) <= 20 for lines in found.values())


@pytest.mark.parametrize(
    "name", ["starter", *(f"submissions/accepted/{s}" for s in ("baseline", "reference", "golden"))]
)
def test_the_packs_own_models_show_no_sign(tmp_path: Path, name: str) -> None:
    workspace = replace(make_workspace(tmp_path), submission=PACK / name)
    assert read(workspace) == {Outcome.PASSED}
