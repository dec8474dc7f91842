"""Fingerprints of Python code that survive renaming, reformatting and moving parts about.

Theory of operation. Code becomes its tokens, with every name, number and text replaced by its kind; imports, comments,
docstrings and layout are left out. Each run of `GRAM` tokens is hashed, and of every `WINDOW` hashes in a row the
smallest is kept, the rightmost of equals. So two texts that share any run of `GRAM + WINDOW - 1` tokens share a
fingerprint, wherever the run is, and one that is shorter than `GRAM` makes none. Source: Schleimer, Wilkerson and
Aiken, Winnowing: Local Algorithms for Document Fingerprinting (SIGMOD 2003); the sizes are those of Dolos 2.
"""

import ast
import io
import keyword
import tokenize
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

GRAM, WINDOW = 23, 17
MOST_TOKENS = 200_000
_BYTES = 6
_LAYOUT = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)
_KINDS = {tokenize.NUMBER: "0", tokenize.STRING: '"'}


def fingerprints(tokens: Sequence[str]) -> frozenset[int]:
    """The winnowed hashes of a sequence of tokens, each 48 bits."""
    grams = [_hash(tokens[start : start + GRAM]) for start in range(len(tokens) - GRAM + 1)]
    return frozenset(_smallest(grams))


def tokens_of(code: str) -> list[str]:
    """Tokens of Python code by their kinds; of code that does not parse, those before the mistake."""
    spared = _spared_lines(code)
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in _LAYOUT or token.start[0] in spared:
                continue
            found.append(_kind(token))
            if len(found) >= MOST_TOKENS:
                break
    except (tokenize.TokenError, SyntaxError, ValueError):
        return found
    return found


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return token.string if keyword.iskeyword(token.string) else "n"
    return _KINDS.get(token.type, token.string)


def _spared_lines(code: str) -> frozenset[int]:
    """Lines of imports and of texts that stand alone: everybody's are alike."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and _is_spared(node)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _is_spared(node: ast.stmt) -> bool:
    is_text = (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)


def _hash(gram: Sequence[str]) -> int:
    return int.from_bytes(blake2b("\0".join(gram).encode(), digest_size=_BYTES).digest())


def _smallest(grams: Iterable[int]) -> Iterator[int]:
    """The smallest of each window, the rightmost of equals; of fewer hashes than a window the smallest of all."""
    window: deque[tuple[int, int]] = deque()
    """Places and hashes that may still become a smallest one, hashes rising."""
    place = -1
    for place, value in enumerate(grams):
        while window and window[-1][1] >= value:
            window.pop()
        window.append((place, value))
        if window[0][0] <= place - WINDOW:
            window.popleft()
        if place >= WINDOW - 1:
            yield window[0][1]
    if 0 <= place < WINDOW - 1:
        yield window[0][1]
