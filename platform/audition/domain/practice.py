"""A practice run: whether a submission works here, and nothing about how good it is.

It goes through the stages that show that (is it unpacked, linted, built, does the program run, do its predictions
have the agreed form, does its service start and answer) and no others: nothing is measured against hidden answers, so a
practice run tells nothing that the kit does not. It costs no attempt, counts for nothing, and reviewers never see it.
"""

from dataclasses import replace

from audition.domain.challenge import Manifest
from audition.domain.probe_plan import Probe
from audition.domain.run import Stage

#: On one invitation. Enough to mend what works at home and not here; few enough that nobody waits behind one person.
MOST_PRACTICE = 5
#: The form of predictions is looked at where predictions are read: in the score container.
_STAGES = frozenset({Stage.UNPACK, Stage.STATIC, Stage.BUILD, Stage.PREDICT, Stage.SERVE, Stage.SCORE})
#: One start of the service, and one prediction read from its answer; how fast and how robust it is, is judged.
PROBES = (Probe.BINDING, Probe.CONTRACT)
_GRADERS = ("output-format",)


def practised(manifest: Manifest) -> Manifest:
    """What of a challenge is tried in practice."""
    return replace(
        manifest,
        stages=tuple(stage for stage in manifest.stages if stage in _STAGES),
        graders=_GRADERS,
        # Whether an image can be built again, and what that saves, is judged and not tried.
        rebuilds=False,
    )
