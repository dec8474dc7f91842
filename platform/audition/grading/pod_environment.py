"""The environment that a pod's manifest gives its container, as far as the submission shows it."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from audition.domain.pod import MAX_TEXT, MAX_VARIABLES
from audition.grading.manifests import Manifests, Thing
from audition.grading.yaml_files import at, items, table

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}")
_REFERENCE = re.compile(r"\$(\$|\((?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\))")


@dataclass(frozen=True, slots=True)
class Given:
    """Variables, and those whose values nobody can know."""

    values: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def environment_of(box: dict[str, Any], thing: Thing, found: Manifests) -> Given:
    """Variables of a container: those of whole sources first, then the single ones, which win.

    Args:
        box: The container.
        thing: Its workload.
        found: Where ConfigMaps and Secrets are looked for.
    """
    values: dict[str, str] = {}
    missing: list[str] = []
    for source in items(box, "envFrom")[:MAX_VARIABLES]:
        prefix = str(at(source, "prefix") or "")
        for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            name = at(source, key, "name")
            if not isinstance(name, str):
                continue
            data = _data(found, kind, name)
            if data is None and at(source, key, "optional") is not True:
                missing.append(f"{kind} {name[:60]}, which is not in the submission")
            values |= {f"{prefix}{item}": text for item, text in (data or {}).items()}
    for variable in items(box, "env")[:MAX_VARIABLES]:
        name = at(variable, "name")
        if not isinstance(name, str):
            continue
        text = _value(variable, thing, found)
        if text is not None:
            values[name] = expanded(text, values)
        elif not _is_optional(variable):
            missing.append(f"a value for {name[:60]}, which is not in the submission")
    return Given(dict(_fit(values)), tuple(missing))


def expanded(text: str, values: dict[str, str]) -> str:
    """A text with `$(NAME)` filled in; `$$` stands for a dollar, an unknown name for itself.

    Source: Kubernetes, define dependent environment variables.
    """

    def fill(match: re.Match[str]) -> str:
        name = match["name"]
        return "$" if name is None else values.get(name, match[0])

    return _REFERENCE.sub(fill, text[:MAX_TEXT])[:MAX_TEXT]


def _fit(values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What an environment can hold, bounded."""
    for name, text in list(values.items())[:MAX_VARIABLES]:
        if _NAME.fullmatch(name) and "\0" not in text:
            yield name, text[:MAX_TEXT]


def _value(variable: object, thing: Thing, found: Manifests) -> str | None:
    """The value of one variable; None when it cannot be known."""
    source = table(variable, "valueFrom")
    if not source:
        value = at(variable, "value")
        return "" if value is None else str(value)
    for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
        if key in source:
            data = _data(found, kind, str(at(source, key, "name"))) or {}
            return data.get(str(at(source, key, "key")))
    return _of_the_pod(str(at(source, "fieldRef", "fieldPath") or ""), thing)


def _of_the_pod(path: str, thing: Thing) -> str | None:
    """What a cluster would say of the pod itself."""
    known = {
        "metadata.name": f"{thing.name}-0",
        "metadata.namespace": thing.namespace or "default",
        "spec.nodeName": "node",
        "spec.serviceAccountName": str(at(thing.pod, "serviceAccountName") or "default"),
        "status.podIP": "127.0.0.1",
        "status.hostIP": "127.0.0.1",
    }
    return known.get(path)


def _is_optional(variable: object) -> bool:
    return any(
        at(variable, "valueFrom", key, "optional") is True for key in ("configMapKeyRef", "secretKeyRef")
    )


def _data(found: Manifests, kind: str, name: str) -> dict[str, str] | None:
    """The values of a ConfigMap or Secret; None when it is not there."""
    thing = next((thing for thing in found.of(kind) if thing.name == name), None)
    if thing is None:
        return None
    plain = {key: str(value) for key, value in table(thing.value, "data").items()}
    if kind == "Secret":
        plain = {key: _decoded(value) for key, value in plain.items()}
        plain |= {key: str(value) for key, value in table(thing.value, "stringData").items()}
    return dict(list(plain.items())[:MAX_VARIABLES])


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text[: MAX_TEXT * 2], validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
