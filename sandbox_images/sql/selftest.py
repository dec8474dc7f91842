"""Run inside the image, hardened: does an answer in SQL get its inputs and leave predictions, and does polars work?

This file runs in isolated mode (`-I`), so it starts the image's `python` once more, as a run does.
"""

import os
import subprocess
import sys
from pathlib import Path

ANSWER = """
CREATE VIEW rates AS SELECT kind, avg(label) AS rate FROM train GROUP BY kind;
CREATE TABLE predictions AS SELECT id, rate FROM test JOIN rates USING (kind) ORDER BY id;
"""
POLARS = """
import duckdb, polars

rates = polars.read_csv("/tmp/in/train.csv").group_by("kind").agg(polars.col("label").mean().alias("rate"))
made = polars.read_parquet("/tmp/in/test.parquet").join(rates, on="kind").sort("id").select("id", "rate")
assert made.equals(polars.read_csv("/tmp/predictions.csv")), made
print(f"DuckDB {duckdb.__version__}, polars {polars.__version__}: equal predictions")
"""
ROWS = "import polars; polars.DataFrame({'id': [2, 1], 'kind': ['a', 'b']}).write_parquet('/tmp/in/test.parquet')"

inputs = Path("/tmp/in")
inputs.mkdir()
(inputs / "train.csv").write_text("kind,label\na,1\na,0\nb,1\n")
Path("/tmp/answer.sql").write_text(ANSWER)
Path("/tmp/wrong.sql").write_text("CREATE TABLE prediction AS SELECT 1;")
environment = {**os.environ, "AUDITION_IN": "/tmp/in", "AUDITION_OUT": "/tmp"}


def python(*words: str) -> int:
    """How the image's `python` ends."""
    return subprocess.run(["/usr/bin/env", "python", *words], env=environment, check=False).returncode


codes = [
    python("-c", ROWS),
    python("-m", "run_sql", "/tmp/answer.sql"),
    python("-c", POLARS),
    python("-m", "run_sql", "/tmp/wrong.sql"),
]
sys.exit(0 if codes == [0, 0, 0, 1] else f"exit codes {codes}")
