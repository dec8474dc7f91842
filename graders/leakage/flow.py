"""Follow tables through a program, as far as names tell, and notice where a model is shown what it must not see.

Nothing is run and no type is known: a table is a name, and what it is made of is what the names on the right were made
of. So a sign may be wrong, and a leak through a function of one's own is not seen.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_TEST_NAME = re.compile(r"(?:^|_)test(?:_|\d|$)")
_TEST_FILE = re.compile(r"(?:^|[^a-z])test[^/]*\.(?:csv|parquet|feather|json)$", re.IGNORECASE)
_READERS = frozenset({"read_csv", "read_parquet", "read_feather", "read_json", "scan_csv", "scan_parquet"})
_FITS = frozenset({"fit", "fit_transform", "fit_resample", "partial_fit", "fit_predict"})
_SPLITS = frozenset({"train_test_split", "cross_val_score", "cross_validate", "cross_val_predict"})
#: What learns from rows and is no model: scikit-learn's and imbalanced-learn's ways of naming it.
_PREPARES = re.compile(
    r"(?:Scaler|Imputer|Encoder|Transformer|Vectorizer|Discretizer|Threshold|Sampler|SMOTE|PCA|SelectKBest|RFE)$"
)
_MOST_DEPTH = 60
#: Of what is kept for a function, and of names on the left: far more than people write, so that looking ends.
_MOST_KEPT = 200
#: What of a table is no rows.
_NO_ROWS = frozenset({"columns", "shape", "dtypes", "index", "feature_names_in_"})
#: Learns names of answers, which are the same on both sides.
_HARMLESS = frozenset({"LabelEncoder"})


@dataclass(frozen=True, slots=True)
class Sign:
    """One place that a reviewer may want to look at."""

    kind: str
    """"test-rows", "before-split" or "target"."""
    line: int
    words: str


@dataclass(slots=True)
class _Scope:
    """What the names of a function, or of a module's top, stand for so far."""

    test: set[str] = field(default_factory=set)
    """Tables with rows that are to be predicted, or that a model is measured on."""
    classes: dict[str, str] = field(default_factory=dict)
    """Class of what was made by calling one."""
    with_target: set[str] = field(default_factory=set)
    """Tables that still hold the target."""
    targets: dict[str, str] = field(default_factory=dict)
    """Columns of the target by name, to the table that they are of."""
    lists: set[str] = field(default_factory=set)
    """Lists of columns with the target among them."""
    prepared: list[tuple[set[str], int, str]] = field(default_factory=list)
    """What was learned from whole tables: their names and that of what came of it, the line, the class."""


def signs_of(tree: ast.Module, target: str) -> list[Sign]:
    """All signs in a module, by line.

    Args:
        tree: The module; deeply nested parts are passed over.
        target: Name of the column with the answers.
    """
    found: list[Sign] = []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for body in (tree.body, *(function.body for function in functions)):
        scope = _Scope()
        for statement in _in_order(body, 0):
            found += _look(statement, scope, target)
            _learn(statement, scope, target)
    return sorted(set(found), key=lambda sign: (sign.line, sign.kind))


def _in_order(body: Sequence[ast.stmt], depth: int) -> Iterator[ast.stmt]:
    """Simple statements as they stand, those of blocks too, but not of functions and classes."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        blocks = [getattr(statement, name, None) for name in ("body", "orelse", "finalbody")]
        inner = [block for block in blocks if block]
        if not inner:
            yield statement
        elif depth < _MOST_DEPTH:
            for block in inner:
                yield from _in_order(block, depth + 1)


def _look(statement: ast.stmt, scope: _Scope, target: str) -> Iterator[Sign]:
    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
        name = _name_of(call.func)
        if name in _FITS and call.args:
            yield from _fit(call, statement, scope, target)
        elif name in _SPLITS:
            used = set().union(*(_tables(argument) for argument in call.args))
            for tables, line, what in [one for one in scope.prepared if one[0] & used]:
                scope.prepared.remove((tables, line, what))
                words = f"{what} learns from all rows, which are divided only in line {call.lineno}"
                yield Sign("before-split", line, words)


def _fit(call: ast.Call, statement: ast.stmt, scope: _Scope, target: str) -> Iterator[Sign]:
    table = call.args[0]
    if _is_test(table, scope):
        yield Sign("test-rows", call.lineno, "is fitted to rows that are to be predicted or measured on")
    what = _class_of(call, scope)
    if _PREPARES.search(what) and what not in _HARMLESS:
        made = {name for node in _targets(statement) for name in _tables(node)}
        if len(scope.prepared) < _MOST_KEPT and (used := _tables(table) | made):
            scope.prepared.append((used, call.lineno, what))
    elif len(call.args) > 1 and _holds_target(table, call.args[1], scope, target):
        yield Sign("target", call.lineno, f"is fitted to a table that still holds {target}")


def _holds_target(table: ast.expr, answers: ast.expr, scope: _Scope, target: str) -> bool:
    """Whether the table of features is the one that the answers were taken from, whole."""
    if isinstance(table, ast.Subscript) and _lists_target(table.slice, scope, target):
        return True
    if not isinstance(table, ast.Name):
        return False
    if table.id in scope.with_target:
        return True
    origin = _column_of(answers, target)
    if isinstance(answers, ast.Name):
        origin = scope.targets.get(answers.id, "")
    return origin == table.id


def _learn(statement: ast.stmt, scope: _Scope, target: str) -> None:
    """Note what an assignment makes of names."""
    dropped = _dropped(statement, target)
    for name in dropped:
        scope.with_target.discard(name)
        scope.targets = {key: table for key, table in scope.targets.items() if table != name}
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return
    value = statement.value
    is_split = isinstance(value, ast.Call) and _name_of(value.func) in _SPLITS
    is_test = not is_split and _is_test(value, scope)
    for place in _targets(statement):
        for name in sorted(_tables(place))[:_MOST_KEPT]:
            _forget(name, scope)
            if _TEST_NAME.search(name) or is_test:
                scope.test.add(name)
            if isinstance(value, ast.Call):
                scope.classes[name] = _name_of(value.func)
            if isinstance(place, ast.Name) and name not in dropped:
                _learn_target(name, value, scope, target)


def _learn_target(name: str, value: ast.expr, scope: _Scope, target: str) -> None:
    if (origin := _column_of(value, target)) and len(scope.targets) < _MOST_KEPT:
        scope.targets[name] = origin
    if _lists_target(value, scope, target) and not isinstance(value, ast.Subscript):
        scope.lists.add(name)
    if isinstance(value, ast.Subscript) and _lists_target(value.slice, scope, target):
        scope.with_target.add(name)


def _forget(name: str, scope: _Scope) -> None:
    for names in (scope.test, scope.with_target, scope.lists):
        names.discard(name)
    scope.classes.pop(name, None)
    if name in scope.targets or name in scope.targets.values():
        scope.targets = {key: table for key, table in scope.targets.items() if name not in {key, table}}


def _lists_target(node: ast.expr, scope: _Scope, target: str) -> bool:
    """Whether it is a list of several columns with the target among them."""
    if isinstance(node, ast.Name):
        return node.id in scope.lists
    if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) < 2:  # noqa: PLR2004  one is the target itself
        return False
    return any(isinstance(item, ast.Constant) and item.value == target for item in node.elts)


def _column_of(node: ast.expr, target: str) -> str:
    """Name of the table that this is the target column of; empty when it is none."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return node.value.id if _is_constant(node.slice, target) else ""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr == target:
        return node.value.id
    return ""


def _dropped(statement: ast.stmt, target: str) -> set[str]:
    """Tables that lose the target here: by `drop`, `pop` or `del`, in place or into the same name."""
    found: set[str] = set()
    if isinstance(statement, ast.Delete):
        found = {origin for node in statement.targets if (origin := _column_of(node, target))}
    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
        if _name_of(call.func) in {"pop", "drop"} and isinstance(call.func, ast.Attribute):
            said = [*call.args, *(keyword.value for keyword in call.keywords)]
            if not any(_is_constant(node, target) for argument in said for node in ast.walk(argument)):
                continue
            made = {name for node in _targets(statement) for name in _tables(node)}
            is_whole = _name_of(call.func) == "pop" or any(k.arg == "inplace" for k in call.keywords)
            found |= _tables(call.func.value) if is_whole else made
    return found


def _is_test(node: ast.expr, scope: _Scope) -> bool:
    """Whether any of it has rows that are to be predicted, or that a model is measured on."""
    if any(name in scope.test or _TEST_NAME.search(name) for name in _tables(node)):
        return True
    for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
        if _name_of(call.func) in _READERS:
            parts = (part for argument in call.args for part in ast.walk(argument))
            if any(isinstance(part, ast.Constant) and _TEST_FILE.search(str(part.value)) for part in parts):
                return True
    return False


def _is_constant(node: ast.AST, value: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _class_of(call: ast.Call, scope: _Scope) -> str:
    """Class of what is fitted: made on the spot, or by the name that it was given."""
    fitted = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    if isinstance(fitted, ast.Call):
        return _name_of(fitted.func)
    return scope.classes.get(fitted.id, "") if isinstance(fitted, ast.Name) else ""


def _name_of(node: ast.expr) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _tables(node: ast.AST) -> set[str]:
    """Names of what an expression takes rows from: not what it is indexed by, and not what is called."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return set() if node.attr in _NO_ROWS else _tables(node.value)
    if isinstance(node, ast.Subscript | ast.Starred):
        return _tables(node.value)
    parts: Sequence[ast.AST] = ()
    if isinstance(node, ast.Call):
        parts = [*([node.func.value] if isinstance(node.func, ast.Attribute) else []), *node.args]
    elif isinstance(node, ast.List | ast.Tuple):
        parts = node.elts
    elif isinstance(node, ast.BinOp):
        parts = (node.left, node.right)
    return set().union(*(_tables(part) for part in parts))


def _targets(statement: ast.stmt) -> Sequence[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return (statement.target,) if isinstance(statement, ast.AnnAssign) else ()
