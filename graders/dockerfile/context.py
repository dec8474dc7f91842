"""What is sent to the builder beside what the image needs (catalogue A9)."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from audition.domain.contract import Entry
from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.ignore import UnreadableIgnoreError, context_entries
from graders.dockerfile.build import copies_everything, readable

_MAX_FILES = 5000
#: Below this nobody waits for it, and nothing leaks that is worth a word.
_SMALL_BYTES = 64 << 10
#: What no image needs: history, environments, caches, notebooks, tables of training data, settings with secrets.
_UNWANTED = re.compile(
    r"(?:^|/)(?:\.git|\.hg|\.dvc|\.venv|venv|env|node_modules|__pycache__|\.pytest_cache|\.mypy_cache|mlruns|wandb"
    r"|\.ipynb_checkpoints|data|notebooks)/|(?:^|/)\.env(?:\.[\w-]+)?$|\.(?:ipynb|csv|parquet|feather|pyc|log)$"
)


@check(
    "dockerfile.context.lean",
    "Nothing is copied into the image that it does not need",
    points=0.5,
    why="Training data and history in an image make it slow to start and tell strangers what they should not know.",
    fix="Name data, notebooks, .git and environments in .dockerignore, or copy only what the service needs.",
)
def context_lean(workspace: Workspace) -> Result:
    """1 - share of unwanted bytes in a context that is copied whole."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable("There is no readable Dockerfile.")
    if not any(copies_everything(i) for stage in recipe.stages for i in stage.instructions):
        return passed("Only named files are copied.")
    try:
        sent = context_entries(workspace.submission, tuple(_entries(workspace.submission)), recipe.file)
    except UnreadableIgnoreError as error:
        return failed(f"The ignore file cannot be followed: {error}")
    unwanted = sorted((e for e in sent if _UNWANTED.search(e.path)), key=lambda e: -e.bytes)
    wasted, total = sum(e.bytes for e in unwanted), sum(e.bytes for e in sent)
    if wasted <= _SMALL_BYTES:
        return passed("What is sent to the builder belongs there.")
    sentence = f"{wasted / total:.0%} of the {total:,} bytes that are copied are not needed to serve."
    evidence = (Evidence(summary=f"{e.bytes:,} bytes", file=e.path) for e in unwanted[:10])
    return partial(1 - wasted / total, sentence, *evidence)


def _entries(root: Path) -> Iterator[Entry]:
    count = 0
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            count += 1
            if count > _MAX_FILES:
                return
            if path.is_file() and not path.is_symlink():
                yield Entry(path=path.relative_to(root).as_posix(), bytes=path.stat().st_size)
