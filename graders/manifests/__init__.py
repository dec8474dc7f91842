"""Would a cluster run this, keep it running and find it? Read from the manifests, with the tools' word beside."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.manifests import availability, hardening, probes, schema, scrape, wiring

grader = CheckList(
    name="manifests",
    version=content_version("1", __file__),
    dimension=Dimension.KUBERNETES,
    needs=frozenset({Need.SUBMISSION, Need.TOOLS}),
    is_static=True,
    checks=(
        schema.valid,
        hardening.hardened,
        probes.probes,
        wiring.wired,
        availability.available,
        scrape.scraped,
    ),
)
