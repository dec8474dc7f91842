"""Guess how a submission's service is spoken to, from its Dockerfile and its code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from audition.domain.build import DOCKERFILES
from audition.domain.serving import KindFacts, ServingKind
from audition.grading.found import Found
from audition.grading.tree import Text, Tree

_CODE = (".py", ".sh", ".js", ".go")
_EXPOSE = re.compile(r"\s*EXPOSE\s+(\d{1,5})(?:/tcp)?\b", re.IGNORECASE)
_COMMAND = re.compile(r"\s*(?:CMD|ENTRYPOINT)\b", re.IGNORECASE)
_PORT_FLAG = re.compile(
    r"(?:--port|--http-port|-p)[=\s\"',]{1,6}(\d{2,5})\b|(?:--bind|-b)[=\s\"',]{1,6}[^\s\"']{0,100}:(\d{2,5})\b"
)
_PORT_CODE = re.compile(
    r"\bport\s*=\s*(\d{2,5})\b|^\s*[A-Z_]*PORT\s*(?::\s*int)?\s*=\s*(\d{2,5})\b", re.IGNORECASE
)
_LITERAL = re.compile(r"[\"'](/[A-Za-z0-9_\-./{}:]{0,80})[\"']")
_METRICS_IMPORT = re.compile(
    r"^\s*(?:from|import)\s+(prometheus_client|prometheus_fastapi_instrumentator|prometheus_flask_exporter"
    r"|starlette_exporter|aioprometheus|opentelemetry\.exporter\.prometheus)\b"
)
_METRICS_SERVER = re.compile(r"\bstart_(?:http|wsgi)_server\(\s*(?:port\s*=\s*)?(\d{2,5})\b")
_MOST_PORT = 65_535
#: Usual names of routes, the most telling first.
_LIVE = ("/health/live", "/livez", "/live", "/liveness", "/healthz", "/health", "/ping")
_READY = ("/health/ready", "/readyz", "/ready", "/readiness", "/healthz", "/health", "/ping")
_PREDICT = ("/predict", "/v1/predict", "/api/predict", "/api/v1/predict", "/predictions", "/score", "/infer")
_METADATA = ("/metadata", "/version", "/info", "/model", "/v1/model")


@dataclass(frozen=True, slots=True)
class _Sign:
    """A line that tells the kind of serving."""

    kind: ServingKind
    pattern: re.Pattern[str]
    source: str


_SIGNS = (
    _Sign(
        ServingKind.MLFLOW,
        re.compile(r"\bmlflow[\s\"',]+models[\s\"',]+serve\b"),
        "a start by `mlflow models serve`",
    ),
    _Sign(
        ServingKind.VERTEX,
        re.compile(r"\bAIP_(?:HTTP_PORT|PREDICT_ROUTE|HEALTH_ROUTE)\b"),
        "its use of AIP_ variables",
    ),
    _Sign(
        ServingKind.AZUREML,
        re.compile(r"\bazmlinfsrv\b|\bazureml[_-]inference[_-]server"),
        "Azure ML's server",
    ),
    _Sign(ServingKind.OPEN_INFERENCE_V2, re.compile(r"/v2/(?:models|health)/"), "a route of the v2 protocol"),
    _Sign(ServingKind.SAGEMAKER, re.compile(r"/opt/ml/model\b|[\"']/invocations[\"']"), "SageMaker's paths"),
)


def find_kind(tree: Tree) -> Found | None:
    """The serving contract that the submission seems to follow; None when nothing tells."""
    texts = [*dockerfiles(tree), *tree.ending(*_CODE)]
    for sign in _SIGNS:
        for text in texts:
            for number, line in enumerate(text.lines, 1):
                if sign.pattern.search(line):
                    return _found("serving.kind", sign.kind.value, sign.source, text, number)
    entry = next((path for path in tree.paths if path.rpartition("/")[2] == "serve"), "")
    if entry:
        return Found(
            key="serving.kind",
            value=ServingKind.SAGEMAKER.value,
            source="a program called `serve`",
            file=entry,
        )
    model = next(tree.named("MLmodel"), None)
    if model is not None and not any(_paths_in(tree)):
        return _found(
            "serving.kind", ServingKind.MLFLOW.value, "an MLmodel file and no service of its own", model, None
        )
    return None


def find_service(tree: Tree, facts: KindFacts) -> Iterator[Found]:
    """Port, routes and metrics."""
    port = next(chain(_ports_of_recipe(tree), _ports_of_code(tree)), None)
    if port is not None:
        yield port
    routes = list(_paths_in(tree))
    if facts.has_free_routes:
        yield from _routes(routes)
    yield from _metrics(tree, routes)


def dockerfiles(tree: Tree) -> Iterator[Text]:
    """The Dockerfiles that a build would look for."""
    for path in DOCKERFILES:
        text = tree.text(path)
        if text is not None:
            yield text


def _ports_of_recipe(tree: Tree) -> Iterator[Found]:
    for text in dockerfiles(tree):
        for number, line in enumerate(text.lines, 1):
            match = _EXPOSE.match(line)
            if match and _is_port(match[1]):
                yield _found("serving.port", int(match[1]), "EXPOSE", text, number)
        for number, line in enumerate(text.lines, 1):
            match = _PORT_FLAG.search(line) if _COMMAND.match(line) else None
            if match and _is_port(match[1] or match[2]):
                yield _found(
                    "serving.port", int(match[1] or match[2]), "a flag of the image's command", text, number
                )


def _ports_of_code(tree: Tree) -> Iterator[Found]:
    for text in tree.ending(".py", ".sh"):
        for number, line in enumerate(text.lines, 1):
            match = _PORT_CODE.search(line) or (
                _PORT_FLAG.search(line) if text.path.endswith(".sh") else None
            )
            if match and _is_port(match[1] or match[2]):
                yield _found("serving.port", int(match[1] or match[2]), "a port in the code", text, number)


def _is_port(digits: str) -> bool:
    return 0 < int(digits) <= _MOST_PORT


def _paths_in(tree: Tree) -> Iterator[tuple[str, Text, int]]:
    """Texts in Python code that look like routes."""
    for text in tree.ending(".py"):
        if text.path.startswith(("tests/", "test_")) or "/tests/" in text.path:
            continue
        for number, line in enumerate(text.lines, 1):
            for match in _LITERAL.finditer(line):
                yield match[1], text, number


def _routes(literals: list[tuple[str, Text, int]]) -> Iterator[Found]:
    wanted = {
        "live": _LIVE,
        "ready": _READY,
        "predict": _PREDICT,
        "metadata": _METADATA,
        "openapi": ("/openapi.json",),
    }
    first: dict[str, tuple[Text, int]] = {}
    for path, text, number in literals:
        first.setdefault(path, (text, number))
    for key, names in wanted.items():
        name = next((name for name in names if name in first), None)
        if name is not None:
            text, number = first[name]
            yield _found(f"serving.routes.{key}", name, "a route in the code", text, number)


def _metrics(tree: Tree, literals: list[tuple[str, Text, int]]) -> Iterator[Found]:
    """Where metrics are, when the code uses a client library of Prometheus."""
    for text in tree.ending(".py"):
        for number, line in enumerate(text.lines, 1):
            match = _METRICS_IMPORT.match(line)
            if match:
                paths = [path for path, _, _ in literals if path.endswith(("/metrics", "/metrics/"))]
                yield _found(
                    "monitoring.path",
                    paths[0] if paths else "/metrics",
                    f"the import of {match[1]}",
                    text,
                    number,
                )
                yield from _metrics_port(tree)
                return


def _metrics_port(tree: Tree) -> Iterator[Found]:
    for text in tree.ending(".py"):
        for number, line in enumerate(text.lines, 1):
            match = _METRICS_SERVER.search(line)
            if match and _is_port(match[1]):
                yield _found("monitoring.port", int(match[1]), "the start of a metrics server", text, number)
                return


def _found(key: str, value: object, source: str, text: Text, line: int | None) -> Found:
    return Found(key=key, value=value, source=source, file=text.path, line=line)
