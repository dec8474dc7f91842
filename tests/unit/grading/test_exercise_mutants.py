"""Mutants change one thing where data is prepared or an answer is made, and nothing elsewhere."""

import ast
from pathlib import Path

import pytest

from audition.grading.exercise.mutants import NEUTRAL, make_mutants
from audition.grading.exercise.reach import reached
from audition.grading.tree import Tree

FEATURES = '''"""Features."""
import logging

NUMBERS = ["age", "income", "debt"]
PORT = 8080


def ratio(row):
    """Debt to income."""
    logging.info("ratio of %d", 3 + 4)
    if row["income"] <= 0:
        raise ValueError("income must be above " + str(0 + 0))
    return row["debt"] / (row["income"] + 1)


def fit_scaler(rows):
    return [r - 1 for r in rows]


def probability(model, rows):
    cleaned = rows.fillna(0)
    return model.predict_proba(cleaned)[:, 1]
'''


def mutants_of(source: str, count: int = 50, seed: int = 1) -> list[tuple[str, str, str]]:
    made = make_mutants({"a.py": ast.parse(source)}, {"a.py": source}, count, seed)
    return sorted((mutant.kind, mutant.before, mutant.after) for mutant, _ in made)


def test_every_kind_of_fault_is_made_where_it_can_be() -> None:
    assert mutants_of(FEATURES) == [
        ("answer replaced by nothing", "model.predict_proba(cleaned)[:, 1]", "None"),
        ("answer replaced by nothing", 'row["debt"] / (row["income"] + 1)', "None"),
        ("column dropped", '["age", "income", "debt"]', "['age', 'income']"),
        ("comparison turned round", 'row["income"] <= 0', "(row['income'] > 0)"),
        ("index off by one", "1", "0"),
        ("number changed", "1", "3"),
        ("operands swapped", 'row["debt"] / (row["income"] + 1)', "((row['income'] + 1) / row['debt'])"),
        ("step dropped", "rows.fillna(0)", "(rows)"),
    ]


def test_a_mutant_differs_from_the_file_in_one_place_only() -> None:
    for mutant, content in make_mutants({"a.py": ast.parse(FEATURES)}, {"a.py": FEATURES}, 50, 1):
        ours, theirs = content.decode().splitlines(), FEATURES.splitlines()
        different = [
            number for number, pair in enumerate(zip(ours, theirs, strict=True), 1) if pair[0] != pair[1]
        ]
        assert different == [mutant.line]


def test_the_place_is_right_after_letters_that_take_several_bytes() -> None:
    source = 'def f(x):\n    return "ä€" + (x if x > 3 else "ü")\n'
    assert ("comparison turned round", "x > 3", "(x <= 3)") in mutants_of(source)


def test_a_step_that_a_library_does_leaves_what_it_was_given() -> None:
    source = "def f(x):\n    y = np.clip(x + z, 0, 1)\n"
    assert mutants_of(source) == [("step dropped", "np.clip(x + z, 0, 1)", "(x + z)")]


def test_few_mutants_are_of_many_kinds_and_functions() -> None:
    made = make_mutants({"a.py": ast.parse(FEATURES)}, {"a.py": FEATURES}, 5, 7)
    assert len({mutant.kind for mutant, _ in made}) == 5


def test_the_same_seed_gives_the_same_mutants() -> None:
    assert mutants_of(FEATURES, 3, 4) == mutants_of(FEATURES, 3, 4)
    assert len({tuple(mutants_of(FEATURES, 3, seed)) for seed in range(20)}) > 1


@pytest.mark.parametrize(
    "source",
    [
        "def main():\n    return 1 + 2 > 3 and x[1]\n",
        "def train_model(x):\n    return x / 2\n",
        "def f(x):\n    model.fit(x)\n    return x / 2\n",
        'def f(x):\n    raise ValueError(f"{x / 2} > 3")\n',
        "def f(x):\n    assert x > 3\n",
        "x = 3 / 4 > 5\n",
    ],
)
def test_code_that_tests_need_not_run_is_left_alone(source: str) -> None:
    assert mutants_of(source) == []


def test_the_neutral_change_changes_no_program() -> None:
    changed = FEATURES.encode() + NEUTRAL
    assert ast.dump(ast.parse(changed)) == ast.dump(ast.parse(FEATURES))


def lay(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Tree(root)


def test_what_tests_import_is_found_directly_through_others_and_by_name(tmp_path: Path) -> None:
    tree = lay(
        tmp_path,
        {
            "tests/test_a.py": "from predict import predict\nimport subprocess\nSCRIPT = 'score.py'\n",
            "tests/helpers.py": "import unused_by_tests\n",
            "predict.py": "from pkg.features import build\n",
            "score.py": "",
            "src/pkg/__init__.py": "",
            "src/pkg/features.py": "from . import levels\nfrom .numbers import x\n",
            "src/pkg/levels.py": "",
            "src/pkg/numbers.py": "",
            "train.py": "import pkg\n",
            "broken.py": "def (",
        },
    )
    assert sorted(reached(tree)) == [
        "predict.py",
        "score.py",
        "src/pkg/__init__.py",
        "src/pkg/features.py",
        "src/pkg/levels.py",
        "src/pkg/numbers.py",
    ]


def test_tests_that_import_nothing_reach_nothing(tmp_path: Path) -> None:
    tree = lay(tmp_path, {"test_a.py": "def test_a():\n    assert True\n", "predict.py": "x = 1\n"})
    assert reached(tree) == {}
