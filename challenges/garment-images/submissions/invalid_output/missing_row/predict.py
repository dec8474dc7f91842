"""The last row has no prediction."""

from pathlib import Path

lines = Path("/in/sample_submission.csv").read_text(encoding="utf-8").splitlines()
Path("/out/predictions.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
