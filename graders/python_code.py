"""Python code, read and never run: what is random in it, whether that has a seed, whether it is a test."""

import ast
import re
from collections.abc import Iterator

#: What is random in the field's libraries unless it is given a seed, and the argument that gives it.
_RANDOM = re.compile(
    r"train_test_split|default_rng|(?:Random|Extra|HistGradient|Gradient|Ada)\w*(?:Classifier|Regressor)"
    r"|(?:MLP|SGD|Bagging|XGB|LGBM)(?:Classifier|Regressor)|(?:RandomizedSearchCV|KMeans|TSNE|IsolationForest|RandomState)"
)
_SEEDS = frozenset({"random_state", "seed", "random_seed"})
_SHUFFLED = re.compile(r"(?:Stratified|Group|StratifiedGroup)?KFold")
_SEEDING = re.compile(r"(?:^|\.)(?:seed|manual_seed|set_seed|set_random_seed)$")
#: Where the seed may come first.
_FIRST = frozenset({"default_rng", "RandomState"})


def calls_in(tree: ast.Module) -> Iterator[ast.Call]:
    """Everything that is called."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    """Dotted name of what is called; empty when it is no plain name."""
    parts: list[str] = []
    node = call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else ".".join(reversed(parts))


def is_seeding(call: ast.Call) -> bool:
    """Whether it seeds a library for all that comes after."""
    return bool(_SEEDING.search(name_of(call)))


def is_random(call: ast.Call) -> bool:
    """Whether its result is another each time, unless it has a seed."""
    last = name_of(call).rpartition(".")[2]
    if _SHUFFLED.fullmatch(last):
        return any(word.arg == "shuffle" and _is_true(word.value) for word in call.keywords)
    return bool(_RANDOM.fullmatch(last))


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def has_seed(call: ast.Call) -> bool:
    """Whether it is given one."""
    is_named = any(word.arg in _SEEDS or word.arg is None for word in call.keywords)
    return is_named or (name_of(call).rpartition(".")[2] in _FIRST and bool(call.args))


def is_test_code(path: str) -> bool:
    """Whether a file is there to test others."""
    *folders, name = path.split("/")
    return "tests" in folders or name.startswith("test_")
