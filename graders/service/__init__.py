"""Is the API right, and how does it do under load? Judged from what the prober saw (C1 to C7, D1 to D4)."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.service import api, load

grader = CheckList(
    name="service",
    version=content_version("1", __file__),
    dimension=Dimension.SERVING,
    needs=frozenset({Need.SERVICE}),
    checks=(
        api.contract,
        api.parity,
        api.invariance,
        api.bad_input,
        api.description,
        api.version_told,
        api.concurrency,
        load.cost,
        load.latency,
        load.capacity,
        load.overload,
    ),
)
