"""The code of small programs, as a run keeps it."""

from audition.domain.sources import SourceFile, Sources


def sources(*, rows: str, other: str) -> Sources:
    """The code of a small program."""
    program = f"import pandas\n\ntable = pandas.read_csv('/in/{rows}')\nprint(len(table))  # <script>\n"
    files = {"Dockerfile": "FROM python:3.11-slim\nCOPY . /app\n", "predict.py": program, other: "app = 1\n"}
    return Sources(files=tuple(SourceFile(path=path, text=text) for path, text in files.items()))
