"""Which metrics does the code expose? Read from its syntax, never run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audition.domain.grade import Evidence
from audition.grading.tree import Tree

#: Class of a client library to the endings that its series have.
_SERIES = {
    "Counter": ("_total",),
    "Gauge": ("",),
    "Histogram": ("_bucket", "_count", "_sum"),
    "Summary": ("", "_count", "_sum"),
    "Info": ("_info",),
    "Enum": ("",),
}
#: What ready-made instrumentation exposes, by its module. Sources: each package's own documentation.
_READY_MADE: dict[str, tuple[tuple[str, str], ...]] = {
    "prometheus_fastapi_instrumentator": (
        ("http_requests", "Counter"), ("http_request_duration_seconds", "Histogram"),
        ("http_request_duration_highr_seconds", "Histogram"), ("http_request_size_bytes", "Summary"),
        ("http_response_size_bytes", "Summary"),
    ),
    "prometheus_flask_exporter": (
        ("flask_http_request", "Counter"), ("flask_http_request_duration_seconds", "Histogram"),
        ("flask_http_request_exceptions", "Counter"),
    ),
    "starlette_exporter": (
        ("starlette_requests", "Counter"), ("starlette_request_duration_seconds", "Histogram"),
        ("starlette_requests_in_progress", "Gauge"),
    ),
}  # fmt: skip
#: Metrics of others: of Prometheus itself, of the client library, of the cluster.
_EXTERNAL = re.compile(
    r"up|ALERTS(?:_FOR_STATE)?|absent|(?:scrape|process|python|prometheus|kube|kubelet|node|container|machine|apiserver"
    r"|nginx|istio|envoy|traefik|probe|alertmanager|go|gunicorn|uvicorn)_\w+"
)
_TYPE_LINE = re.compile(r"# TYPE ([A-Za-z_:][A-Za-z0-9_:]{0,199}) (counter|gauge|histogram|summary)")
_MOST_NAMES = 500


@dataclass(frozen=True, slots=True)
class Exposed:
    """One metric that the code defines."""

    name: str
    """As it is given in the code, without a counter's `_total`."""
    kind: str
    """Class of the client library."""
    help: str
    labels: tuple[str, ...]
    evidence: Evidence

    @property
    def series(self) -> frozenset[str]:
        """Names of the series that it makes."""
        return frozenset(f"{self.name}{ending}" for ending in _SERIES[self.kind])


def is_external(name: str) -> bool:
    """Whether a metric is not the service's own."""
    return bool(_EXTERNAL.fullmatch(name))


def exposed_metrics(root: Path) -> tuple[Exposed, ...]:
    """Every metric that the Python code of a submission defines."""
    found: list[Exposed] = []
    for text in Tree(root).ending(".py"):
        is_test = text.path.startswith(("tests/", "test_")) or "/tests/" in text.path
        if not is_test and len(found) < _MOST_NAMES:
            found.extend(_in_file(text.path, text.content))
    return tuple(found[:_MOST_NAMES])


def _in_file(path: str, content: str) -> Iterator[Exposed]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # Other graders say that it is no Python.
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call(node, path)
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from _ready_made(node, path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for match in _TYPE_LINE.finditer(node.value[:20_000]):
                name, kind = match[1], match[2].capitalize()
                yield Exposed(name.removesuffix("_total"), kind, "", (), _evidence(path, node.lineno, name))


def _call(node: ast.Call, path: str) -> Iterator[Exposed]:
    """A metric that is made by a class of the client library."""
    kind = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if kind not in _SERIES:
        return
    named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    given = dict(zip(("name", "documentation", "labelnames"), node.args, strict=False)) | named
    parts = [_text(given.get(key)) for key in ("namespace", "subsystem", "name", "unit")]
    if not parts[2]:
        return
    name = "_".join(part for part in parts if part)
    labels = given.get("labelnames")
    texts = tuple(_text(item) for item in labels.elts) if isinstance(labels, ast.Tuple | ast.List) else ()
    help_text = _text(given.get("documentation"))
    yield Exposed(name.removesuffix("_total"), kind, help_text, texts, _evidence(path, node.lineno, name))


def _ready_made(node: ast.Import | ast.ImportFrom, path: str) -> Iterator[Exposed]:
    modules = (
        [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    )
    for module in modules:
        for name, kind in _READY_MADE.get(module, ()):
            yield Exposed(name, kind, "", ("status",), _evidence(path, node.lineno, f"import of {module}"))


def _text(node: ast.expr | None) -> str:
    return node.value[:200] if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _evidence(path: str, line: int, summary: str) -> Evidence:
    return Evidence(summary=summary[:200], file=path, line=line)
