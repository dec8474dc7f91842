"""The ids of the checks."""

from audition.domain.challenge import DETAIL_CHECKS

SLICES, GROUPS, CALIBRATION, COST = DETAIL_CHECKS
WORST = "model.slices.worst"
COMPARE = "model.compare.paired"
RESOURCES = "model.resources.predict"
