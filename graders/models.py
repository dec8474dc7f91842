"""What others predict for the hidden rows: the challenge's own models, and files that its author wrote. Ours."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from audition.grading import Workspace
from graders.cells import Value
from graders.predictions import read_predictions

_ENDINGS = (".csv", ".parquet")


def models_of(workspace: Workspace, ids: frozenset[str]) -> dict[str, Mapping[str, Value]]:
    """Predictions by name, each by id.

    Args:
        workspace: Names and files.
        ids: Of the hidden rows.

    Raises:
        ValueError: A file is not there or cannot be used; the author's fault.
    """
    manifest, found = workspace.manifest, dict[str, Mapping[str, Value]]()
    for name, path in _files(workspace):
        others = read_predictions(path, manifest.output, ids, manifest.metric.form)
        if not others.is_usable:
            msg = f"The predictions of {name} to compare with cannot be used. {others.summary()}"
            raise ValueError(msg)
        found[name] = others.values
    return found


def _files(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    detail = workspace.manifest.detail
    for name, file in detail.compare.items():
        yield name, workspace.answers / file
    for name in detail.samples:
        paths = [workspace.models / f"{name}{ending}" for ending in _ENDINGS]
        # A challenge that was published before there were any has none.
        yield from ((name, path) for path in paths if path.is_file())
