"""Checks: small functions that look at a workspace and say what they saw."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from audition.domain.grade import Dimension, Evidence, Finding, Grade, GradeStatus, Outcome
from audition.grading.workspace import Need, Workspace

_MAX_EVIDENCE = 20
_MAX_TEXT = 2000
#: Outcomes after which there is nothing to mend here.
_CLEAN = frozenset({Outcome.PASSED, Outcome.BLOCKED, Outcome.NOT_APPLICABLE, Outcome.NOT_ASSESSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a check function returns; use the constructors below."""

    outcome: Outcome
    share: float
    """Share of the check's points that are earned, in [0, 1]."""
    sentence: str
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    blocked_by: str = ""
    """The check that is to blame when it is BLOCKED."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check function with what is known about it before it runs."""

    id: str
    title: str
    points: float
    why: str
    fix: str
    look: Callable[[Workspace], Result]
    is_static: bool = False
    """Whether it reads files only, whatever the grader's other checks do."""

    def __call__(self, workspace: Workspace) -> Finding:
        """Run the function and lay its result out as a finding; texts are capped, for they quote candidates."""
        result = self.look(workspace)
        is_clean = result.outcome in _CLEAN
        return Finding(
            check=self.id,
            title=self.title,
            outcome=result.outcome,
            points=round(self.points * result.share, 6),
            max_points=self.points,
            sentence=result.sentence[:_MAX_TEXT],
            reviewer_note=result.note[:_MAX_TEXT],
            why=self.why,
            how_to_fix="" if is_clean else self.fix,
            evidence=result.evidence[:_MAX_EVIDENCE],
            is_static=self.is_static,
            blocked_by=result.blocked_by,
        )


def check(  # noqa: PLR0913  what is known of a check before it runs
    id: str,  # noqa: A002  the catalogue's own word
    title: str,
    *,
    points: float,
    why: str,
    fix: str,
    is_static: bool = False,
) -> Callable[[Callable[[Workspace], Result]], Check]:
    """Turn a function into a check.

    Args:
        id: Stable, dotted, kebab case: "dockerfile.user.non-root".
        title: What a reader sees first, a few words.
        points: What the check is worth; 0 for one that informs or guards only.
        why: Why it matters in production, one sentence.
        fix: What to do, one or two sentences.
        is_static: Whether it reads files only, in a grader that otherwise judges what was observed.
    """

    def wrap(look: Callable[[Workspace], Result]) -> Check:
        return Check(id, title, points, why, fix, look, is_static)

    return wrap


def passed(sentence: str, *evidence: Evidence) -> Result:
    """Everything is as it should be."""
    return Result(outcome=Outcome.PASSED, share=1.0, sentence=sentence, evidence=evidence)


def partial(share: float, sentence: str, *evidence: Evidence) -> Result:
    """Some of it is; `share` in [0, 1]."""
    return Result(outcome=Outcome.PARTIAL, share=share, sentence=sentence, evidence=evidence)


def failed(sentence: str, *evidence: Evidence) -> Result:
    """It is not."""
    return Result(outcome=Outcome.FAILED, share=0.0, sentence=sentence, evidence=evidence)


def blocked(reason: str, by: str) -> Result:
    """A fault of the submission left nothing to look at: earns nothing.

    Args:
        reason: What the fault is, a sentence.
        by: The check that has it; empty where no single one has.
    """
    return Result(outcome=Outcome.BLOCKED, share=0.0, sentence=f"Blocked: {reason}", blocked_by=by)


def not_applicable(reason: str) -> Result:
    """The challenge does not ask for it, or there is no such thing; counts for nothing."""
    return Result(outcome=Outcome.NOT_APPLICABLE, share=0.0, sentence=reason)


def not_assessed(reason: str) -> Result:
    """We could not look: a limit of ours, which counts for nothing."""
    return Result(outcome=Outcome.NOT_ASSESSED, share=0.0, sentence=reason)


def informative(sentence: str, *evidence: Evidence) -> Result:
    """Worth knowing, worth no points."""
    return Result(outcome=Outcome.INFORMATIVE, share=0.0, sentence=sentence, evidence=evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckList:
    """A grader that is a list of checks."""

    name: str
    version: str
    dimension: Dimension
    needs: frozenset[Need]
    checks: tuple[Check, ...]
    is_static: bool = False
    """Whether it reads files only, and nothing that was observed while the submission ran."""

    def grade(self, workspace: Workspace) -> Grade:
        """Run every check."""
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=tuple(self._found(check, workspace) for check in self.checks),
        )

    def _found(self, check: Check, workspace: Workspace) -> Finding:
        found = check(workspace)
        return replace(found, is_static=found.is_static or self.is_static)
