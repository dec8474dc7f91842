"""Ask every tool for its version, once, while the image is built."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

BIN = Path(sys.prefix, "bin")
ASK = {
    "hadolint": ["hadolint", "--version"],
    "zizmor": ["zizmor", "--version"],
    "actionlint": ["actionlint", "--version"],
    "act": ["act", "--version"],
    "gitleaks": ["gitleaks", "version"],
    "ruff": ["ruff", "--version"],
    "shellcheck": ["shellcheck", "--version"],
    "promtool-rules": ["promtool", "--version"],
    "promtool-tests": ["promtool", "--version"],
}
PACKAGES = {
    "checkov": "checkov",
    "schema-workflow": "check-jsonschema",
    "schema-gitlab": "check-jsonschema",
    "kubernetes-validate": "kubernetes-validate",
    "bandit": "bandit",
    "detect-secrets": "bc-detect-secrets",
    "picklescan": "picklescan",
}

found = {name: version(package) for name, package in PACKAGES.items()}
for name, (program, *arguments) in ASK.items():
    done = subprocess.run([str(BIN / program), *arguments], capture_output=True, text=True, check=True)
    found[name] = re.search(r"\d+(?:\.\d+)+\S*", done.stdout + done.stderr)[0]
json.dump(found, sys.stdout, indent=1, sort_keys=True)
