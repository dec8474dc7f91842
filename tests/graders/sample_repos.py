"""Two submissions for graders that look at files: one with every usual defect, one without.

Files are text in here and not files in a folder: linters of our own must not read them, and what looks like a
secret is put together so that no scanner of this repository finds one.
"""

from pathlib import Path

#: Of the form of real ones, and of no account anywhere.
CLOUD_KEY = "AKIA" + "Z7QWERTYUIOP2345"
HUB_TOKEN = "gh" + "p_" + "q8Zr2LmX0vTn5KcW7bYj3HdPfG6sAe9RuQ1i"
PASSWORD = "hunter2" + "-Tr0ub4dor"

_BAD_DOCKERFILE = f"""\
# hadolint global ignore=DL3007,DL3008,DL4006,DL3042,DL3020,DL3025,DL3015,DL3059
FROM python:latest
ENV AWS_SECRET_ACCESS_KEY={PASSWORD}
ADD . /app
WORKDIR /app
RUN apt-get update && apt-get install curl
RUN curl -sSL https://example.org/install.sh | bash
RUN pip install flask pandas
EXPOSE 22
EXPOSE 99999
CMD python app.py
CMD python serve.py
"""

_BAD_WORKFLOW = """\
name: ci
on:
  pull_request_target:
  schedule:
    - cron: "61 * * * *"
permissions: write-all
jobs:
  build:
    runs-on: ubuntu-ancient
    needs: tests
    steps:
      - uses: actions/checkout@v2
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: echo "${{ github.event.pull_request.title }}"
      - run: echo ${{ matrix.nothing.here
"""

_BAD_MANIFEST = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scorer
spec:
  replicas: "two"
  selector:
    matchLabels: {{app: scorer}}
  template:
    metadata:
      labels: {{app: scorer}}
      annotations:
        checkov.io/skip1: CKV_K8S_16=we like it
    spec:
      containers:
        - name: scorer
          image: scorer:latest
          securityContext: {{privileged: true}}
          env:
            - name: DB_PASSWORD
              value: {PASSWORD}
"""

_BAD_CODE = f"""\
import pickle, os, subprocess
import yaml  # noqa: F401
TOKEN = "{HUB_TOKEN}"
AWS = "{CLOUD_KEY}"  # pragma: allowlist secret
def load(path, cache=[]):
    try:
        return pickle.load(open(path, "rb"))  # nosec
    except:
        pass
def run(command):
    subprocess.call(command, shell=True)
    assert command
    return eval(command)
if undefined_name:
    print("x")
"""

_BAD_RULES = """\
groups:
- name: scorer
  rules:
  - alert: ScorerSlow
    expr: histogram_quantile(0.95, sum by (le) (rate(scorer_request_seconds_bucket[5m])) > 0.2
  - alert: ScorerDrift
    expr: max(scorer_drift) > 0.2
    annotations: {summary: "Drift is {{ $value "}
"""
_RULE_TESTS = """\
rule_files: [rules.yml]
tests:
- interval: 1m
  input_series: [{series: scorer_drift, values: 0.1+0x5 0.4+0x20}]
  alert_rule_test:
  - {eval_time: 4m, alertname: ScorerDrift}
  - {eval_time: 20m, alertname: ScorerDrift, exp_alerts: [{exp_labels: {severity: page}}]}
"""

BAD = {
    "Dockerfile": _BAD_DOCKERFILE,
    ".hadolint.yaml": "ignored: [DL3007, DL3020]\n",
    ".checkov.yaml": "skip-check: [CKV_DOCKER_2, CKV_DOCKER_3]\n",
    ".bandit": "[bandit]\nskips: B602\n",
    "pyproject.toml": '[tool.ruff.lint]\nignore = ["ALL"]\n',
    ".github/workflows/ci.yml": _BAD_WORKFLOW,
    ".github/zizmor.yml": "rules:\n  template-injection:\n    disable: true\n",
    "deploy/k8s.yaml": _BAD_MANIFEST,
    "app.py": _BAD_CODE,
    "entrypoint.sh": '#!/bin/bash\n# shellcheck disable=SC2086\ncd $1\nrm -rf $2/*\nexec "python" app.py $@\n',
    ".env": f"API_TOKEN={HUB_TOKEN}\n",
    "ops/rules.yml": _BAD_RULES,
    "ops/rules_test.yml": _RULE_TESTS,
}

_GOOD_DOCKERFILE = """\
FROM python:3.11.9-slim@sha256:8fb099199b9f2d70342674bd9dbccd3ed03a258f26bbd1d556822c6dfc60c317
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY serve.py model.py ./
USER 10001
EXPOSE 8080
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/livez')"]
CMD ["python", "serve.py"]
"""

_GOOD_WORKFLOW = """\
name: retrain
on:
  push:
    branches: [main]
  schedule:
    - cron: "17 3 * * 1"
  repository_dispatch:
    types: [drift-alert]
permissions: {}
concurrency:
  group: retrain
  cancel-in-progress: false
jobs:
  train:
    name: Train
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - run: python train.py --data data --out model.joblib
  evaluate:
    name: Evaluate and gate
    needs: train
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - run: python evaluate.py --model model.joblib --out metrics.json
      - name: Quality gate
        run: python gate.py --metrics metrics.json --minimum 0.8
  package:
    name: Package
    needs: evaluate
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - run: docker build --tag scorer .
  deploy:
    name: Deploy
    needs: package
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - run: kubectl apply -f deploy/k8s.yaml
"""

_GOOD_MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scorer
  namespace: scoring
spec:
  replicas: 2
  selector:
    matchLabels: {app: scorer}
  template:
    metadata:
      labels: {app: scorer}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: scorer
          image: registry.example.org/scorer:1.4.2
          imagePullPolicy: Always
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /readyz, port: 8080}}
          livenessProbe: {httpGet: {path: /livez, port: 8080}}
          resources:
            requests: {cpu: 250m, memory: 256Mi}
            limits: {cpu: "1", memory: 512Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
"""

_GOOD_CODE = '''\
"""Serve the model."""

import json
from pathlib import Path


def threshold(path: Path) -> float:
    """Read the threshold that the gate wrote."""
    with path.open(encoding="utf-8") as stream:
        return float(json.load(stream)["threshold"])
'''

_GATE = '''\
"""Refuse a model that is too weak."""

import json
import sys
from pathlib import Path

metrics = json.loads(Path("metrics.json").read_text(encoding="utf-8"))
if metrics["roc_auc"] < 0.8:
    sys.exit("The model is too weak.")
'''

_GOOD_RULES = """\
groups:
- name: scorer
  rules:
  - alert: ScorerDrift
    expr: scorer_drift > 0.2
    for: 5m
    labels: {severity: page}
"""

GOOD = {
    "Dockerfile": _GOOD_DOCKERFILE,
    ".dockerignore": ".git\ndata\n*.ipynb\n.venv\n",
    "requirements.txt": "flask==3.1.0 --hash=sha256:5f873c5184c897c8d9d1b05df1e3d01b14910ce69607a117bd3277098a5836ac\n",
    ".github/workflows/retrain.yml": _GOOD_WORKFLOW,
    "deploy/k8s.yaml": _GOOD_MANIFEST,
    "serve.py": _GOOD_CODE,
    "model.py": '"""The model\'s inputs."""\n\nCOLUMNS = ("age", "income")\n',
    "train.py": '"""Train."""\n',
    "evaluate.py": '"""Evaluate."""\n',
    "gate.py": _GATE,
    "ops/rules.yml": _GOOD_RULES,
    "ops/rules_test.yml": _RULE_TESTS,
    "entrypoint.sh": '#!/bin/sh\nset -eu\nexec python serve.py "$@"\n',
}


#: A model file of each: one that would start a program when it is loaded, one that holds numbers.
PICKLE = {"bad": b"cposix\nsystem\n(S'id'\ntR.", "good": b"\x80\x04]\x94(K\x01K\x02e."}


def write_repo(folder: Path, files: dict[str, str]) -> Path:
    """Lay the files out below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
