"""The ids of the checks."""

from audition.domain.challenge import ROBUSTNESS_CHECKS
from audition.domain.extra_rows import CORRUPTIONS

RUNS, *_KINDS = ROBUSTNESS_CHECKS
BY_KIND = dict(zip(CORRUPTIONS, _KINDS, strict=True))
"""The check of each kind of corruption."""
