"""Is the monitoring one that would notice? What can be read of it: rules, their metrics, dashboards."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.monitoring import alerts, exposition

grader = CheckList(
    name="monitoring",
    version=content_version("1", __file__),
    dimension=Dimension.OBSERVABILITY,
    needs=frozenset({Need.SUBMISSION, Need.TOOLS}),
    is_static=True,
    checks=(
        exposition.defined,
        alerts.valid,
        alerts.metrics_exist,
        alerts.actionable,
        alerts.coverage,
        alerts.tested,
        exposition.dashboards,
    ),
)
