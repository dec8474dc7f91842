"""Ceilings: a file fits a sitting, a function fits a screen."""

import ast

import pytest

from tests.architecture.tree import CODE, sources

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
ROOTS = (*CODE, "tests")


@pytest.mark.parametrize("root", ROOTS)
def test_no_file_is_longer_than_a_sitting(root: str) -> None:
    counts = {source.path: len(source.text.splitlines()) for source in sources(root)}
    assert {path: count for path, count in counts.items() if count > MAX_FILE_LINES} == {}


@pytest.mark.parametrize("root", ROOTS)
def test_no_function_is_longer_than_a_screen(root: str) -> None:
    lengths = {
        f"{source.path}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for source in sources(root)
        for node in source.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}
