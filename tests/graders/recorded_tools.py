"""What real tools printed about the sample submissions, recorded once, and reports made from it.

`python -m tests.graders.recorded_tools HOME` records again, with the tools of an image's /opt/linters at HOME.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from audition.domain.tools import ToolReports
from audition.grading.static import stage
from audition.grading.static.process import Ended, run
from audition.grading.static.tools import Kit, Tool, installed
from tests.graders.sample_repos import BAD, CLOUD_KEY, GOOD, HUB_TOKEN, PASSWORD, PICKLE, write_repo

FOLDER = Path(__file__).parent / "recorded"
REPOS = {"bad": BAD, "good": GOOD}
SCRATCH = "/scratch"


def ended_of(repo: str) -> dict[str, Ended]:
    """By tool, how it ended and what it printed."""
    stored = json.loads((FOLDER / f"{repo}.json").read_text(encoding="utf-8"))
    return {name: Ended(**{**item, "stdout": item["stdout"].encode()}) for name, item in stored.items()}


def reports_of(repo: str, folder: Path) -> ToolReports:
    """The static stage over a sample, with the recording in the place of the tools.

    Args:
        repo: "bad" or "good".
        folder: Where its files are.
    """
    return replay(ended_of(repo), folder)


def replay(recording: Mapping[str, Ended], folder: Path) -> ToolReports:
    """The static stage over a folder, with this in the place of what tools would print."""

    def start(tool: Tool, argv: list[str], cwd: Path, environment: Mapping[str, str]) -> Ended:
        del argv, environment
        ended = recording[tool.name]
        return replace(ended, stdout=ended.stdout.replace(SCRATCH.encode(), str(cwd).encode()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "start", start)
        return stage.run_tools(folder, paths_in(folder), Kit(versions=dict.fromkeys(recording, "1")))


def paths_in(folder: Path) -> list[str]:
    """The files of a folder, as an inventory lists them."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def record(home: Path) -> None:
    """Record both samples."""
    kit = installed(home)
    for repo, files in REPOS.items():
        (FOLDER / f"{repo}.json").write_text(_record(kit, repo, files), encoding="utf-8")


def _record(kit: Kit, repo: str, files: Mapping[str, str]) -> str:
    found: dict[str, dict[str, Any]] = {}

    def start(tool: Tool, argv: list[str], cwd: Path, environment: Mapping[str, str]) -> Ended:
        ended = run(argv, cwd=cwd, environment=environment, caps=tool.caps)
        item = asdict(ended)
        for key, text in (("stdout", ended.stdout.decode()), ("said", ended.said)):
            shown = text.replace(str(cwd), SCRATCH)
            for secret in (CLOUD_KEY, HUB_TOKEN, PASSWORD):
                shown = shown.replace(secret, "[secret]")
            item[key] = shown
        found[tool.name] = {**item, "seconds": 1.0}
        return ended

    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        folder = write_repo(Path(scratch), files)
        (folder / "model.pkl").write_bytes(PICKLE[repo])
        patch.setattr(stage, "start", start)
        stage.run_tools(folder, paths_in(folder), kit)
    text = json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False)
    return f"{text}\n"


if __name__ == "__main__":
    record(Path(sys.argv[1]))
