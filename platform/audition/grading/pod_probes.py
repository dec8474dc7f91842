"""Probes of a container as its manifest has them, with Kubernetes' defaults for what it does not say."""

from collections.abc import Iterator
from typing import Any

from audition.domain.pod import PodProbe, ProbeKind, ProbeMeans
from audition.grading.yaml_files import at, items, table

_KEYS = {
    ProbeKind.STARTUP: "startupProbe",
    ProbeKind.READINESS: "readinessProbe",
    ProbeKind.LIVENESS: "livenessProbe",
}
_LARGEST_PORT = 65_535
_LONGEST_SECONDS = 3600.0
_MOST_TIMES = 1000
_MOST_HEADERS = 10
_MOST_PATH = 200


def probes_of(box: dict[str, Any]) -> tuple[PodProbe, ...]:
    """All probes of a container."""
    return tuple(_probes(box))


def port_of(value: object, box: dict[str, Any]) -> int:
    """A port by number or by the name that the container gives it; 0 when there is none such."""
    if isinstance(value, str) and not value.isdigit():
        ports = items(box, "ports")
        value = next((at(p, "containerPort") for p in ports if at(p, "name") == value), None)
    is_number = isinstance(value, int | str) and not isinstance(value, bool)
    number = int(value) if is_number and str(value).isdecimal() else 0  # type: ignore[call-overload]  # just seen
    return number if 0 < number <= _LARGEST_PORT else 0


def _probes(box: dict[str, Any]) -> Iterator[PodProbe]:
    for kind, key in _KEYS.items():
        probe = table(box, key)
        if probe:
            yield _probe(kind, probe, box)


def _probe(kind: ProbeKind, probe: dict[str, Any], box: dict[str, Any]) -> PodProbe:
    http, tcp = table(probe, "httpGet"), table(probe, "tcpSocket")
    words = _why_not(probe, http, tcp)
    means = ProbeMeans.OTHER if words else ProbeMeans.HTTP if http else ProbeMeans.TCP
    # Only readiness may ask for more than one success.
    successes = (
        round(_number(probe, "successThreshold", 1, _MOST_TIMES)) if kind == ProbeKind.READINESS else 1
    )
    return PodProbe(
        kind=kind,
        means=means,
        port=0 if words else port_of((http or tcp).get("port"), box),
        path=_path(http),
        headers=_headers(http),
        initial_delay_seconds=_number(probe, "initialDelaySeconds", 0, _LONGEST_SECONDS),
        period_seconds=max(1.0, _number(probe, "periodSeconds", 10, _LONGEST_SECONDS)),
        timeout_seconds=max(1.0, _number(probe, "timeoutSeconds", 1, _LONGEST_SECONDS)),
        failure_threshold=max(1, round(_number(probe, "failureThreshold", 3, _MOST_TIMES))),
        success_threshold=max(1, successes),
        words=words,
    )


def _why_not(probe: dict[str, Any], http: dict[str, Any], tcp: dict[str, Any]) -> str:
    """Why a probe is not asked; empty when it is."""
    if "exec" in probe:
        return "a command inside the container, which is not run"
    if "grpc" in probe:
        return "gRPC, which is not spoken here"
    if not http and not tcp:
        return "it asks nothing"
    if http.get("host") or tcp.get("host"):
        return "another host, and there is none"
    return "HTTPS, which is not spoken here" if str(http.get("scheme", "HTTP")).upper() != "HTTP" else ""


def _path(http: dict[str, Any]) -> str:
    path = http.get("path")
    text = path if isinstance(path, str) and path.isprintable() and path.isascii() else "/"
    return (text if text.startswith("/") else f"/{text}")[:_MOST_PATH]


def _headers(http: dict[str, Any]) -> dict[str, str]:
    found = items(http, "httpHeaders")[:_MOST_HEADERS]
    pairs = ((str(at(item, "name") or ""), str(at(item, "value") or "")) for item in found)
    return {
        name[:80]: value[:200]
        for name, value in pairs
        if name.isascii() and name.isidentifier() | ("-" in name) and value.isascii() and value.isprintable()
    }


def _number(probe: dict[str, Any], key: str, default: float, most: float) -> float:
    value = probe.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return min(most, max(0.0, float(value))) if is_number else float(default)
