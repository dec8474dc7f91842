"""Manifests become the pod that serves: what a cluster would give its container, bounded, and nothing of the host."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audition.domain.contract import Contract
from audition.domain.pod import Pod, ProbeKind, ProbeMeans, ScrapeTarget
from audition.domain.serving import Serving
from audition.grading.pods import pod_of
from audition.grading.quantities import quantity
from audition.grading.tree import Text
from audition.grading.yaml_files import read_yaml
from tests.graders.manifest_samples import GOOD


def pod(root: Path, text: str, *, port: int = 8080) -> Pod:
    (root / "k8s.yaml").write_text(text)
    found = pod_of(root, Contract(serving=Serving(port=port)))
    assert found is not None
    return found


def workload(container: str, extra: str = "") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: credit}}
spec:
  template:
    metadata: {{labels: {{app: credit}}}}
    spec:
      containers:
      - {{name: service, image: "credit:1", {container}}}
{extra}"""


def test_a_careful_deployment_is_taken_as_it_is(tmp_path: Path) -> None:
    made = pod(tmp_path, GOOD)
    assert (made.name, made.container, made.file) == ("Deployment credit", "service", "k8s.yaml")
    assert (made.ports, made.targets, made.traffic_port) == ((8080,), (8080,), 8080)
    assert (made.user, made.must_be_non_root, made.is_read_only) == (10001, True, True)
    assert made.writable == ("/tmp",)
    assert made.environment == {"LOG_LEVEL": "info"}
    assert (made.memory_request_bytes, made.memory_limit_bytes) == (256 << 20, 512 << 20)
    assert (made.cpu_request, made.cpu_limit) == (0.25, None)
    assert made.scrapes == (ScrapeTarget(path="/metrics", port=8080),)
    startup = made.probe(ProbeKind.STARTUP)
    assert startup is not None
    assert (startup.means, startup.port, startup.path) == (ProbeMeans.HTTP, 8080, "/health")
    assert (startup.period_seconds, startup.failure_threshold, startup.timeout_seconds) == (5, 30, 1)
    assert made.unmet == ("a value for API_TOKEN, which is not in the submission",)
    assert made.refused == ()
    assert made.line is not None
    assert GOOD.splitlines()[made.line - 1].strip().startswith("- name: service")


def test_a_submission_without_manifests_has_no_pod(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("a: 1\n")
    assert pod_of(tmp_path, Contract()) is None


def test_the_service_is_told_from_its_helpers_by_port_routes_and_image(tmp_path: Path) -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: prometheus}
spec: {template: {spec: {containers: [{name: p, image: "prom/prometheus:v3", ports: [{containerPort: 9090}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: credit}
spec:
  template:
    spec:
      containers:
      - {name: proxy, image: "envoyproxy/envoy:v1", ports: [{containerPort: 8080}]}
      - {name: service, image: "credit:1", readinessProbe: {httpGet: {path: /ready, port: 8000}}}
"""
    made = pod(tmp_path, text)
    assert made.container == "service"
    assert made.traffic_port == 8000
    assert "other containers of the pod, which are not run" in made.unmet


def test_commands_and_variables_are_filled_in_as_a_kubelet_does(tmp_path: Path) -> None:
    text = workload(
        'command: [serve, "--port=$(PORT)"], args: ["$$(PORT)", "$(NOBODY)"],'
        ' env: [{name: PORT, value: "80"}, {name: URL, value: "http://x:$(PORT)"}, {name: BAD NAME, value: x}]'
    )
    made = pod(tmp_path, text)
    assert made.command == ("serve", "--port=80")
    assert made.arguments == ("$(PORT)", "$(NOBODY)")
    assert made.environment == {"PORT": "80", "URL": "http://x:80"}


def test_configuration_is_followed_and_what_is_missing_is_said(tmp_path: Path) -> None:
    text = workload(
        "envFrom: [{configMapRef: {name: conf}, prefix: P_}, {secretRef: {name: gone}},"
        " {secretRef: {name: perhaps, optional: true}}],"
        " env: [{name: KEY, valueFrom: {secretKeyRef: {name: mine, key: k}}},"
        " {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]",
        """---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {A: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: mine}
data: {k: aGVsbG8=}
""",
    )
    made = pod(tmp_path, text)
    assert made.environment == {"P_A": "1", "KEY": "hello", "POD": "credit-0"}
    assert made.unmet == ("Secret gone, which is not in the submission",)


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        ("exec: {command: [cat, /tmp/ready]}", "a command"),
        ("grpc: {port: 9000}", "gRPC"),
        ("httpGet: {path: /, port: 8080, scheme: HTTPS}", "HTTPS"),
        ("httpGet: {path: /, port: 8080, host: example.org}", "another host"),
        ("periodSeconds: 5", "asks nothing"),
    ],
)
def test_a_probe_that_we_cannot_ask_says_why(tmp_path: Path, probe: str, why: str) -> None:
    made = pod(tmp_path, workload(f"readinessProbe: {{{probe}}}")).probe(ProbeKind.READINESS)
    assert made is not None
    assert made.means == ProbeMeans.OTHER
    assert why in made.words


def test_a_probe_of_a_port_that_is_not_there_asks_nobody(tmp_path: Path) -> None:
    made = pod(tmp_path, workload("livenessProbe: {tcpSocket: {port: web}}")).probe(ProbeKind.LIVENESS)
    assert made is not None
    assert (made.means, made.port) == (ProbeMeans.TCP, 0)


def test_nothing_of_the_host_is_ever_granted(tmp_path: Path) -> None:
    text = """
apiVersion: v1
kind: Pod
metadata: {name: credit}
spec:
  hostNetwork: true
  hostPID: true
  containers:
  - name: service
    image: credit:1
    ports: [{containerPort: 8080, hostPort: 80}]
    securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}, runAsUser: 0}
    volumeMounts:
    - {name: host, mountPath: /host}
    - {name: sys, mountPath: /usr/lib/x}
    - {name: conf, mountPath: /conf}
    - {name: claim, mountPath: /data/}
  volumes:
  - {name: host, hostPath: {path: /}}
  - {name: sys, emptyDir: {}}
  - {name: conf, configMap: {name: c}}
  - {name: claim, persistentVolumeClaim: {claimName: c}}
"""
    made = pod(tmp_path, text)
    assert set(made.refused) == {
        "a folder of the host at /host", "privileged", "added capabilities", "hostNetwork", "hostPID", "hostPort",
    }  # fmt: skip
    assert made.writable == ("/data",)
    assert [words for words in made.unmet if "/usr/lib/x" in words or "/conf" in words] == list(
        made.unmet[:2]
    )
    assert made.user == 0


HOSTILE = {
    "ten thousand containers": workload("")
    + "".join(
        f'      - {{name: c{n}, image: "x", ports: [{{containerPort: {n + 1}}}]}}\n' for n in range(10_000)
    ),
    "an alias bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "apiVersion: v1\nkind: Pod\nspec: {containers: [*i]}\n",
    "containers that are words": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [a, 1, null]}\n",
    "values of every wrong kind": workload(
        "command: {a: 1}, args: [[1], {b: 2}, null], env: [1, {name: 3}, {name: A, value: [1]}], ports: [x, {}],"
        " resources: {limits: {memory: [1], cpu: {}}, requests: 7}, volumeMounts: [1, {}], workingDir: [x],"
        " readinessProbe: {httpGet: {path: [1], port: {}}, periodSeconds: x, failureThreshold: -5},"
        " securityContext: {runAsUser: -1, runAsGroup: 99999999999}"
    ),
    "values beyond all bounds": workload(
        f'command: ["{"x" * 100_000}"], env: [{{name: A, value: "{"y" * 100_000}"}}],'
        " readinessProbe: {tcpSocket: {port: 99999999}, periodSeconds: 1.0e+300, initialDelaySeconds: .inf}"
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_manifest_is_bounded_or_ignored(tmp_path: Path, case: str) -> None:
    (tmp_path / "k8s.yaml").write_text(HOSTILE[case])
    made = pod_of(tmp_path, Contract())
    if made is None:
        return
    assert all(len(text) <= 4096 for text in (*made.command, *made.arguments, *made.environment.values()))
    assert len(made.ports) <= 20
    assert made.user is None
    for probe in made.probes:
        assert 1 <= probe.period_seconds <= 3600
        assert probe.failure_threshold >= 1


def paths(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Every path in plain values."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        yield (key,)
        yield from ((key, *rest) for rest in paths(below))


@pytest.mark.parametrize("wrong", [None, [[]], {"a": [1]}, "x"], ids=str)
def test_whatever_stands_in_any_place_breaks_nothing(tmp_path: Path, wrong: object) -> None:
    every = read_yaml(Text("k8s.yaml", (), GOOD)).documents[:3]
    documents = [document.value for document in every]
    for number, path in enumerate(paths(documents)):
        made = json.loads(json.dumps(documents))
        place = made
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = wrong
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "k8s.yaml").write_text("\n---\n".join(json.dumps(document) for document in made))
        pod_of(folder, Contract())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250m", 0.25),
        ("512Mi", 512 << 20),
        (2, 2.0),
        ("1e3", 1000.0),
        ("1.5G", 1.5e9),
        ("x", None),
        (True, None),
    ],
)
def test_quantities(text: object, number: float | None) -> None:
    assert quantity(text) == number


BASE = workload(
    "env: [{name: A, value: base}, {name: B, value: kept}], resources: {limits: {memory: 64Mi}},"
    " ports: [{containerPort: 8080}]"
)
OVERLAYS = {
    "k8s/base/kustomization.yaml": "resources: [deployment.yaml]\npatches:\n- path: ./more.yaml\n",
    "k8s/base/deployment.yaml": BASE,
    "k8s/base/more.yaml": "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: credit}\nspec: {template: {spec:"
    " {containers: [{name: service, workingDir: /srv}]}}}\n",
    "k8s/dev/kustomization.yaml": "resources: [../base]\npatches:\n- patch: |-\n    kind: Deployment\n"
    "    metadata: {name: credit}\n    spec: {replicas: 1}\n",
    "k8s/production/kustomization.yaml": """
resources: [../base]
patchesStrategicMerge:
- memory.yaml
patches:
- target: {kind: Deployment, name: credit}
  patch: |-
    - {op: replace, path: /spec/template/spec/containers/0/resources/limits/memory, value: 128Mi}
    - {op: add, path: /spec/template/spec/containers/0/args, value: [--fast]}
    - {op: remove, path: /spec/nothing/here}
    - {op: add, path: /spec/template/spec/containers/7/args, value: [x]}
- target: {kind: Service}
  patch: |-
    - {op: remove, path: /spec}
""",
    "k8s/production/memory.yaml": """
kind: Deployment
metadata: {name: credit}
spec:
  template:
    spec:
      containers:
      - {name: service, env: [{name: A, value: patched}, {name: C, value: new}]}
      - {name: other, image: "redis:8"}
""",
}


def kustomized(root: Path, **changes: str) -> Pod:
    for name, text in {**OVERLAYS, **changes}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = pod_of(root, Contract())
    assert found is not None
    return found


def test_patches_of_the_overlay_for_production_are_applied(tmp_path: Path) -> None:
    made = kustomized(tmp_path)
    assert made.environment == {"A": "patched", "B": "kept", "C": "new"}
    assert made.memory_limit_bytes == 128 << 20
    assert (made.arguments, made.working_dir) == (("--fast",), "/srv")
    assert made.container == "service"
    assert "other containers of the pod, which are not run" in made.unmet


@pytest.mark.parametrize(
    ("step", "environment"),
    [
        ("{op: add, path: ENV/-, value: {name: C, value: new}}", {"A": "base", "B": "kept", "C": "new"}),
        ("{op: add, path: ENV/0, value: {name: C, value: new}}", {"A": "base", "B": "kept", "C": "new"}),
        ("{op: replace, path: ENV/0, value: {name: C, value: new}}", {"B": "kept", "C": "new"}),
        ("{op: remove, path: ENV/1}", {"A": "base"}),
        ("{op: remove, path: ENV/9}", {"A": "base", "B": "kept"}),
        ("{op: test, path: ENV/0, value: 1}", {"A": "base", "B": "kept"}),
        ("{op: test, path: /spec, value: 1}", {"A": "base", "B": "kept"}),
    ],
)
def test_steps_of_a_json_patch_do_in_lists_what_they_say(
    tmp_path: Path, step: str, environment: dict[str, str]
) -> None:
    told = step.replace("ENV", "/spec/template/spec/containers/0/env")
    text = f"resources: [../base]\npatches:\n- target: {{name: credit}}\n  patch: |-\n    - {told}\n    - 3\n"
    assert kustomized(tmp_path, **{"k8s/production/kustomization.yaml": text}).environment == environment


def test_a_secret_that_is_no_base64_is_an_empty_text(tmp_path: Path) -> None:
    text = workload(
        "env: [{name: KEY, valueFrom: {secretKeyRef: {name: mine, key: k}}}]",
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: mine}\ndata: {k: '%%%'}\n",
    )
    assert pod(tmp_path, text).environment == {"KEY": ""}


def test_patches_for_others_and_null_and_delete_do_what_they_say(tmp_path: Path) -> None:
    made = kustomized(
        tmp_path,
        **{
            "k8s/production/memory.yaml": "kind: Deployment\nmetadata: {name: credit}\nspec: {template: {spec:"
            " {containers: [{name: service, resources: null, env: [{name: A, $patch: delete}]}]}}}\n---\n"
            "kind: Deployment\nmetadata: {name: another}\nspec: null\n",
            "k8s/production/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [memory.yaml]\n",
        },
    )
    assert (made.environment, made.memory_limit_bytes) == ({"B": "kept"}, None)


@pytest.mark.parametrize(
    "text",
    [
        "resources: [../production, ../base, .]\nbases: [..]\npatches: [{path: ../../../etc/passwd}]\n",
        'resources: 7\npatches: [3, null, {patch: 4}, {target: {name: [1]}, patch: "a\\nb"}]\n',
        "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /spec, value: [1]}\n    - 3\n",
        "patches:\n- target: {name: '.*'}\n  patch: |-\n    - {op: remove, path: /}\n    - {op: add, path: //}\n",
    ],
)
def test_hostile_overlays_break_nothing(tmp_path: Path, text: str) -> None:
    for name, content in {**OVERLAYS, "k8s/production/kustomization.yaml": text}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    pod_of(tmp_path, Contract())
