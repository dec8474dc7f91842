"""Do the commands of the README work (K9)? Those that need no network and no engine were tried, in their order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from audition.domain.exercise import Attempt, Exercise, ExerciseEvidence
from audition.domain.grade import Evidence
from audition.domain.run import Stage, Verdict
from audition.grading import Result, Workspace, check, failed, not_applicable, not_assessed, partial, passed
from audition.grading.readme import Line, find_readme, is_to_try, read_lines, served_programs, why_not
from audition.grading.tree import Text, Tree
from graders.exercised import NOT_STARTED, NOT_TRIED, ending

#: What programs say when nobody answers them. Source: the messages of glibc's resolver, Linux, curl and urllib3.
_ALONE = re.compile(
    r"Network is unreachable|Name or service not known|Temporary failure in name resolution|Could not resolve host"
    r"|Failed to establish a new connection|Connection refused|ConnectError"
)
_MODULE = re.compile(r"No module named '?([A-Za-z_]\w*)")
#: A tool of the surroundings, asked for by a script or by make.
_TOOL = re.compile(r"\b(docker|podman|kubectl|helm|pip3?|uv|git|curl|wget|make|dvc): (?:command )?not found")
_MOST_COMMAND = 200


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one line."""

    line: Line
    attempt: Attempt | None = None
    reason: str = ""
    """Why it says nothing, to follow "line 12"; empty when it works or fails."""

    def evidence(self, file: str) -> Evidence:
        """The line, what became of it, and the end of what it printed."""
        said = self.reason or (ending(self.attempt) if self.attempt else "")
        log = self.attempt.log if self.attempt and not self.reason else ""
        summary = f"`{self.line.text[:_MOST_COMMAND]}` {said}"
        return Evidence(summary=summary, file=file, line=self.line.number, excerpt=log)


@check(
    "consistency.readme.works",
    "Commands of the README work",
    points=1,
    why="A colleague who starts with a command that fails trusts the rest of the README no more.",
    fix="Run every command of the README in a fresh clone, in its order, and mend those that fail.",
)
def works(workspace: Workspace) -> Result:
    """Share of the tried lines of fenced blocks that end with 0 (K9); what cannot work here counts for nothing."""
    tree = Tree(workspace.submission)
    text = find_readme(tree)
    if Stage.EXERCISE not in workspace.manifest.stages:
        return not_applicable(NOT_TRIED)
    if text is None:
        return not_assessed("Not assessed: there is no README.md at the top.")
    if workspace.exercise is None:
        return not_assessed("The commands of the README could not be tried.")
    outcomes = list(_outcomes(tree, text, workspace.exercise))
    judged = [outcome for outcome in outcomes if not outcome.reason]
    open_ = [outcome.evidence(text.path) for outcome in outcomes if outcome.reason]
    if not judged:
        return not_assessed(f"Not assessed: no command of the README can be tried here.{_rest(open_)}")
    bad = [o for o in judged if o.attempt is not None and not o.attempt.is_well]
    if not bad:
        sentence = f"All {len(judged)} commands of the README that could be tried work.{_rest(open_)}"
        return passed(sentence, *open_)
    sentence = (
        f"{len(bad)} of {len(judged)} commands of the README that could be tried fail: line"
        f" {', '.join(str(o.line.number) for o in bad)}.{_rest(open_)}"
    )
    share = 1 - len(bad) / len(judged)
    places = (*(o.evidence(text.path) for o in bad), *open_)
    return partial(share, sentence, *places) if share else failed(sentence, *places)


def _rest(open_: list[Evidence]) -> str:
    if not open_:
        return ""
    return f" Not tried to its end, which counts for nothing: {len(open_)}, the first because line {_why(open_[0])}."


def _why(item: Evidence) -> str:
    return f"{item.line} {item.summary.rpartition('` ')[2]}"


def _outcomes(tree: Tree, text: Text, evidence: ExerciseEvidence) -> Iterator[_Outcome]:
    served = served_programs(tree)
    for line in read_lines(text):
        if not is_to_try(line):
            continue
        if reason := why_not(line, served):
            yield _Outcome(line, reason=reason)
            continue
        attempt = evidence.of(f"{Exercise.README}.{line.number}")
        if attempt is None:
            said = evidence.omitted.get(Exercise.README, evidence.trouble)
            yield _Outcome(line, reason=f"was not reached. {said}".strip().rstrip("."))
        else:
            yield _Outcome(line, attempt, _undecided(tree, line, attempt))


def _undecided(tree: Tree, line: Line, attempt: Attempt) -> str:
    """Why the end of an attempt says nothing of the README; empty when it does."""
    if attempt.is_well:
        return ""
    if attempt.verdict in {Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT, Verdict.OUTPUT_LIMIT}:
        return ending(attempt)
    if _ALONE.search(attempt.log):
        return "asks somebody over a network"
    module = _MODULE.search(attempt.log)
    if module and not any(path.startswith((f"{module[1]}.py", f"{module[1]}/")) for path in tree.paths):
        return f"needs the package {module[1][:60]}, which the images do not have"
    if tool := _TOOL.search(attempt.log):
        return f"needs {tool[1]}"
    program = line.commands[0][0]
    is_own = "/" in program
    return f"needs {program[:60]}" if attempt.exit_code in NOT_STARTED and not is_own else ""
