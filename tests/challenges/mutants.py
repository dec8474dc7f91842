"""The golden submission with one thing broken at a time, and which checks have to notice."""

import os
import pickle
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.challenges.conftest import PACK

GOLDEN = PACK / "submissions" / "accepted" / "golden"
Change = Callable[[Path], None]
_MANIFESTS = "deploy/credit-scoring.yaml"
_WORKFLOW = ".github/workflows/model.yml"
_RULES = "monitoring/rules.yml"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One broken repository."""

    name: str
    change: Change
    drops: frozenset[str]
    """Checks that have to earn less than in the golden repository; every other earns the same."""

    def made(self, folder: Path) -> Path:
        """A copy of the golden repository with the change in it."""
        shutil.copytree(GOLDEN, folder, ignore=shutil.ignore_patterns("__pycache__", "expect.toml"))
        self.change(folder)
        return folder


def edit(file: str, old: str, new: str) -> Change:
    """A text in a file, once or more often, becomes another."""

    def change(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r} any more."
        path.write_text(text.replace(old, new))

    return change


def cut(file: str, pattern: str, new: str = "") -> Change:
    """What a pattern finds first, over lines, becomes another text."""

    def change(folder: Path) -> None:
        path = folder / file
        text, count = re.subn(pattern, new, path.read_text(), count=1, flags=re.DOTALL | re.MULTILINE)
        assert count, f"{file} has nothing like {pattern!r} any more."
        path.write_text(text)

    return change


def both(*changes: Change) -> Change:
    """One after the other."""

    def change(folder: Path) -> None:
        for part in changes:
            part(folder)

    return change


def delete(file: str) -> Change:
    """A file is gone."""
    return lambda folder: (folder / file).unlink()


def write(file: str, content: str | bytes) -> Change:
    """A file is there, or another."""
    data = content.encode() if isinstance(content, str) else content

    def change(folder: Path) -> None:
        (folder / file).write_bytes(data)

    return change


class _Shell:
    """Unpickling it would run a program."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("true",)


def mutant(name: str, change: Change, *drops: str) -> Mutant:
    """A row of the tables below."""
    return Mutant(name=name, change=change, drops=frozenset(drops))


#: Written in two halves, so that no scanner takes this file for a leak.
_KEY = "AKIA" + "Q3EGRZ4WJ7LPNV6K"
_COPIES = r"COPY predict\.py.*?COPY credit \./credit\n"

#: What can be read from files, with the linters where they are needed.
STATIC = (
    mutant("root user", edit("Dockerfile", "USER 10001:10001", "USER root"), "dockerfile.user.non-root"),
    mutant(
        "a command in shell form",
        edit("Dockerfile", 'CMD ["python", "serve.py"]', "CMD python serve.py"),
        "dockerfile.command.exec-form",
    ),
    mutant(
        "a base that moves", cut("Dockerfile", r"@sha256:[0-9a-f]{64} AS", " AS"), "dockerfile.base.pinned"
    ),
    mutant(
        "requirements without versions",
        write("requirements.txt", "fastapi\nnumpy\nprometheus-client\nuvicorn\n"),
        "dockerfile.dependencies.pinned",
    ),
    mutant(
        "a secret in a layer",
        edit("Dockerfile", "WORKDIR /app", "ENV REGISTRY_PASSWORD=hunter2-and-more\nWORKDIR /app"),
        "dockerfile.secrets.none",
    ),
    mutant(
        "everything is copied and nothing ignored",
        both(delete(".dockerignore"), cut("Dockerfile", _COPIES, "COPY . .\n")),
        "dockerfile.context.ignored",
    ),
    mutant(
        "lints that are suppressed",
        edit(
            "Dockerfile",
            "WORKDIR /app",
            "# hadolint ignore=DL3003,DL3004\nRUN cd /opt && sudo true\nWORKDIR /app",
        ),
        "dockerfile.lint.clean",
    ),
    mutant(
        "errors that are swallowed and suppressed",
        edit(
            "serve.py",
            "if __name__",
            "try:\n    import uvloop\nexcept:  # noqa\n    pass  # nosec\n\nif __name__",
        ),
        "code.lint.sound",
    ),
    mutant(
        "a key in the code",
        edit("serve.py", "GRACE_SECONDS = 20", f'GRACE_SECONDS = 20\nKEY = "{_KEY}"'),
        "code.secrets.kept",
    ),
    mutant(
        "another hash in the lock",
        cut(
            "dvc.lock",
            r"(model/model\.safetensors\n      hash: md5\n      md5: )[0-9a-f]{8}",
            r"\g<1>00000000",
        ),
        "lineage.dvc.verified",
    ),
    mutant(
        "a card left as the template",
        edit("MODEL_CARD.md", "Sorting applications", "TODO sorting applications"),
        "lineage.card.structure",
    ),
    mutant(
        "no tracked parameters",
        lambda folder: [shutil.rmtree(p) for p in folder.glob("mlruns/*/*/params")] and None,
        "lineage.tracking.complete",
    ),
    mutant(
        "a pickle that runs a program", write("model/extra.pkl", pickle.dumps(_Shell())), "model.file.safe"
    ),
    mutant(
        "an alert on a metric that is not there",
        edit(
            _RULES, "max by (job, feature) (feature_drift_psi)", "max by (job, feature) (feature_drift_score)"
        ),
        "monitoring.rules.metrics-exist",
    ),
    mutant(
        "no alert about errors",
        both(
            cut(_RULES, r"      - alert: CreditScoringErrors.*?(?=      - alert: CreditScoringRef)"),
            cut(_RULES, r"      - alert: CreditScoringRefusals.*?(?=      - alert: CreditScoringSlow)"),
            cut(_RULES, r"      - alert: CreditScoringDown.*?(?=      - alert: CreditScoringSlow)"),
        ),
        "monitoring.rules.coverage",
    ),
    mutant("alerts at every blip", cut(_RULES, r"        for: 5m\n"), "monitoring.rules.actionable"),
    mutant(
        "a panel that stays empty",
        edit("monitoring/dashboard.json", "min(drift_window_rows)", "min(window_rows)"),
        "monitoring.dashboards.queries",
    ),
    mutant(
        "alerts that are not tested",
        edit("monitoring/age_test.yml", "alertname: CreditScoringModelOld", "alertname: Other"),
        "monitoring.rules.tested",
    ),
    mutant(
        "a job that waits for none",
        edit(_WORKFLOW, "needs: test", "needs: tests"),
        "pipeline.valid",
    ),
    mutant(
        "a gate that never fails",
        cut("gate.py", r"    if auc < LEAST_AUC or against:\n        return 1\n"),
        "pipeline.stages.complete",
        "pipeline.order.gated",
    ),
    mutant(
        "a deployment beside the gate",
        edit(_WORKFLOW, "needs: package", "needs: test"),
        "pipeline.order.gated",
    ),
    mutant(
        "a message that becomes a command",
        edit(
            _WORKFLOW,
            "run: python check_data.py data/train.csv",
            'run: echo "${{ github.event.client_payload.why }}"',
        ),
        "pipeline.safe",
    ),
    mutant(
        "training by push only",
        cut(_WORKFLOW, r"  schedule:.*?(?=\npermissions)"),
        "pipeline.triggers.retrain",
    ),
    mutant(
        "no readiness",
        cut(_MANIFESTS, r"          readinessProbe:.*?(?=          livenessProbe)"),
        "manifests.probes.sane",
    ),
    mutant(
        "a selector that matches nothing",
        edit(_MANIFESTS, "  selector: {app.kubernetes.io/name: credit-scoring}", "  selector: {app: credit}"),
        "manifests.wiring.resolved",
    ),
    mutant(
        "a root file system that can be written to",
        edit(_MANIFESTS, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
        "manifests.hardening.restricted",
    ),
    mutant(
        "an API version that is gone",
        edit(_MANIFESTS, "policy/v1", "policy/v1beta1"),
        "manifests.schema.valid",
    ),
    mutant(
        "no disruption budget",
        cut(_MANIFESTS, r"apiVersion: policy/v1.*?---\n"),
        "manifests.availability.survives",
    ),
    mutant(
        "metrics looked for elsewhere",
        both(edit(_MANIFESTS, 'prometheus.io/port: "8080"', 'prometheus.io/port: "9090"')),
        "manifests.scrape.configured",
    ),
)
