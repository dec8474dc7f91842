"""What Prometheus is told: traffic, errors and times; scores, drift, and which model it is."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from credit.drift import Window
from credit.model import Model

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5)
_TENTHS = tuple(n / 10 for n in range(1, 11))


class Metrics:
    """One registry for one process; the service runs one process, and scales by replicas."""

    def __init__(self) -> None:
        """Start at zero."""
        self.registry = CollectorRegistry()
        own = {"registry": self.registry}
        self.requests = Counter("http_requests", "Requests by route and status.", ["route", "status"], **own)
        self.seconds = Histogram(
            "http_request_duration_seconds", "Time to answer.", ["route"], buckets=_SECONDS, **own
        )
        self.scores = Histogram("prediction_probability", "Predicted probabilities.", buckets=_TENTHS, **own)
        self.model = Info("model", "Version of the model that answers.", **own)
        self.trained = Gauge("model_trained_timestamp_seconds", "When the model was trained.", **own)
        self.psi = Gauge(
            "feature_drift_psi", "PSI of the last 500 rows against training; 0 until there are so many.",
            ["feature"], **own
        )  # fmt: skip
        self.scores_psi = Gauge("prediction_drift_psi", "PSI of the last 500 scores against training.", **own)
        self.missing = Gauge("feature_missing_ratio", "Missing among the last 500 rows.", ["feature"], **own)
        self.means = Gauge("feature_mean", "Mean over the last 500 rows.", ["feature"], **own)
        self.rows = Gauge("drift_window_rows", "Rows in the window that drift is computed of.", **own)

    def name_model(self, model: Model) -> None:
        """Tell which model answers."""
        self.model.info({"version": model.version, "data_sha256": model.notes.get("data_sha256", "")})
        self.trained.set(datetime.fromisoformat(f"{model.trained_at}T00:00:00+00:00").timestamp())

    def page(self, window: Window) -> bytes:
        """The metrics page, with drift as it is now."""
        drift = window.look()
        for name, psi in drift.columns.items():
            self.psi.labels(name).set(psi)
            self.missing.labels(name).set(drift.missing[name])
        for name, mean in drift.means.items():
            self.means.labels(name).set(mean)
        self.scores_psi.set(drift.scores)
        self.rows.set(drift.rows)
        return generate_latest(self.registry)
