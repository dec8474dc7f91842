"""Read the pictures in /in, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))


def features(name: str) -> np.ndarray:
    """Two numbers of each picture: how bright it is, and how much that varies."""
    pictures = np.load(INPUTS / name).astype(float)
    return np.stack([pictures.mean(axis=(1, 2)), pictures.std(axis=(1, 2))], axis=1) / 100


def main() -> None:
    """A program that works, and a low score."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    model = LogisticRegression().fit(features("train_images.npy"), train["part"])
    predictions = test[["id"]].assign(part=model.predict(features("test_images.npy")))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
