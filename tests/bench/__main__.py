"""Run the measurements: `audition bench [--runs N]`."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import overhead
from tests.stack import running_stack


def main() -> None:
    """Measure and print; stdout has the tables, stderr the turns."""
    parser = argparse.ArgumentParser(prog="audition bench")
    parser.add_argument(
        "--runs", type=int, default=20, help="submissions to measure (at least 20 to quote p95)"
    )
    runs = parser.parse_args().runs

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder)) as stack:
        Path(folder).chmod(0o755)
        sys.stdout.write(overhead.report(overhead.measure(stack, runs, say)) + "\n")


if __name__ == "__main__":
    main()
