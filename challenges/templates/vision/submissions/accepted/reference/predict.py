"""Pictures centred, turned every way, and trees over pixels and rings of pixels: what a good answer reaches."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
SIDE = 12


def centred(pictures: np.ndarray) -> np.ndarray:
    """Each picture moved so that its light is in the middle, and made equally bright."""
    light = np.clip(pictures - 70.0, 0, None)
    total = light.sum(axis=(1, 2)) + 1e-9
    rows, columns = np.mgrid[:SIDE, :SIDE]
    down = np.rint((light * rows).sum(axis=(1, 2)) / total - (SIDE - 1) / 2).astype(int)
    right = np.rint((light * columns).sum(axis=(1, 2)) / total - (SIDE - 1) / 2).astype(int)
    moved = [np.roll(p, (-d, -r), (0, 1)) for p, d, r in zip(pictures, down, right, strict=True)]
    return np.stack(moved) / pictures.mean(axis=(1, 2), keepdims=True)


def features(pictures: np.ndarray) -> np.ndarray:
    """Pixels; the mean light by distance from the middle; how long the shape is against its width."""
    middle = (SIDE - 1) / 2
    rows, columns = np.mgrid[:SIDE, :SIDE] - middle
    distance = np.hypot(rows, columns)
    rings = [pictures[:, (distance >= r) & (distance < r + 1)].mean(axis=1) for r in range(6)]
    light = np.clip(pictures - 1.0, 0, None)
    total = light.sum(axis=(1, 2)) + 1e-9
    xx, yy, xy = ((light * m).sum(axis=(1, 2)) / total for m in (columns**2, rows**2, rows * columns))
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy**2)
    return np.column_stack([pictures.reshape(len(pictures), -1), *rings, xx + yy, spread, spread / (xx + yy)])


def main() -> None:
    """Fit on all training pictures and their turns, predict."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    shown, hidden = (
        centred(np.load(INPUTS / f"{name}_images.npy").astype(float)) for name in ("train", "test")
    )
    turned = [np.rot90(shown, turn, (1, 2)) for turn in range(4)]
    model = ExtraTreesClassifier(300, min_samples_leaf=2, random_state=0)
    model.fit(features(np.concatenate(turned)), np.tile(train["part"].to_numpy(), len(turned)))
    predictions = test[["id"]].assign(part=model.predict(features(hidden)))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
