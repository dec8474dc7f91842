"""Seeded answers and predictions of each kind, neither good nor bad."""

import numpy as np

from graders.model_quality.statistic import Array, Integers

SEEDS = range(5)
ROWS = 300


def binary(seed: int, levels: int = 40) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    truth = (random.random(ROWS) < 0.3).astype(float)
    score = (random.integers(0, levels, ROWS) + truth * levels / 4).clip(0, levels) / levels
    return truth, score


def amount(seed: int) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    truth = random.gamma(2, 3, ROWS) + 0.1
    return truth, np.abs(truth + random.normal(size=ROWS))


def labels(seed: int, kinds: int = 5) -> tuple[Integers, Integers]:
    random = np.random.default_rng(seed)
    truth = random.choice(kinds, ROWS, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    return truth, np.where(random.random(ROWS) < 0.6, truth, random.integers(0, kinds, ROWS))
