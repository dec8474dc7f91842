"""The tables of `audition.toml` that speak of the running service: how it is asked, and how it is watched."""

import re
from dataclasses import replace

from audition.domain.monitoring import DriftSignal, Monitoring, SignalDirection, SignalScope
from audition.domain.serving import SERVING_KINDS, KindFacts, Payload, Routes, Serving, ServingKind
from audition.grading.toml_table import Table, is_inside

_ROUTE = r"/[A-Za-z0-9_\-./:{}~]{0,200}"
_ROUTE_WANTED = 'write a path that begins with a slash, e.g. "/predict".'
_OPTIONAL_ROUTES = frozenset({"metadata", "openapi"})
_METRIC = r"[A-Za-z_:][A-Za-z0-9_:]{0,199}"
_LABEL = r"[A-Za-z_][A-Za-z0-9_]{0,99}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}"
_VARIABLE = r"[A-Z][A-Z0-9_]{0,99}"
_KEY = r"[^\s]{1,100}"
_FOLDER = re.compile(r"/[A-Za-z0-9_\-./]{1,200}")
#: Folders of the system: writable there, a read-only root would protect nothing.
_SYSTEM = frozenset(["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "usr"])
_PATH_WANTED = "write paths of files in your submission, relative to its top and without '..'."
_MOST_PORT = 65_535

Keys = tuple[str, ...]


def read_serving(table: Table) -> tuple[Serving, Keys]:
    """The table [serving]: its kind first, for the kind has the defaults of the rest."""
    kind = table.choice("kind", ServingKind.AUDITION)
    facts = SERVING_KINDS[kind]
    routes, of_routes = _routes(table.table("routes"), kind, facts)
    payload, of_payload = _payload(table.table("payload"), facts.payload)
    serving = Serving(
        kind=kind,
        start=table.words("start", (), '["python", "serve.py"]'),
        port=table.whole("port", facts.port, 1, _MOST_PORT, str(facts.port)),
        routes=routes,
        payload=payload,
        model_name=table.text("model_name", "model", _NAME, 'write a name, e.g. "credit-risk".'),
        grace_seconds=table.number("grace_seconds", facts.grace_seconds, 0.1, 120, "30"),
        startup_seconds=table.number("startup_seconds", 60, 1, 300, "60"),
        writable=table.paths(
            "writable", _is_folder, 'write folders of your own in the container, e.g. ["/var/cache/app"].'
        ),
        accepts_batch=table.flag("accepts_batch", default=True),
        imputes_missing=table.flag("imputes_missing", default=False),
    )
    return serving, (*table.close(), *of_routes, *of_payload)


def _routes(table: Table, kind: ServingKind, facts: KindFacts) -> tuple[Routes, Keys]:
    fixed = facts.routes
    routes = Routes(
        live=_route(table, "live", fixed.live),
        ready=_route(table, "ready", fixed.ready),
        predict=_route(table, "predict", fixed.predict),
        metadata=_route(table, "metadata", fixed.metadata),
        openapi=_route(table, "openapi", fixed.openapi),
    )
    if facts.has_free_routes:
        return routes, table.close()
    for key in ("live", "ready", "predict"):
        said, ours = getattr(routes, key), getattr(fixed, key)
        if said != ours:
            table.reject(
                key, f'kind = "{kind}" fixes this route to {ours}; leave it out, or use kind = "audition".'
            )
            routes = replace(routes, **{key: ours})
    return routes, table.close()


def _route(table: Table, key: str, default: str) -> str:
    """A route; those that a service can do without may be empty."""
    if key in _OPTIONAL_ROUTES:
        return table.text(key, default, rf"|{_ROUTE}", 'write a path such as "/metadata", or "" for none.')
    return table.text(key, default, _ROUTE, _ROUTE_WANTED)


def _payload(table: Table, fixed: Payload) -> tuple[Payload, Keys]:
    payload = Payload(
        form=table.choice("form", fixed.form),
        request_key=table.text(
            "request_key", fixed.request_key, _KEY, 'write the key of the rows, e.g. "rows".'
        ),
        answer_key=table.text(
            "answer_key", fixed.answer_key, _KEY, 'write the key of the predictions, e.g. "predictions".'
        ),
    )
    return payload, table.close()


def read_monitoring(table: Table) -> tuple[Monitoring, Keys]:
    """The table [monitoring] with its list of signals."""
    plain = Monitoring()
    signals = tuple(_signal(entry) for entry in table.tables("signals"))
    monitoring = Monitoring(
        path=table.text(
            "path", plain.path, rf"|{_ROUTE}", 'write a path such as "/metrics", or "" for none.'
        ),
        port=table.whole("port", 0, 1, _MOST_PORT, "9100") or None,
        scrape_interval_seconds=table.number(
            "scrape_interval_seconds", plain.scrape_interval_seconds, 0.5, 3600, "15"
        ),
        signals=tuple(signal for signal in signals if signal.metric),
        rules=table.paths("rules", is_inside, _PATH_WANTED),
        rule_tests=table.paths("rule_tests", is_inside, _PATH_WANTED),
        dashboards=table.paths("dashboards", is_inside, _PATH_WANTED),
        reference=table.path("reference"),
        trigger_variable=table.text(
            "trigger_variable", "", _VARIABLE, 'write the name of a variable, e.g. "RETRAIN_URL".'
        ),
    )
    return monitoring, table.close()


def _signal(table: Table) -> DriftSignal:
    """One signal; without a metric its name is empty."""
    metric = table.text("metric", "", _METRIC, 'write the name of a metric, e.g. "feature_drift_psi".')
    threshold = table.number("threshold", 0, -1e12, 1e12, "0.2")
    window = table.whole("window_requests", 0, 1, 1_000_000, "500")
    signal = DriftSignal(
        metric=metric,
        labels=table.mapping("labels", _LABEL, 'write label names and values, e.g. { feature = "age" }.'),
        direction=table.choice("direction", SignalDirection.UP),
        threshold=threshold if table.has("threshold") else None,
        window_requests=window or None,
        refresh_seconds=table.number("refresh_seconds", 0, 0, 3600, "5"),
        scope=table.choice("scope", SignalScope.GLOBAL),
        feature=table.text("feature", "", r".{1,200}", "write the name of a column."),
        feature_label=table.text("feature_label", "", _LABEL, 'write the name of a label, e.g. "feature".'),
    )
    if not table.has("metric"):
        table.reject("metric", 'name the metric of this signal, e.g. metric = "feature_drift_psi".')
    if signal.scope == SignalScope.FEATURE and not (signal.feature or signal.feature_label):
        table.reject("scope", "say which column: `feature`, or `feature_label` where a label names it.")
    table.close()
    return signal


def _is_folder(value: object) -> bool:
    """Whether a folder may be made writable: an absolute path that is not the system's."""
    if not isinstance(value, str) or not _FOLDER.fullmatch(value):
        return False
    parts = value.strip("/").split("/")
    return bool(parts[0]) and parts[0] not in _SYSTEM and ".." not in parts
