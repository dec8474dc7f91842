"""Predicts NaN for every row: refused, because nothing can be ranked by it."""

from pathlib import Path

lines = Path("/in/sample_submission.csv").read_text(encoding="utf-8").splitlines()
rows = [f"{line.split(',')[0]},NaN" for line in lines[1:]]
Path("/out/predictions.csv").write_text("\n".join([lines[0], *rows]) + "\n", encoding="utf-8")
