"""A code against collusion, how long it must be, and how unlikely a score is for whoever is no source.

Each place of the code has a bias p; a copy has a 1 there with probability p. Source: G. Tardos, "Optimal probabilistic
fingerprint codes" (2003), with the biases of K. Nuida et al., "An improvement of discrete Tardos fingerprinting codes"
(2009): few values instead of a density, which keeps scores within bounds, and the symmetric score of B. Skoric,
S. Katzenbeisser and M. Celik, "Symmetric Tardos fingerprinting codes for arbitrary alphabet sizes" (2008).

Whether somebody is accused is not decided by a score's height. Copies that are no source have bits that are
independent of the leak, whoever made it and however; so the distribution of their score is known, given the leak. Its
tail is bounded after Chernoff, and what is stated is that bound times the number of copies.
"""

import math

import numpy as np

from audition.variants.draws import Flags, Floats, Ints, Key

#: Of the bound's free parameter, in standard deviations: any value gives a bound that holds, a better one a tighter.
_TILTS = np.geomspace(0.05, 200.0, 400)


def code_length(copies: int, colluders: int, false_accusation: float) -> int:
    """Places that are enough to name one of so many colluders.

    Source: Skoric, Katzenbeisser and Celik (2008), for a binary alphabet: pi^2 c^2 ln(n / e).

    Args:
        copies: How many there are.
        colluders: How many mix theirs.
        false_accusation: Probability that anybody is named who is no source, in (0, 1).
    """
    return math.ceil(math.pi**2 * colluders**2 * math.log(copies / false_accusation))


def withstands(places: int, copies: int, false_accusation: float) -> int:
    """How many colluders a code of this length is long enough for; see `code_length`."""
    return math.isqrt(int(places / (math.pi**2 * math.log(copies / false_accusation))))


def biases(key: Key, colluders: int, count: int) -> Floats:
    """The bias of each place, in (0, 1); symmetric about one half."""
    nodes, weights = np.polynomial.legendre.leggauss((colluders + 1) // 2)
    values = (1 + np.asarray(nodes, dtype=np.float64)) / 2
    share = np.asarray(weights, dtype=np.float64) / np.sqrt(values * (1 - values))
    steps = np.cumsum(share / share.sum())
    places = np.searchsorted(steps, key.shares("biases", count), side="right")
    return np.asarray(values[np.minimum(places, len(values) - 1)])


def bits(key: Key, number: int, bias: Floats) -> Flags:
    """The code of one copy."""
    return np.asarray(key.shares(f"code {number}", len(bias)) < bias)


def score(own: Flags, seen: Flags, bias: Floats, weight: Floats) -> float:
    """How much a code agrees with what was seen; 0 on average for whoever is no source.

    Args:
        own: The copy's bits at the places that were seen.
        seen: What stands there in the leak.
        bias: Of these places.
        weight: What each place counts, 0 or more.
    """
    one = np.sqrt((1 - bias) / bias)
    sign = np.where(own == seen, 1.0, -1.0)
    return float(np.sum(weight * sign * np.where(own, one, 1 / one)))


def log_tail(scores: Floats, seen: Flags, bias: Floats, weight: Floats) -> Floats:
    """Log of a bound on the probability that a copy which is no source reaches each score; 0 or below.

    Args:
        scores: Of copies.
        seen: See `score`.
        bias: See `score`.
        weight: See `score`.
    """
    if not len(seen):
        return np.zeros(len(scores))
    kinds, counts = _kinds(seen, bias, weight)
    spread = math.sqrt(float(np.sum(weight**2)))
    tilts = _TILTS / spread
    one = np.sqrt((1 - kinds[:, 1]) / kinds[:, 1])
    sign = np.where(kinds[:, 0] > 0, 1.0, -1.0)
    ahead, behind = sign * one * kinds[:, 2], -sign / one * kinds[:, 2]
    grown = np.logaddexp(
        np.log(kinds[:, 1])[:, None] + np.outer(ahead, tilts),
        np.log(1 - kinds[:, 1])[:, None] + np.outer(behind, tilts),
    )
    bound = (counts[:, None] * grown).sum(axis=0)
    best: Floats = np.min(bound[None, :] - np.outer(scores, tilts), axis=1)
    return np.minimum(best, 0.0)


def _kinds(seen: Flags, bias: Floats, weight: Floats) -> tuple[Floats, Ints]:
    """Places that are alike, and how many there are of each: there are few kinds of bias, so few of these."""
    rows = np.column_stack([seen.astype(np.float64), bias, weight])
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    return kinds, counts.astype(np.int64)
