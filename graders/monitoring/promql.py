"""Read PromQL: does an expression parse, and which metrics does it look at?"""

import re
from dataclasses import dataclass
from functools import lru_cache

import promql_parser

MOST_CHARACTERS = 2000
"""Of one expression; the parser takes quadratic time for long chains."""
_MOST_OPEN = 30
"""Brackets inside each other; the parser takes cubic time and memory for them."""
#: What Grafana puts in place of its variables. Intervals first, for they stand where durations do.
_INTERVALS = re.compile(
    r"\$\{?__(?:rate_interval|interval|range)(?:_ms|_s)?\}?|(?<=\[)\$\{?\w{1,40}\}?(?=[\]:])"
)
_VARIABLES = re.compile(r"\$\{\w{1,40}(?::\w{1,20})?\}|\$\w{1,40}|\[\[\w{1,40}\]\]")
_MOST_SHOWN = 160
_STAND_IN = "audition_variable"
_NAME = "__name__"


@dataclass(frozen=True, slots=True)
class Expression:
    """What is known about an expression."""

    text: str
    metrics: frozenset[str] = frozenset()
    error: str = ""
    """Why it does not parse; empty when it does."""
    characters: int = 0
    """How long the whole is; `text` is cut."""


@lru_cache(maxsize=1024)
def read_expression(text: str) -> Expression:
    """Parse an expression of a rule."""
    if len(text) > MOST_CHARACTERS:
        return Expression(text[:_MOST_SHOWN], error=f"it is longer than {MOST_CHARACTERS:,} characters")
    if _open_at_most(text) > _MOST_OPEN:
        return Expression(text[:_MOST_SHOWN], error=f"more than {_MOST_OPEN} brackets are inside each other")
    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        words = " ".join(str(error).split())[:_MOST_SHOWN]
        return Expression(text[:_MOST_SHOWN], error=words, characters=len(text))
    names: set[str] = set()

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            names.update(_names(node))

    promql_parser.walk(tree, visit)
    return Expression(text[:_MOST_SHOWN], frozenset(names), characters=len(text))


def _open_at_most(text: str) -> int:
    """How many brackets are open at once at most; those in texts count too, which does no harm."""
    depth = most = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        most = max(most, depth)
    return most


def read_query(text: str) -> Expression:
    """Parse the query of a dashboard's panel, with Grafana's variables filled in: as a name, else as a number."""
    plain = _INTERVALS.sub("5m", text)
    named = read_expression(_VARIABLES.sub(_STAND_IN, plain))
    found = read_expression(_VARIABLES.sub("1", plain)) if named.error else named
    return found if found.error else Expression(text[:_MOST_SHOWN], found.metrics - {_STAND_IN})


def _names(selector: promql_parser.VectorSelector) -> set[str]:
    """The metric that a selector names, in front or as a label; none when it is a pattern."""
    if selector.name:
        return {selector.name}
    matchers = selector.matchers.matchers
    return {m.value for m in matchers if m.name == _NAME and m.op == promql_parser.MatchOp.Equal}
