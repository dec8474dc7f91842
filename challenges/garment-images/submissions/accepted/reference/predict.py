"""Teach with pictures that look as if the belt's camera had taken them, by their edges and not by their brightness.

What the camera does was read off the 400 labelled pictures of the belt: they are turned and slanted a little, up to a
quarter smaller, a few elements off the middle, half of them mirrored, dim, over a grey ground, with noise. Three such
views of each picture of the shop and the belt's own teach a small network; its inputs are directions of edges in small
fields (histograms of oriented gradients) and the picture at half its size.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.neural_network import MLPClassifier

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
SEED = 0
SIDE, FIELD, DIRECTIONS = 28, 4, 8
VIEWS, PARTS = 3, 8
MIDDLE = (SIDE - 1) / 2


def camera(pictures: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """One view of each picture, as the belt's camera might have it; float32 of the same shape."""
    some = len(pictures)

    def even(low: float, high: float) -> np.ndarray:
        return dice.uniform(low, high, (some, 1, 1))

    turn, slant, size = even(-0.22, 0.22), even(-0.12, 0.12), even(0.8, 1.1)
    mirror = dice.choice([-1.0, 1.0], (some, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE] - MIDDLE
    rows, columns = rows - even(-2.5, 2.5), columns - even(-2.5, 2.5)
    seen = between(
        pictures, (rows - turn * columns) / size, mirror * (columns + (turn + slant) * rows) / size
    )
    light, ground = even(0.4, 1.0), even(10, 60)
    bright = ground + light * (1 - ground / 255) * seen + dice.normal(0, 14, seen.shape)
    return np.clip(bright, 0, 255).astype(np.float32)


def between(pictures: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Brightness at places between picture elements, counted from the middle; black outside."""
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    rows, columns = (np.clip(places + MIDDLE + 1, 0, SIDE + 0.999) for places in (rows, columns))
    up, left = rows.astype(int), columns.astype(int)
    below, beside = rows - up, columns - left
    which = np.arange(len(pictures))[:, None, None]
    return (1 - below) * (
        (1 - beside) * framed[which, up, left] + beside * framed[which, up, left + 1]
    ) + below * ((1 - beside) * framed[which, up + 1, left] + beside * framed[which, up + 1, left + 1])


def smooth(pictures: np.ndarray) -> np.ndarray:
    """Equally bright, and with less noise: each element with its neighbours."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    dark, light = np.percentile(flat, [8, 97], axis=1).astype(np.float32)[:, :, None, None]
    even = (pictures - dark) / np.maximum(light - dark, 20)
    for axis in (1, 2):
        even = (np.roll(even, 1, axis) + 2 * even + np.roll(even, -1, axis)) / 4
    return even.astype(np.float32)


def features(pictures: np.ndarray) -> np.ndarray:
    """Directions of edges by field, also in fours against their own strength, and the small picture."""
    even, some = smooth(pictures), len(pictures)
    down, right = np.zeros_like(even), np.zeros_like(even)
    down[:, 1:-1] = even[:, 2:] - even[:, :-2]
    right[:, :, 1:-1] = even[:, :, 2:] - even[:, :, :-2]
    strength = np.hypot(right, down)
    direction = np.arctan2(down, right) / np.pi * DIRECTIONS % DIRECTIONS
    fields = SIDE // FIELD
    edges = np.empty((some, fields, fields, DIRECTIONS), np.float32)
    for place in range(DIRECTIONS):
        off = np.abs(direction - place)
        part = strength * np.clip(1 - np.minimum(off, DIRECTIONS - off), 0, None)
        edges[..., place] = part.reshape(some, fields, FIELD, fields, FIELD).sum(axis=(2, 4))
    corners = [(a, b) for a in (0, 1) for b in (0, 1)]
    fours = np.concatenate([edges[:, a : fields - 1 + a, b : fields - 1 + b] for a, b in corners], axis=-1)
    fours /= np.sqrt((fours**2).sum(axis=-1, keepdims=True) + 0.05)
    small = even.reshape(some, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4))
    return np.concatenate([part.reshape(some, -1) for part in (fours, edges / 2, small)], axis=1)


def main() -> None:
    """Fit on views of all that has a kind, predict."""
    train, belt, test = (pd.read_csv(INPUTS / f"{name}.csv") for name in ("train", "belt", "test"))
    shop, taken, hidden = (np.load(INPUTS / f"{name}_images.npy") for name in ("train", "belt", "test"))
    dice = np.random.default_rng(SEED)
    # A part at a time: numbers for each element of all pictures at once would take a gigabyte.
    parts = np.array_split(shop, PARTS) * VIEWS
    shown = np.concatenate([*(features(camera(part, dice)) for part in parts), features(taken)])
    kinds = pd.concat([*[train["kind"]] * VIEWS, belt["kind"]])
    few = PCA(160, svd_solver="covariance_eigh").fit(shown[: len(shop)])
    model = MLPClassifier((200,), alpha=0.03, batch_size=256, max_iter=15, random_state=SEED)
    model.fit(few.transform(shown), kinds)
    predictions = test[["id"]].assign(kind=model.predict(few.transform(features(hidden))))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
