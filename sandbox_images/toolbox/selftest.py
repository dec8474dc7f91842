"""Run inside the image, hardened: does every tool find the fault that is put before it?"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

HOME = Path("/opt/linters")
OWN = HOME / "audition"
TOKEN = "gh" + "p_" + "q8Zr2LmX0vTn5KcW7bYj3HdPfG6sAe9RuQ1i"
STEPS = "    steps:\n      - run: ls\n"
WORKFLOW = f"on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    needs: b\n{STEPS}"
FILES = {
    "Dockerfile": "# hadolint global ignore=DL3007\nFROM python:latest\nCMD python app.py\n",
    ".github/workflows/ci.yml": WORKFLOW,
    "broken/ci.yml": f"{WORKFLOW}        oops: 1\n",
    "deploy.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: 5}\n",
    "app.py": "import os\nos.system(undefined)  # nosec\n",
    "start.sh": "#!/bin/sh\necho $1\n",
    ".env": f"API_TOKEN={TOKEN}\n",
    "rules.yml": "groups: [{name: a, rules: [{alert: A, expr: 'rate(x)'}]}]\n",
    "model.pkl": "cposix\nsystem\n(S'id'\ntR.",
}
#: What is run, and what it must say.
CASES = {
    "promtool": ("check rules rules.yml", "expected type range vector"),
    "hadolint": (f"--disable-ignore-pragma -c {OWN}/hadolint.yaml -f json Dockerfile", "DL3007"),
    "python": (f"-I {OWN}/checkov_report.py .", "CKV_DOCKER_3"),
    "zizmor": (
        "--offline --no-config --no-ignores --format json-v1 .github/workflows/ci.yml",
        "dangerous-triggers",
    ),
    "actionlint": ("-shellcheck= -pyflakes= .github/workflows/ci.yml", "which does not exist"),
    "act": ("--validate --workflows broken --directory .", "not valid"),
    "check-jsonschema": ("--builtin-schema vendor.github-workflows -o json broken/ci.yml", "oops"),
    "kubernetes-validate": ("deploy.yaml", "did not validate"),
    "gitleaks": ("dir . --no-banner -f json -r -", "github-pat"),
    "ruff": ("check --isolated --no-cache --select F app.py", "F821"),
    "bandit": ("--ignore-nosec -f json app.py", "B605"),
    "shellcheck": ("--norc start.sh", "SC2086"),
    "picklescan": ("-p model.pkl", "posix system"),
    "python3": ("-I -m detect_secrets scan --all-files --no-verify .", "GitHub Token"),
}

with tempfile.TemporaryDirectory() as name:
    for path, text in FILES.items():
        Path(name, path).parent.mkdir(parents=True, exist_ok=True)
        Path(name, path).write_text(text)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": name,
        "LANG": "C.UTF-8",
        "XDG_CONFIG_HOME": f"{OWN}/config",
        "DOCKER_HOST": "unix:///nowhere",
    }
    for program, (arguments, expected) in CASES.items():
        argv = [str(HOME / "bin" / program), *arguments.split()]
        done = subprocess.run(argv, cwd=name, env=environment, capture_output=True, text=True, check=False)
        assert expected in done.stdout + done.stderr, (program, done.returncode, done.stdout, done.stderr)

assert os.getuid() != 0
print(
    ", ".join(
        f"{tool} {version}" for tool, version in json.loads((HOME / "versions.json").read_text()).items()
    )
)
