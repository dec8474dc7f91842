"""How a submission's service is spoken to: the kinds of contract we know, and what each of them fixes.

One table, `SERVING_KINDS`, says for every kind where it listens, which routes it has, what its container is started
with and how rows travel. A contract file names a kind and changes what the kind leaves open.
"""

from dataclasses import dataclass, field
from enum import StrEnum

MODEL_NAME = "{model}"
"""Stands in a route for the model's name (Open Inference v2)."""
STOP_CODES = frozenset({0, 143})
"""Exit codes of a service that stopped as it was asked to: done, or ended by SIGTERM (128 + 15)."""


class ServingKind(StrEnum):
    """Serving contracts that candidates may choose from."""

    AUDITION = "audition"
    MLFLOW = "mlflow"
    SAGEMAKER = "sagemaker"
    VERTEX = "vertex"
    AZUREML = "azureml"
    OPEN_INFERENCE_V2 = "open_inference_v2"


class RowForm(StrEnum):
    """How rows are laid out in a request."""

    RECORDS = "records"
    """{KEY: [{"column": value, …}, …]}"""
    SPLIT = "split"
    """{KEY: {"columns": [names], "data": [[values], …]}}"""
    MATRIX = "matrix"
    """{KEY: [[values in the order of the columns], …]}"""
    TENSORS = "tensors"
    """{"inputs": [{"name", "shape", "datatype", "data"}, …]}, one tensor a column; answers in "outputs"."""
    CSV = "csv"
    """A header and one line a row, text/csv; the answer is one value a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """How rows go in and predictions come out."""

    form: RowForm = RowForm.RECORDS
    request_key: str = "rows"
    """Key of the rows in the request's JSON object; without meaning for CSV."""
    answer_key: str = "predictions"
    """Key of the list of predictions in the answer's JSON object, one a row in the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Paths of a service, each beginning with a slash; empty where there is none."""

    live: str = ""
    """200 while the process is worth keeping."""
    ready: str = ""
    """200 when it can answer, 503 before."""
    predict: str = ""
    metadata: str = ""
    """Says what is served: model name and version."""
    openapi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """What a kind of serving contract fixes, and where that is written."""

    routes: Routes
    payload: Payload
    port: int
    arguments: tuple[str, ...] = ()
    """Words that the container is started with, behind the image's entry point."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that the platform sets; `{port}`, `{live}` and `{predict}` stand for the contract's values."""
    grace_seconds: float = 30.0
    """Between SIGTERM and SIGKILL."""
    expects_root: bool = False
    """The contract's own documents ask for root: running as root then costs nothing."""
    has_free_routes: bool = True
    """Whether a candidate may name other routes."""
    source: str = ""


SERVING_KINDS: dict[ServingKind, KindFacts] = {
    ServingKind.AUDITION: KindFacts(
        routes=Routes(live="/health", ready="/ready", predict="/predict", openapi="/openapi.json"),
        payload=Payload(),
        port=8080,
        source="Audition's own; grace as Kubernetes' terminationGracePeriodSeconds.",
    ),
    ServingKind.MLFLOW: KindFacts(
        routes=Routes(live="/ping", ready="/health", predict="/invocations", metadata="/version"),
        payload=Payload(form=RowForm.SPLIT, request_key="dataframe_split"),
        port=8080,
        has_free_routes=False,
        source="MLflow 3 scoring server; 8080 is what images of `mlflow models build-docker` listen on.",
    ),
    ServingKind.SAGEMAKER: KindFacts(
        routes=Routes(live="/ping", ready="/ping", predict="/invocations"),
        payload=Payload(request_key="instances"),
        port=8080,
        arguments=("serve",),
        expects_root=True,
        has_free_routes=False,
        source="Amazon SageMaker, custom inference code with hosting services; the body is the container's own choice.",
    ),
    ServingKind.VERTEX: KindFacts(
        routes=Routes(live="/health", ready="/health", predict="/predict"),
        payload=Payload(request_key="instances"),
        port=8080,
        environment={
            "AIP_HTTP_PORT": "{port}",
            "AIP_HEALTH_ROUTE": "{live}",
            "AIP_PREDICT_ROUTE": "{predict}",
        },
        source="Vertex AI, custom container requirements for inference: port and routes come in AIP_ variables.",
    ),
    ServingKind.AZUREML: KindFacts(
        routes=Routes(live="/", ready="/", predict="/score", openapi="/swagger.json"),
        payload=Payload(form=RowForm.MATRIX, request_key="data"),
        port=5001,
        source="Azure Machine Learning inference server; a deployment declares other routes and ports.",
    ),
    ServingKind.OPEN_INFERENCE_V2: KindFacts(
        routes=Routes(
            live="/v2/health/live",
            ready="/v2/health/ready",
            predict=f"/v2/models/{MODEL_NAME}/infer",
            metadata=f"/v2/models/{MODEL_NAME}",
        ),
        payload=Payload(form=RowForm.TENSORS, request_key="inputs", answer_key="outputs"),
        port=8080,
        has_free_routes=False,
        source="Open Inference Protocol v2 (KServe): health, metadata and inference routes are required.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How the service is started, found and spoken to. What is not declared is the kind's."""

    kind: ServingKind = ServingKind.AUDITION
    start: tuple[str, ...] = ()
    """Replaces the image's command; empty means the image's own, with the kind's arguments."""
    port: int = SERVING_KINDS[ServingKind.AUDITION].port
    """TCP, on every address and not on the loopback one only."""
    routes: Routes = SERVING_KINDS[ServingKind.AUDITION].routes
    payload: Payload = SERVING_KINDS[ServingKind.AUDITION].payload
    model_name: str = "model"
    grace_seconds: float = 30.0
    """How long the service may take to stop after SIGTERM, in (0, 120]."""
    startup_seconds: float = 60.0
    """How long it may take to become ready, in [1, 300]."""
    writable: tuple[str, ...] = ()
    """Folders of the container that must be writable when its root is not; /tmp always is."""
    accepts_batch: bool = True
    """Whether one request may hold several rows."""
    imputes_missing: bool = False
    """Whether a missing value is answered on purpose instead of refused."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Words to start the container with; empty leaves the image's own command."""
        return self.start or SERVING_KINDS[self.kind].arguments

    @property
    def environment(self) -> dict[str, str]:
        """Variables that the kind promises to its containers, filled in."""
        values = {"{port}": str(self.port), "{live}": self.routes.live, "{predict}": self.routes.predict}
        return {name: values[text] for name, text in SERVING_KINDS[self.kind].environment.items()}

    def path(self, route: str) -> str:
        """A route with the model's name in its place."""
        return route.replace(MODEL_NAME, self.model_name)
