"""Fingerprints of code: a renamed copy is found, code that only does the same is not."""

import ast
import random
import re
from pathlib import Path

from graders.integrity.winnow import GRAM, WINDOW, fingerprints, tokens_of

CODE = Path(ast.__file__).read_text()[:30_000].rpartition("\ndef ")[0]
OTHER = Path(random.__file__).read_text()


def share(one: str, other: str) -> float:
    """Of the fingerprints of the first, those that the second has."""
    mine, theirs = fingerprints(tokens_of(one)), fingerprints(tokens_of(other))
    return len(mine & theirs) / len(mine)


def test_a_copy_with_other_names_texts_and_layout_is_found() -> None:
    names = set(re.findall(r"\b[a-z_]{4,}\b", CODE)) - {"class", "return", "while", "raise", "yield", "else"}
    copy = "\n".join(re.sub(r"#.*$", "", line).rstrip() + "  # mine" for line in CODE.splitlines())
    for number, name in enumerate(sorted(n for n in names if n.startswith("node"))):
        copy = re.sub(rf"\b{name}\b", f"thing_{number}", copy)
    assert share(CODE, copy) > 0.95


def test_a_part_that_was_moved_elsewhere_is_found() -> None:
    tree = ast.parse(CODE)
    function = max(
        (n for n in tree.body if isinstance(n, ast.FunctionDef)), key=lambda n: len(ast.unparse(n))
    )
    assert share(ast.unparse(function), OTHER + "\n" + ast.unparse(function)) > 0.9


def test_code_of_others_shares_next_to_nothing() -> None:
    assert share(CODE, OTHER) < 0.05
    assert share(OTHER, CODE) < 0.05


def test_any_shared_run_of_the_promised_length_is_found() -> None:
    chance = random.Random(3)
    for _ in range(50):
        run = [str(chance.random()) for _ in range(GRAM + WINDOW - 1)]
        one = [str(chance.random()) for _ in range(chance.randrange(60))] + run
        other = run + [str(chance.random()) for _ in range(chance.randrange(60))]
        assert fingerprints(one) & fingerprints(other)


def test_fewer_fingerprints_are_kept_than_there_are_tokens() -> None:
    tokens = tokens_of(CODE)
    assert len(fingerprints(tokens)) < len(tokens) / 5


def test_short_code_makes_none() -> None:
    assert fingerprints(tokens_of("x = 1\n")) == frozenset()


def test_imports_docstrings_and_comments_are_no_code() -> None:
    assert tokens_of('"""Words."""\nimport os\nfrom a import (\n    b,\n    c,\n)\n# more\n') == []


def test_code_that_does_not_parse_is_read_as_far_as_it_goes() -> None:
    assert tokens_of("x = 1\ny = (")[:3] == ["n", "=", "0"]
    assert fingerprints(tokens_of("\0" * 100)) is not None
