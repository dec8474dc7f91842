"""Read /in/train.csv and /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import pandas as pd

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
#: Three words that somebody thought of.
WORDS = {"invoice": "billing", "password": "access", "crash": "bugs"}


def team_of(message: str) -> str:
    """The first word that is known decides; else sales."""
    return next((team for word, team in WORDS.items() if word in message), "sales")


def main() -> None:
    """A program that works, and a low score."""
    test = pd.read_csv(INPUTS / "test.csv")
    predictions = test[["id"]].assign(team=test["message"].map(team_of))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
