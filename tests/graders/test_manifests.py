"""Kubernetes manifests: a careful set passes whole, and each mistake costs its own check and says where it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.contract import Contract
from audition.domain.grade import Dimension, Finding, Outcome
from audition.domain.monitoring import Monitoring
from audition.domain.serving import Serving, ServingKind
from audition.domain.tools import Severity, ToolFinding, ToolReport, ToolReports, ToolStatus
from audition.grading import Workspace
from graders.manifests import grader
from tests.graders.manifest_samples import GOOD, WORKFLOW
from tests.graders.workspaces import by_check, make_workspace

WEIGHTS = {Dimension.MODEL_QUALITY: 0.5, Dimension.KUBERNETES: 0.5}
CHECKS = {
    "manifests.schema.valid",
    "manifests.hardening.restricted",
    "manifests.probes.sane",
    "manifests.wiring.resolved",
    "manifests.availability.survives",
    "manifests.scrape.configured",
}


def workspace(root: Path, files: dict[str, str], *, contract: Contract | None = None) -> Workspace:
    made = make_workspace(root, weights=WEIGHTS)
    for name, text in files.items():
        (made.submission / name).parent.mkdir(parents=True, exist_ok=True)
        (made.submission / name).write_text(text)
    inventory = replace(made.evidence.inventory, contract=contract or Contract(declared=("serving.port",)))
    return replace(made, evidence=replace(made.evidence, inventory=inventory))


def findings(root: Path, text: str, **more: str) -> dict[str, Finding]:
    files = {"k8s/all.yaml": text, ".github/workflows/ci.yml": WORKFLOW, **more}
    return by_check(grader.grade(workspace(root, files)))


def test_a_careful_set_passes_whole(tmp_path: Path) -> None:
    found = findings(tmp_path, GOOD)
    assert found.keys() == CHECKS
    for finding in found.values():
        assert finding.outcome == Outcome.PASSED, (finding.check, finding.sentence, finding.evidence)


MISTAKES = [
    # what is changed, into what, the check, words of its evidence
    ("apiVersion: policy/v1\n", "apiVersion: policy/v1beta1\n", "schema.valid", "is gone; use policy/v1"),
    ("  name: credit\n  labels", "  name: Credit\n  labels", "schema.valid", "lower case"),
    ("cpu: 250m", "cpu: plenty", "schema.valid", "cpu is no quantity"),
    ("port: 80,", "port: 80000,", "schema.valid", "1 to 65535"),
    ("        image: registry.example.org/team/credit-service:1.4.2\n", "", "schema.valid", "has no image"),
    ("  selector: {matchLabels: {app: credit}}\n  strategy", "  strategy", "schema.valid", "selector is missing"),
    ("        runAsNonRoot: true\n        runAsUser: 10001\n", "", "hardening.restricted", "may run as root"),
    ("runAsUser: 10001", "runAsUser: 0", "hardening.restricted", "may run as root"),
    ("allowPrivilegeEscalation: false", "privileged: true", "hardening.restricted", "is privileged"),
    ("{drop: [ALL]}", "{add: [NET_ADMIN]}", "hardening.restricted", "keeps capabilities"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "hardening.restricted", "its own root"),
    ("          limits: {memory: 512Mi}\n", "", "hardening.restricted", "no limit of memory"),
    ("cpu: 250m, ", "", "hardening.restricted", "asks for no processor"),
    ("credit-service:1.4.2", "credit-service", "hardening.restricted", "without a version"),
    ("valueFrom: {secretKeyRef: {name: credit, key: token}}", "value: s3cr3t", "hardening.restricted", "a secret"),
    ("emptyDir: {}", "hostPath: {path: /}", "hardening.restricted", "shares the host"),
    ("        readinessProbe:\n          httpGet: {path: /ready", "        lifecycle:\n          x: {path: /ready",
     "probes.sane", "no readiness probe"),
    ("path: /ready", "path: /health", "probes.sane", "asks the same"),
    ("failureThreshold: 30", "failureThreshold: 2", "probes.sane", "is killed after 10 s, but may take 60 s"),
    ("  selector: {app: credit}\n", "  selector: {app: credits}\n", "wiring.resolved", "matches no pods"),
    ("targetPort: http", "targetPort: 9000", "wiring.resolved", "no container has the port '9000'"),
    ("configMapRef: {name: credit}", "configMapRef: {name: other}", "wiring.resolved", "no ConfigMap 'other'"),
    ("serviceAccountName: credit", "serviceAccountName: ghost", "wiring.resolved", "no ServiceAccount 'ghost'"),
    ("kind: Deployment, name: credit", "kind: Deployment, name: debit", "wiring.resolved", "no Deployment 'debit'"),
    ("port: {name: http}}", "port: {number: 81}}", "wiring.resolved", "no Service 'credit' has the port 81"),
    ("- {port: http, path", "- {port: metrics, path", "wiring.resolved", "no port called 'metrics'"),
    ("{name: tmp, mountPath", "{name: temp, mountPath", "wiring.resolved", "no volume of the pod"),
    ("containerPort: 8080", "containerPort: 8081", "wiring.resolved", "the port 8080, which the service listens on"),
    ("credit-service:1.4.2", "other-service:1.4.2", "wiring.resolved", "no pipeline pushes 'other-service'"),
    ("minReplicas: 2", "minReplicas: 1", "availability.survives", "fewer than 2 replicas"),
    ("kind: PodDisruptionBudget", "kind: Budget", "availability.survives", "no PodDisruptionBudget"),
    ("      topologySpreadConstraints:", "      unknown:", "availability.survives", "not spread"),
    ("type: RollingUpdate", "type: Recreate", "availability.survives", "stops all pods"),
    ("path: /metrics}", "path: /prometheus}", "scrape.configured", "end point"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "check", "words"), MISTAKES, ids=[f"{m[2]}-{m[3][:24]}" for m in MISTAKES]
)
def test_each_mistake_costs_its_check_and_says_where(
    tmp_path: Path, old: str, new: str, check: str, words: str
) -> None:
    assert GOOD.count(old) >= 1
    finding = findings(tmp_path, GOOD.replace(old, new, 1))[f"manifests.{check}"]
    assert finding.outcome in {Outcome.PARTIAL, Outcome.FAILED}, finding.sentence
    assert finding.points < finding.max_points
    told = [item for item in finding.evidence if words in item.summary]
    assert told, [item.summary for item in finding.evidence]
    assert told[0].file == "k8s/all.yaml"
    assert told[0].line is not None


def test_the_line_is_that_of_the_object(tmp_path: Path) -> None:
    finding = findings(tmp_path, GOOD.replace("  selector: {app: credit}\n", "  selector: {app: x}\n"))
    loose = finding["manifests.wiring.resolved"].evidence[0]
    assert GOOD.splitlines()[(loose.line or 0) - 1].strip().startswith(("app:", "selector", "{app"))


def test_all_mistakes_together_leave_almost_nothing(tmp_path: Path) -> None:
    bare = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {app: b}}\n"
        "  strategy: {type: Recreate}\n  template:\n    spec:\n      containers:\n      - {name: a, image: a}\n"
    )
    found = findings(tmp_path, bare)
    earned = sum(f.points for f in found.values())
    assert earned < 0.35 * sum(f.max_points for f in found.values())
    assert found["manifests.probes.sane"].outcome == Outcome.FAILED


def test_without_manifests_it_depends_on_the_challenge(tmp_path: Path) -> None:
    asked = grader.grade(workspace(tmp_path / "a", {"predict.py": ""}))
    assert {f.outcome for f in asked.findings} == {Outcome.FAILED}
    other = replace(workspace(tmp_path / "b", {}), manifest=make_workspace(tmp_path / "c").manifest)
    assert {f.outcome for f in grader.grade(other).findings} == {Outcome.NOT_APPLICABLE}


def test_what_would_have_to_be_rendered_is_not_assessed_and_says_so(tmp_path: Path) -> None:
    files = {
        "chart/Chart.yaml": "name: x\n",
        "chart/templates/app.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }} }\n",
    }
    found = by_check(grader.grade(workspace(tmp_path, files)))
    assert {f.outcome for f in found.values()} == {Outcome.NOT_APPLICABLE}
    assert "a template of a Helm chart" in found["manifests.schema.valid"].sentence


def test_patches_of_a_kustomization_are_no_objects_of_their_own(tmp_path: Path) -> None:
    more = {
        "k8s/kustomization.yaml": "resources: [all.yaml]\npatches:\n- path: replicas.yaml\n",
        "k8s/replicas.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: credit}\nspec: {replicas: 4}\n",
    }
    assert findings(tmp_path, GOOD, **more)["manifests.schema.valid"].outcome == Outcome.PASSED


def test_kinds_of_extensions_are_not_assessed(tmp_path: Path) -> None:
    text = "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: BAD NAME}\n"
    assert findings(tmp_path, text)["manifests.schema.valid"].outcome == Outcome.INFORMATIVE


def test_root_costs_nothing_where_the_serving_contract_asks_for_it(tmp_path: Path) -> None:
    rootful = GOOD.replace("        runAsNonRoot: true\n        runAsUser: 10001\n", "")
    contract = Contract(serving=Serving(kind=ServingKind.SAGEMAKER))
    made = workspace(tmp_path, {"k.yaml": rootful}, contract=contract)
    assert by_check(grader.grade(made))["manifests.hardening.restricted"].outcome == Outcome.PASSED


def test_without_metrics_there_is_nothing_to_scrape(tmp_path: Path) -> None:
    made = workspace(tmp_path, {"k.yaml": GOOD}, contract=Contract(monitoring=Monitoring(path="")))
    assert by_check(grader.grade(made))["manifests.scrape.configured"].outcome == Outcome.NOT_APPLICABLE


def test_annotations_tell_prometheus_as_well(tmp_path: Path) -> None:
    notes = "  annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '8080', prometheus.io/path: /metrics}\n"
    text = GOOD.partition("apiVersion: monitoring.coreos.com")[0].replace(
        "kind: Service\nmetadata:\n", f"kind: Service\nmetadata:\n{notes}"
    )
    assert findings(tmp_path, text)["manifests.scrape.configured"].outcome == Outcome.PASSED


class TestWithTheTool:
    """The schemas' word counts for the object that it names, and its absence is said."""

    def report(self, *found: ToolFinding, status: ToolStatus = ToolStatus.OK) -> ToolReports:
        return ToolReports(
            reports=(ToolReport(tool="kubernetes-validate", version="1", status=status, findings=found),)
        )

    def graded(self, root: Path, tools: ToolReports) -> Finding:
        made = replace(workspace(root, {"k8s/all.yaml": GOOD}), tools=tools)
        return by_check(grader.grade(made))["manifests.schema.valid"]

    def test_an_error_makes_its_object_invalid(self, tmp_path: Path) -> None:
        said = ToolFinding(
            rule="schema", severity=Severity.ERROR, message="'x' was unexpected", file="k8s/all.yaml",
            subject="service/credit",
        )  # fmt: skip
        finding = self.graded(tmp_path, self.report(said))
        assert finding.outcome == Outcome.PARTIAL
        assert finding.evidence[0].summary == "Service credit: 'x' was unexpected"
        assert "1 of 7" in finding.sentence

    def test_what_another_linter_says_beyond_our_classes_is_for_reviewers_only(self, tmp_path: Path) -> None:
        said = tuple(
            ToolFinding(rule=rule, severity=Severity.WARNING, message="x", file="k8s/all.yaml")
            for rule in ("CKV2_K8S_6", "CKV_K8S_22", "CKV2_K8S_6")
        )
        report = ToolReport(tool="checkov", version="3", status=ToolStatus.OK, findings=said)
        made = replace(workspace(tmp_path, {"k8s/all.yaml": GOOD}), tools=ToolReports(reports=(report,)))
        finding = by_check(grader.grade(made))["manifests.hardening.restricted"]
        assert finding.outcome == Outcome.PASSED
        assert finding.reviewer_note == "checkov also reports, without points here: CKV2_K8S_6 (2)."

    def test_an_unknown_kind_is_no_error(self, tmp_path: Path) -> None:
        said = ToolFinding(rule="unknown-kind", severity=Severity.INFO, message="?", file="k8s/all.yaml")
        assert self.graded(tmp_path, self.report(said)).outcome == Outcome.PASSED

    def test_a_tool_that_crashed_costs_nothing_and_is_told(self, tmp_path: Path) -> None:
        finding = self.graded(tmp_path, self.report(status=ToolStatus.CRASHED))
        assert finding.outcome == Outcome.PASSED
        assert "The full schemas were not at hand." in finding.sentence


HOSTILE = {
    "bomb": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"b{n}: &b{n} [{','.join(['*a' if n == 0 else f'*b{n - 1}'] * 9)}]\n" for n in range(12)),
    "deep": "a: " + "[" * 5000,
    "python": "apiVersion: v1\nkind: !!python/object/apply:os.system ['touch /tmp/owned']\nmetadata: {name: x}\n",
    "types": "apiVersion: v1\nkind: Service\nmetadata: 3\nspec: [1]\n---\napiVersion: apps/v1\nkind: Deployment\n"
    "metadata: {name: [1]}\nspec: {template: {spec: {containers: [3, {name: 1, env: 3, ports: {}}]}}}\n",
    "cycle": "apiVersion: v1\nkind: List\nitems: &x [*x]\n",
    "digits": "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: "
    + "9" * 5000
    + "}]}\n",
    "keys": "? {a: 1}\n: 2\n",
    "odd": "apiVersion: v1\nkind: Service\nmetadata: {name: x, labels: {1: 2}}\nspec: {selector: {1: 2}, ports: 7}\n",
    "pods": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: b,"
    " readinessProbe: 3, livenessProbe: {httpGet: [], periodSeconds: x}, volumeMounts: [3], resources: []}],"
    " volumes: [3, {name: {a: b}, configMap: 3}]}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_read_without_harm(tmp_path: Path, name: str) -> None:
    made = workspace(tmp_path, {"k8s/all.yaml": HOSTILE[name], "k8s/good.yaml": GOOD})
    found = by_check(grader.grade(made))
    assert found.keys() == CHECKS
    assert found["manifests.probes.sane"].outcome in {Outcome.PASSED, Outcome.PARTIAL}


def test_equal_evidence_gives_an_equal_grade(tmp_path: Path) -> None:
    made = workspace(tmp_path, {"k8s/all.yaml": GOOD})
    assert grader.grade(made) == grader.grade(made)


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    made = workspace(tmp_path, {"k8s/all.yaml": GOOD, ".github/workflows/ci.yml": WORKFLOW})
    assert by_check(grader.grade(made))["manifests.schema.valid"].outcome == Outcome.PASSED
    (made.submission / "k8s/all.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: X}\n")
    assert by_check(grader.grade(made))["manifests.schema.valid"].outcome == Outcome.FAILED
