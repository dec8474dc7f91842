"""Pipelines of GitHub and GitLab as one thing: jobs, what each waits for, what it runs, and what starts it all."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from audition.domain.grade import Evidence
from audition.grading import Workspace
from audition.grading.tree import Tree
from audition.grading.yaml_files import Document, items, read_yaml, table

_GITLAB = (".gitlab-ci.yml", ".gitlab-ci.yaml")
#: Keys of a GitLab file that are no jobs. Source: GitLab CI/CD YAML reference, global keywords.
_RESERVED = frozenset(
    [
        "default",
        "include",
        "stages",
        "variables",
        "workflow",
        "image",
        "services",
        "cache",
        "before_script",
        "after_script",
        "pages:deploy",
        "spec",
    ]
)
_STAGES = ("build", "test", "deploy")
"""GitLab's own, where a file names none."""
_MAX_FILES = 20
_MAX_JOBS = 200
_MAX_STEPS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a job does."""

    title: str
    script: str
    """Shell; empty for one that uses something made by others."""
    uses: str
    """A reusable action; empty for a script."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a pipeline."""

    name: str
    file: str
    line: int
    needs: tuple[str, ...]
    steps: tuple[Step, ...]

    def evidence(self, summary: str, line: int | None = None) -> Evidence:
        """Point at it, or at one of its steps."""
        return Evidence(summary=summary, file=self.file, line=line or self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One file's jobs."""

    file: str
    host: str
    """"github" or "gitlab"."""
    jobs: dict[str, Job] = field(default_factory=dict)
    triggers: frozenset[str] = frozenset()
    """"push", "schedule", "event" (something outside tells it), "manual"."""
    crons: tuple[str, ...] = ()
    error: str = ""
    error_line: int | None = None
    unknown_needs: tuple[tuple[str, str], ...] = ()
    """Jobs with what they wait for and is not there."""

    def before(self, name: str) -> frozenset[str]:
        """Every job that has ended well when this one starts."""
        found: set[str] = set()
        waiting = list(self.jobs[name].needs)
        while waiting:
            one = waiting.pop()
            if one in self.jobs and one not in found:
                found.add(one)
                waiting.extend(self.jobs[one].needs)
        return frozenset(found)

    def has_cycle(self) -> bool:
        """Whether a job waits for itself."""
        return any(name in self.before(name) for name in self.jobs)


def pipelines(workspace: Workspace) -> tuple[Pipeline, ...]:
    """The submission's pipelines, unreadable ones too."""
    root = workspace.submission
    files = [root / name for name in _GITLAB]
    folder = root / ".github" / "workflows"
    files += sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])[:_MAX_FILES] if folder.is_dir() else []
    there = [file for file in files if file.is_file() and not file.is_symlink() and file.name.isprintable()]
    key = tuple((str(file.relative_to(root)), file.stat().st_mtime_ns) for file in there)
    return _pipelines(root, key)


@lru_cache(maxsize=4)
def _pipelines(root: Path, files: tuple[tuple[str, int], ...]) -> tuple[Pipeline, ...]:
    tree = Tree(root)
    return tuple(_pipeline(tree, name) for name, _ in files)


def _pipeline(tree: Tree, name: str) -> Pipeline:
    host = "gitlab" if name in _GITLAB else "github"
    text = tree.text(name)
    if text is None:
        return Pipeline(file=name, host=host, error="it is too large, or no text")
    read = read_yaml(text)
    if read.error or not read.documents:
        return Pipeline(file=name, host=host, error=read.error or "it is empty", error_line=read.line)
    document = read.documents[-1]
    if not isinstance(document.value, dict):
        return Pipeline(file=name, host=host, error="it is no mapping")
    return _github(document) if host == "github" else _gitlab(document)


def _github(document: Document) -> Pipeline:
    jobs: dict[str, Job] = {}
    for name, body in list(table(document.value, "jobs").items())[:_MAX_JOBS]:
        jobs[name] = Job(
            name=name,
            file=document.file,
            line=document.line("jobs", name),
            needs=_words(body.get("needs") if isinstance(body, dict) else None),
            steps=tuple(_github_steps(document, name, body)),
        )
    # YAML 1.1 reads the key `on` as a truth value.
    starts = document.value.get("on", document.value.get(True))
    events = set(_words(starts)) | set(table(starts))
    crons = tuple(str(table(entry).get("cron", "")) for entry in items(starts, "schedule"))
    return Pipeline(
        file=document.file,
        host="github",
        jobs=jobs,
        triggers=_github_triggers(events),
        crons=crons,
        unknown_needs=_unknown(jobs),
    )


def _github_triggers(events: set[str]) -> frozenset[str]:
    found = {"schedule"} & events
    found |= (
        {"event"}
        if events & {"repository_dispatch", "workflow_run", "workflow_call", "registry_package"}
        else set()
    )
    found |= {"manual"} if "workflow_dispatch" in events else set()
    found |= {"push"} if events & {"push", "pull_request", "release", "merge_group"} else set()
    return frozenset(found)


def _github_steps(document: Document, job: str, body: Any) -> list[Step]:  # noqa: ANN401  whatever YAML can hold
    if uses := table(body).get("uses"):
        line = document.line("jobs", job, "uses")
        return [Step(title=str(table(body).get("name", "")), script="", uses=str(uses), line=line)]
    steps = []
    for number, step in enumerate(items(body, "steps")[:_MAX_STEPS]):
        found = table(step)
        line = document.line("jobs", job, "steps", number)
        script = found.get("run")
        steps.append(
            Step(
                title=str(found.get("name", "")),
                script=script if isinstance(script, str) else "",
                uses=str(found.get("uses", "")),
                line=line,
            )
        )
    return steps


def _gitlab(document: Document) -> Pipeline:
    top = table(document.value)
    order = [str(stage) for stage in items(top, "stages")] or list(_STAGES)
    bodies = {n: b for n, b in top.items() if _is_job(n, b)}
    stage_of = {name: str(body.get("stage", "test")) for name, body in bodies.items()}
    jobs: dict[str, Job] = {}
    for name, body in list(bodies.items())[:_MAX_JOBS]:
        needs = body.get("needs")
        if isinstance(needs, list):
            waits = tuple(str(table(n).get("job", "")) if isinstance(n, dict) else str(n) for n in needs)
        else:
            waits = tuple(other for other in bodies if _is_earlier(order, stage_of[other], stage_of[name]))
        jobs[name] = Job(
            name=name,
            file=document.file,
            line=document.line(name),
            needs=waits,
            steps=_gitlab_steps(document, name, body),
        )
    lost = tuple((name, stage) for name, stage in stage_of.items() if stage not in {*order, ".pre", ".post"})
    return Pipeline(
        file=document.file,
        host="gitlab",
        jobs=jobs,
        triggers=_gitlab_triggers(top),
        unknown_needs=(*_unknown(jobs), *lost),
    )


def _is_job(name: str, body: object) -> bool:
    is_hidden = name.startswith(".") or name in _RESERVED
    return (
        not is_hidden and isinstance(body, dict) and bool({"script", "trigger", "extends", "run"} & set(body))
    )


def _is_earlier(order: list[str], one: str, other: str) -> bool:
    return one in order and other in order and order.index(one) < order.index(other)


def _gitlab_steps(document: Document, name: str, body: dict[str, Any]) -> tuple[Step, ...]:
    lines = [*_words(body.get("before_script")), *_words(body.get("script"))][:_MAX_STEPS]
    line = document.line(name, "script")
    return (Step(title=name, script="\n".join(lines), uses="", line=line),)


def _gitlab_triggers(top: dict[str, Any]) -> frozenset[str]:
    """What the rules of a file speak of; a schedule itself is made in GitLab and is not in the file."""
    text = " ".join(_texts(top))
    found = {"push"}
    found |= {"schedule"} if "schedules" in text or '"schedule"' in text or "'schedule'" in text else set()
    outside = ('"trigger"', "'trigger'", '"api"', "'api'", '"pipeline"', "triggers")
    found |= {"event"} if any(word in text for word in outside) else set()
    found |= {"manual"} if "manual" in text or '"web"' in text else set()
    return frozenset(found)


def _texts(value: object) -> list[str]:
    """What the keys `rules`, `only` and `when` hold, wherever they stand."""
    found: list[str] = []
    waiting: list[tuple[object, bool]] = [(value, False)]
    while waiting:
        one, is_rule = waiting.pop()
        if isinstance(one, dict):
            waiting.extend((v, is_rule or k in {"rules", "only", "when", "if"}) for k, v in one.items())
        elif isinstance(one, list):
            waiting.extend((item, is_rule) for item in one)
        elif is_rule and isinstance(one, str):
            found.append(one)
    return found


def _unknown(jobs: dict[str, Job]) -> tuple[tuple[str, str], ...]:
    return tuple((job.name, need) for job in jobs.values() for need in job.needs if need and need not in jobs)


def _words(value: object) -> tuple[str, ...]:
    """One text or a list of them; lists of lists, as YAML anchors make them, laid flat."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return ()
    return tuple(word for item in value for word in _words(item))
