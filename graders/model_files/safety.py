"""The format of model files, and what loading them would import."""

from pathlib import Path

from audition.domain.grade import Evidence
from audition.domain.tools import Severity
from audition.grading import Result, Workspace, check, failed, not_applicable, not_assessed, partial, passed
from graders.tool_findings import reports_of, with_limits

TOOLS = ("picklescan",)
#: Formats that hold numbers and graphs, and no code. skops names what it would load and refuses the rest.
_SAFE = frozenset({".onnx", ".safetensors", ".skops", ".ubj", ".cbm", ".gguf", ".tflite"})
#: Formats whose loading runs what is in the file.
_CODE = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt"})
_MAX_FILES = 50


@check(
    "model.file.safe",
    "The model file holds data, not code",
    points=2,
    why="A pickle runs what is in it when it is loaded; whoever can swap the file owns the service.",
    fix="Save as ONNX, safetensors or skops; with pickle or joblib, check a digest before you load.",
)
def safe(workspace: Workspace) -> Result:
    """Data formats 1, ordinary pickles 0.6, a pickle with a dangerous import 0 (catalogue I4)."""
    files = _model_files(workspace.submission)
    if not files:
        return not_applicable("There is no model file.")
    pickles = [name for name, suffix in files if suffix in _CODE]
    if not pickles:
        return passed(f"{files[0][0]} is in a format that holds no code.")
    reports = reports_of(workspace, TOOLS)
    if isinstance(reports, Result):
        return reports
    if reports.missing(TOOLS):
        return not_assessed("The scanner of model files did not finish. That is our limit.")
    dangerous = [f for _, f in reports.findings(TOOLS) if f.severity == Severity.ERROR]
    if dangerous:
        evidence = tuple(Evidence(summary=f.message, file=f.file) for f in dangerous)
        return with_limits(failed("Loading a model file would run foreign code.", *evidence), reports, TOOLS)
    evidence = tuple(Evidence(summary="loading it runs code", file=name) for name in pickles)
    sentence = "The model is a pickle: nothing dangerous is in it, but its format can hold anything."
    return with_limits(partial(0.6, sentence, *evidence), reports, TOOLS)


def _model_files(root: Path) -> list[tuple[str, str]]:
    """Paths and endings of model files."""
    found = []
    for path in sorted(root.rglob("*")):
        suffix = path.suffix.lower()
        if suffix in _SAFE | _CODE and path.is_file() and not path.is_symlink():
            found.append((str(path.relative_to(root)), suffix))
        if len(found) >= _MAX_FILES:
            break
    return found
