"""Does the monitoring notice when data drift, and only then? Judged from what metrics did under sent traffic."""

from dataclasses import dataclass, replace

from audition.domain import drift_validity
from audition.domain.grade import Dimension, Finding, Grade, GradeStatus, Outcome
from audition.domain.run import Stage
from audition.grading import Check, Need, Result, Workspace, blocked, not_applicable, not_assessed
from audition.grading.versions import content_version
from graders.chain import no_page, no_service
from graders.drift import loop
from graders.drift.drawing import curves_of
from graders.drift.rules import RULES, Rule, valid
from graders.drift.study import Study, make_study

#: Tells which runs could not be used, and why.
_VALID = "drift.runs.valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftGrader:
    """Grades the evidence of the drift protocol; docs/drift.md explains it."""

    name: str = "drift"
    version: str = content_version("1", __file__, drift_validity.__file__)
    dimension: Dimension = Dimension.DRIFT
    needs: frozenset[Need] = frozenset({Need.DRIFT, Need.SUBMISSION})

    def grade(self, workspace: Workspace) -> Grade:
        """Study the evidence once, then apply every rule."""
        study = make_study(workspace.drift) if workspace.drift else None
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK if study else GradeStatus.BLOCKED,
            findings=(*(_finding(rule, study, workspace) for rule in RULES), _loop(study, workspace)),
            curves=curves_of(study) if study and study.is_conclusive() else (),
        )


def _finding(rule: Rule, study: Study | None, workspace: Workspace) -> Finding:
    """A rule's finding, laid out as that of any other check."""
    return Check(
        rule.id, rule.title, rule.points, rule.why, rule.fix, lambda given: _result(rule, study, given)
    )(workspace)


def _loop(study: Study | None, workspace: Workspace) -> Finding:
    """What was heard of the way from an alert to a training, or else what files say of it."""
    listened = [run for run in study.evidence.runs if run.triggers is not None] if study else []
    if study is not None and study.is_conclusive() and listened:
        return replace(loop.closed, look=lambda _: loop.heard(listened), is_static=False)(workspace)
    # Files can be read whatever became of the service: the static part stays earned.
    is_known = study is not None and (bool(study.evidence.obstacle) or study.is_conclusive())
    if is_known or _unknown(study, workspace).outcome == Outcome.BLOCKED:
        return loop.closed(workspace)
    return replace(loop.closed, look=lambda given: _unknown(study, given))(workspace)


def _result(rule: Rule, study: Study | None, workspace: Workspace) -> Result:
    if study is not None and study.evidence.obstacle:
        return (
            no_page(workspace, study.evidence.obstacle)
            if rule.points
            else not_applicable(study.evidence.obstacle)
        )
    if study is None or (rule.judge is not valid and not study.is_conclusive()):
        return _unknown(study, workspace)
    return rule.judge(study)


def _unknown(study: Study | None, workspace: Workspace) -> Result:
    """Why too little is known: the chain of prerequisites, a service that broke under way, or a limit of ours."""
    if study is not None and study.is_lost_to_service():
        return blocked("the service spoiled too many runs of traffic to tell drift from chance.", _VALID)
    if study is not None:
        return not_assessed("Too few runs of traffic could be used to tell drift from chance.")
    if Stage.DRIFT not in workspace.manifest.stages:
        return not_applicable("The drift protocol did not run.")
    return no_service(workspace) or not_assessed("There was no time in which the drift protocol could run.")


grader = DriftGrader()
