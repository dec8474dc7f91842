"""Metrics of rankings: one number for each query or user, then their mean.

Rows of a query that have the same score are taken in the worst order, so that a constant score earns nothing by luck.
"""

from collections.abc import Callable, Sequence

import numpy as np

from graders.model_quality.statistic import Array, Integers, Sums, mean

#: Relevance of what was ranked, best place first; relevance of all there is, best first; the k. To [0, 1].
PerList = Callable[[Array, Array, int], float]


def ndcg(ranked: Array, ideal: Array, first: int) -> float:
    """Discounted gain of the first k over that of the best order."""
    return _gain(ranked[:first]) / _gain(ideal[:first])


def average_precision(ranked: Array, ideal: Array, first: int) -> float:
    """Mean precision at the places of what is relevant, among the first k."""
    is_right = ranked[:first] > 0
    precision = np.cumsum(is_right) / np.arange(1, is_right.size + 1)
    return float((precision * is_right).sum() / min(int((ideal > 0).sum()), first))


def recall(ranked: Array, ideal: Array, first: int) -> float:
    """Share of what is relevant that is among the first k."""
    return float((ranked[:first] > 0).sum() / (ideal > 0).sum())


def reciprocal_rank(ranked: Array, ideal: Array, first: int) -> float:
    """One over the place of the first that is relevant; 0 without one."""
    del ideal, first
    places = np.flatnonzero(ranked > 0)
    return 1 / (int(places[0]) + 1) if places.size else 0.0


def over_lists(
    per_list: PerList, relevant: Sequence[frozenset[str]], listed: Sequence[Sequence[str]], first: int
) -> Sums:
    """The mean over users.

    Args:
        per_list: One of the above.
        relevant: For each user what is relevant, at least one item.
        listed: For each user the list, best first, each item at most once.
        first: The k.

    Raises:
        ValueError: A user has nothing that is relevant.
    """
    if not all(relevant):
        msg = "An answer is an empty list; leave out ids for which nothing is relevant."
        raise ValueError(msg)
    return mean(
        np.array(
            [
                per_list(np.array([float(item in wanted) for item in shown]), np.ones(len(wanted)), first)
                for wanted, shown in zip(relevant, listed, strict=True)
            ]
        )
    )


def over_queries(per_list: PerList, relevance: Array, score: Array, query: Integers, first: int) -> Sums:
    """The mean over queries that have anything relevant.

    Args:
        per_list: One of the above.
        relevance: (rows,), 0 or more.
        score: (rows,), finite.
        query: (rows,), from 0 without gaps.
        first: The k.

    Raises:
        ValueError: A relevance is below 0, or no query has anything relevant.
    """
    if relevance.min() < 0 or not relevance.any():
        msg = "Relevance must be 0 or more, and above 0 somewhere."
        raise ValueError(msg)
    # Worst first among equals: the last key is the first to be looked at.
    order = np.lexsort((relevance, -score, query))
    ends = np.cumsum(np.bincount(query))[:-1]
    lists = [rows for rows in np.split(relevance[order], ends) if rows.any()]
    return mean(np.array([per_list(rows, -np.sort(-rows), first) for rows in lists]))


def _gain(relevance: Array) -> float:
    return float(((2.0**relevance - 1) / np.log2(np.arange(2, relevance.size + 2))).sum())
