"""Runs where pycanon is installed: FILE of a release, its quasi-identifiers joined by commas, the sensitive column."""

import json
import sys

import pandas as pd
from pycanon import anonymity  # type: ignore[import-not-found]  # it has an environment of its own


def main() -> None:
    """Print what it measures as one JSON object."""
    file, quasi, sensitive = sys.argv[1:]
    table, names = pd.read_csv(file, dtype=str), quasi.split(",")
    alpha, _ = anonymity.alpha_k_anonymity(table, names, [sensitive])
    found = {
        "k": anonymity.k_anonymity(table, names),
        "l": anonymity.l_diversity(table, names, [sensitive]),
        "t": anonymity.t_closeness(table, names, [sensitive]),
        "alpha": alpha,
        "beta": anonymity.basic_beta_likeness(table, names, [sensitive]),
    }
    sys.stdout.write(json.dumps({name: float(value) for name, value in found.items()}))


if __name__ == "__main__":
    main()
