"""Mutants: the candidate's code with one small fault each, which tests that matter notice (catalogue J4).

Faults are made where code prepares data, decides or answers; code that trains, prints or reads options is left alone,
for tests need not run it. The text is changed in one place and stays as it was everywhere else.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random

from audition.domain.exercise import Mutant

NEUTRAL = b"\n# The same program.\n"
"""Added to a file, it changes nothing that a test may notice."""
_MOST_SHOWN = 160
_MOST_SITES = 500
#: Functions whose names say that they train, or belong to a program's surroundings.
_ELSEWHERE = re.compile(
    r"(?:^|_)(?:re)?(?:train|fit|tune|search|main|cli|parse|args|argv|save|plot|log|logging|setup|run|serve)(?:_|$)"
)
_TRAINING_CALLS = frozenset(["fit", "fit_transform", "partial_fit", "cross_val_score", "parse_args"])
_SAYING_CALLS = frozenset(["print", "debug", "info", "warning", "error", "exception", "log", "log_message"])
#: Methods without which a value stays what it was; `astype` is none, for much is of that type already.
_STEPS = frozenset(["fillna", "clip", "dropna", "abs", "round", "strip", "lower", "upper", "map", "replace"])
_LIBRARIES = frozenset(["np", "numpy", "pd", "pandas", "pl", "math"])
_TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place that can be changed, and what would stand there."""

    kind: str
    node: ast.expr
    after: str
    scope: str
    """The function it is in, or "" for a table of names at the top."""


def make_mutants(
    modules: Mapping[str, ast.Module], sources: Mapping[str, str], count: int, seed: int
) -> list[tuple[Mutant, bytes]]:
    """Choose faults, of as many kinds and in as many functions as there are; each with the whole new file.

    Args:
        modules: Parsed files by path.
        sources: Their texts.
        count: Most that are made.
        seed: Decides which ones.
    """
    every = [(path, site) for path, module in modules.items() for site in _sites(module)]
    # Reproducible, and no secret: nothing is protected by it.
    Random(seed).shuffle(every)  # noqa: S311
    chosen: list[tuple[Mutant, bytes]] = []
    uses: dict[tuple[str, ...], int] = {}
    while every and len(chosen) < count:
        path, site = min(every, key=lambda pair: _used(uses, *pair))
        every.remove((path, site))
        made = _make(path, site, sources[path])
        if made is not None:
            chosen.append(made)
            for key in ((site.kind,), (path, site.scope)):
                uses[key] = uses.get(key, 0) + 1
    return chosen


def _used(uses: Mapping[tuple[str, ...], int], path: str, site: Site) -> tuple[int, int]:
    return uses.get((path, site.scope), 0), uses.get((site.kind,), 0)


def _make(path: str, site: Site, source: str) -> tuple[Mutant, bytes] | None:
    """The file with the change; None when it would not parse."""
    data = source.encode()
    start, end = _span(site.node, data)
    changed = data[:start] + site.after.encode() + data[end:]
    try:
        ast.parse(changed)
    except (SyntaxError, ValueError):
        return None
    before = data[start:end].decode("utf-8", "replace")
    mutant = Mutant(
        kind=site.kind,
        file=path,
        line=site.node.lineno,
        before=" ".join(before.split())[:_MOST_SHOWN],
        after=" ".join(site.after.split())[:_MOST_SHOWN],
    )
    return mutant, changed


def _span(node: ast.expr, data: bytes) -> tuple[int, int]:
    """Where a node's text is; Python counts columns in bytes."""
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    last = node.end_lineno or node.lineno
    return starts[node.lineno - 1] + node.col_offset, starts[last - 1] + (node.end_col_offset or 0)


def _sites(module: ast.Module) -> Iterator[Site]:
    found = 0
    for statement in module.body:
        sites = (
            _of_table(statement)
            if isinstance(statement, ast.Assign | ast.AnnAssign)
            else _of_functions(statement)
        )
        for site in sites:
            found += 1
            if found > _MOST_SITES:
                return
            yield site


def _of_table(statement: ast.Assign | ast.AnnAssign) -> Iterator[Site]:
    """A list of columns at the top of a module: without its last one."""
    value = statement.value
    if isinstance(value, ast.List | ast.Tuple) and len(value.elts) > 1:
        names = [e for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
        if len(names) == len(value.elts):
            yield Site(kind="column dropped", node=value, after=_without_last(value), scope="")


def _without_last(value: ast.List | ast.Tuple) -> str:
    shorter = deepcopy(value)
    shorter.elts = shorter.elts[:-1]
    return ast.unparse(shorter)


def _of_functions(statement: ast.stmt) -> Iterator[Site]:
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_elsewhere(node):
            for part in node.body:
                yield from _inside(part, node.name)


def _is_elsewhere(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    names = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
    return bool(_ELSEWHERE.search(function.name.lower()) or names & _TRAINING_CALLS)


def _inside(node: ast.AST, scope: str) -> Iterator[Site]:
    """Places in a function's body; what is printed, raised, asserted or annotated is no behaviour to test."""
    if isinstance(
        node, ast.Raise | ast.Assert | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.JoinedStr
    ):
        return
    if (
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in _SAYING_CALLS
    ):
        return
    for kind, target, after in _changes(node):
        yield Site(kind=kind, node=target, after=after, scope=scope)
    for name, field in ast.iter_fields(node):
        if name not in {"annotation", "returns", "decorator_list"}:
            for below in field if isinstance(field, list) else [field]:
                if isinstance(below, ast.AST):
                    yield from _inside(below, scope)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.expr, str]]:
    """Kind, what is replaced, and by what."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _TURNED:
        turned = deepcopy(node)
        turned.ops[0] = _TURNED[type(node.ops[0])]()
        yield "comparison turned round", node, f"({ast.unparse(turned)})"
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "answer replaced by nothing", node.value, "None"
    elif isinstance(node, ast.BinOp):
        yield from _arithmetic(node)
    elif isinstance(node, ast.Subscript):
        yield from _off_by_one(node)
    elif isinstance(node, ast.Call):
        yield from _dropped(node)


def _arithmetic(node: ast.BinOp) -> Iterator[tuple[str, ast.expr, str]]:
    if isinstance(node.op, ast.Div | ast.Sub):
        swapped = ast.BinOp(left=node.right, op=node.op, right=node.left)
        yield "operands swapped", node, f"({ast.unparse(swapped)})"
    for side in (node.left, node.right):
        if isinstance(side, ast.Constant) and type(side.value) in {int, float}:
            yield "number changed", side, repr(_another(side.value))


def _another(value: object) -> object:
    return value * 2 + 1 if isinstance(value, int | float) else value


def _off_by_one(node: ast.Subscript) -> Iterator[tuple[str, ast.expr, str]]:
    """An index that is a number, also in `[:, 1]`, is one less; 0 becomes 1."""
    parts: Sequence[ast.expr] = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        value = part.value if isinstance(part, ast.Constant) else None
        if type(value) is int:
            yield "index off by one", part, str(value - 1 if value > 0 else value + 1)


def _dropped(node: ast.Call) -> Iterator[tuple[str, ast.expr, str]]:
    """A call of a method that changes a value: the value as it was."""
    if not isinstance(node.func, ast.Attribute):
        return
    if isinstance(node.func.value, ast.Name) and node.func.value.id in _LIBRARIES:
        # np.clip(values, 0, 1): the value is what it is called with.
        if node.func.attr in _STEPS and node.args:
            yield "step dropped", node, f"({ast.unparse(node.args[0])})"
    elif node.func.attr in _STEPS:
        yield "step dropped", node, f"({ast.unparse(node.func.value)})"
    elif node.func.attr == "transform" and node.args:
        yield "scaling dropped", node, f"({ast.unparse(node.args[0])})"
