"""Metrics of short texts."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from graders.model_quality.intervals import wilson_of
from graders.model_quality.statistic import Sums, mean

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_ARTICLES = frozenset({"a", "an", "the"})


def tokens(text: str) -> list[str]:
    """Lower-case words without punctuation and English articles."""
    return [word for word in _PUNCTUATION.sub("", text.lower()).split() if word not in _ARTICLES]


def exact_match(truth: Sequence[str], prediction: Sequence[str]) -> Sums:
    """Share of texts with the same words in the same order."""
    pairs = zip(truth, prediction, strict=True)
    is_right = np.array([float(tokens(true) == tokens(said)) for true, said in pairs])
    return mean(is_right, closed=wilson_of(is_right))


def token_f1(truth: Sequence[str], prediction: Sequence[str]) -> Sums:
    """Mean F1 of the words that both have."""
    return mean(np.array([_f1(tokens(t), tokens(p)) for t, p in zip(truth, prediction, strict=True)]))


def _f1(true: list[str], said: list[str]) -> float:
    if not true or not said:
        return float(true == said)
    both = (Counter(true) & Counter(said)).total()
    return 2 * both / (len(true) + len(said))
