"""Find rule files, dashboards, programs of the pipeline and the model among a submission's files."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.domain.contract import Command
from audition.grading.found import Found
from audition.grading.tree import Text, Tree

_GROUPS = re.compile(r"^\s*groups\s*:")
_RULE = re.compile(r"^\s*(?:-\s*)?(?:alert|record)\s*:")
_EXPR = re.compile(r"^\s*(?:-\s*)?expr\s*:")
_RULE_FILES = re.compile(r"^rule_files\s*:")
_TESTS = re.compile(r"^tests\s*:")
_PANELS = re.compile(r"\"panels\"\s*:")
_BOARD = re.compile(r"\"(?:schemaVersion|templating|annotations)\"\s*:")
_MODEL_ENDINGS = (
    ".skops",
    ".onnx",
    ".safetensors",
    ".joblib",
    ".pkl",
    ".pickle",
    ".cbm",
    ".ubj",
    ".txt.gz",
    ".keras",
    ".pt",
)
_CARDS = frozenset(["model_card.md", "modelcard.md", "model-card.md"])
_REFERENCE = re.compile(
    r"(?:^|[_-])(?:reference|baseline)[_-]?(?:stats|statistics|distribution|profile|data)?\.(?:json|npz|csv|parquet)$"
)
_MOST_FILES = 20
#: Names of scripts, by the command of the contract that they are likely to be, with what they are then given.
_SCRIPTS = {
    "gate": (
        re.compile(r"(?:quality_|model_)?gate\.py$|(?:check_model|validate_model)\.py$"),
        ("{model}", "{data}"),
    ),
    "retrain": (re.compile(r"retrain(?:ing)?\.py$"), ("{data}", "{out}")),
    "data_check": (
        re.compile(r"(?:check|validate)_data\.py$|data_(?:check|checks|validation)\.py$"),
        ("{data}",),
    ),
    "train": (re.compile(r"train(?:ing)?\.py$"), ("{data}", "{out}")),
}


def find_files(tree: Tree) -> Iterator[Found]:
    """Everything that is found by a file's name or by how it begins."""
    yield from _many("monitoring.rules", _rule_files(tree), "what is in it")
    yield from _many("monitoring.rule_tests", _rule_tests(tree), "what is in it")
    yield from _many("monitoring.dashboards", _dashboards(tree), "its panels")
    yield from _named(tree)
    yield from _commands(tree)


def _many(key: str, texts: Iterator[Text], source: str) -> Iterator[Found]:
    """All files of a sort as one value."""
    paths = [text.path for text in texts][:_MOST_FILES]
    if paths:
        yield Found(key=key, value=tuple(paths), source=source, file=paths[0])


def _rule_files(tree: Tree) -> Iterator[Text]:
    """Files of Prometheus rules, plain or inside a PrometheusRule object."""
    for text in tree.ending(".yml", ".yaml", ".rules"):
        if _any(_GROUPS, text) and _any(_RULE, text) and _any(_EXPR, text):
            yield text


def _rule_tests(tree: Tree) -> Iterator[Text]:
    for text in tree.ending(".yml", ".yaml"):
        if _any(_RULE_FILES, text) and _any(_TESTS, text):
            yield text


def _dashboards(tree: Tree) -> Iterator[Text]:
    for text in tree.ending(".json"):
        if _any(_PANELS, text) and _any(_BOARD, text):
            yield text


def _any(pattern: re.Pattern[str], text: Text) -> bool:
    return any(pattern.search(line) for line in text.lines)


def _named(tree: Tree) -> Iterator[Found]:
    """The model, its card and the statistics of the training data, by their names."""
    models = [path for path in tree.paths if path.lower().endswith(_MODEL_ENDINGS)]
    if models:
        yield Found(key="model.path", value=models[0], source="its ending", file=models[0])
    cards = [path for path in tree.paths if PurePosixPath(path).name.lower() in _CARDS]
    if cards:
        yield Found(key="model.card", value=cards[0], source="its name", file=cards[0])
    references = [path for path in tree.paths if _REFERENCE.search(path.lower())]
    if references:
        yield Found(key="monitoring.reference", value=references[0], source="its name", file=references[0])


def _commands(tree: Tree) -> Iterator[Found]:
    """Programs of the pipeline, by the names that scripts usually have."""
    for key, (pattern, given) in _SCRIPTS.items():
        path = next((p for p in tree.paths if pattern.fullmatch(PurePosixPath(p).name.lower())), None)
        if path is not None:
            command = Command(words=("python", path, *given))
            yield Found(key=f"pipeline.{key}", value=command, source="a script's name", file=path)
    tests = next((p for p in tree.paths if re.search(r"(?:^|/)test_[^/]*\.py$", p)), None)
    if tests is not None:
        command = Command(words=("python", "-m", "pytest", "-q"))
        yield Found(key="pipeline.tests", value=command, source="a test file", file=tests)
