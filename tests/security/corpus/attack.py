"""What an attack is: a tiny submission, how it must end, and what else must be seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from audition.domain.run import Verdict
from tests.security.corpus.proving_ground import HONEST, Outcome, packed

Look = Callable[[Outcome], bool]

ACCEPTED = frozenset({Verdict.ACCEPTED})
INVALID = frozenset({Verdict.INVALID_OUTPUT})
#: It ran into some limit or fell over one; which of them depends on where the kernel says no first.
STOPPED = frozenset(
    {Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT, Verdict.NONZERO_EXIT, Verdict.SIGNALLED, Verdict.OUTPUT_LIMIT}
)
REFUSED: frozenset[Verdict] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One case of the corpus."""

    id: str
    name: str
    act: str
    """What it does, for the table in docs/security.md."""
    archive: bytes
    ends: frozenset[Verdict]
    """Verdicts that are right; none when the archive is to be refused."""
    looks: Mapping[str, Look]
    """What else must be seen, by what it means."""
    is_honest: bool = False
    """Whether its predictions are the honest ones, so that its score must be the honest score."""
    is_endless: bool = False
    is_greedy: bool = False
    """Whether an honest submission must not suffer beside it."""
    is_stocked: bool = False
    """Whether its containers have been waiting for it."""


def attack(
    id: str,  # noqa: A002  the corpus's own word
    name: str,
    act: str,
    script: str,
    ends: frozenset[Verdict] = ACCEPTED,
    *,
    then_honest: bool = False,
    files: Mapping[str, str | bytes] | None = None,
    **fields: Any,
) -> Attack:
    """A case whose predict.py is this; with `then_honest` it goes on to predict as an honest one does."""
    content = {"predict.py": script + (HONEST if then_honest else ""), **(files or {})}
    return raw(id, name, act, packed(content), ends, is_honest=then_honest, **fields)


def raw(
    id: str,  # noqa: A002  the corpus's own word
    name: str,
    act: str,
    archive: bytes,
    ends: frozenset[Verdict] = REFUSED,
    **fields: Any,
) -> Attack:
    """A case with these bytes for an archive."""
    looks = fields.pop("looks", {})
    return Attack(id=id, name=name, act=act, archive=archive, ends=ends, looks=looks, **fields)


def says(*words: str) -> Look:
    """We say all of these words about it."""
    return lambda outcome: all(word in outcome.said for word in words)


def prints(*words: str) -> Look:
    """It printed all of these words."""
    return lambda outcome: all(word in outcome.stdout for word in words)


def is_worth_nothing(outcome: Outcome) -> bool:
    """No metric was computed, and the gauge of the model stands at zero."""
    gauges = [g.score for g in outcome.report.gauges if g.dimension == "model_quality"]
    return outcome.report.metrics == () and gauges == [0.0]
