"""Run checkov's checks of Dockerfiles, manifests and pipelines over a folder, and print what each said.

Its own command line takes ten seconds to load the checks of every cloud; these four frameworks load in one. It also
reads configuration from the folder it scans, which this does not.
"""

import json
import os
import sys

os.environ.update(BC_SKIP_MAPPING="TRUE", LOG_LEVEL="ERROR", CKV_IGNORE_HIDDEN_DIRECTORIES="false")

from checkov.dockerfile.runner import Runner as DockerfileRunner
from checkov.github_actions.runner import Runner as WorkflowRunner
from checkov.gitlab_ci.runner import Runner as GitlabRunner
from checkov.kubernetes.runner import Runner as KubernetesRunner
from checkov.runner_filter import RunnerFilter

RUNNERS = {
    "dockerfile": DockerfileRunner,
    "kubernetes": KubernetesRunner,
    "github_actions": WorkflowRunner,
    "gitlab_ci": GitlabRunner,
}
OUTCOMES = ("passed", "failed", "skipped")


def items(folder: str) -> list[dict[str, object]]:
    """Every check of every framework, with its outcome."""
    found = []
    for framework, runner in RUNNERS.items():
        reports = runner().run(root_folder=folder, runner_filter=RunnerFilter(framework=[framework]))
        for report in reports if isinstance(reports, list) else [reports]:
            found += [
                {
                    "rule": check.check_id,
                    "name": check.check_name,
                    "outcome": outcome,
                    "file": check.file_path,
                    "line": check.file_line_range[0],
                    "resource": check.resource,
                }
                for outcome in OUTCOMES
                for check in getattr(report, f"{outcome}_checks")
            ]
    return found


channel = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # Whatever checkov prints is no part of the document.
json.dump(items(sys.argv[1]), channel)
channel.flush()
