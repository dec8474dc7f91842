"""Every attack that is a submission: run for real, judged, and the host looked at afterwards."""

from contextlib import nullcontext

import pytest

from tests.security.corpus.aftermath import Watch, troubles_of
from tests.security.corpus.attack import Attack
from tests.security.corpus.catalogue import ATTACKS
from tests.security.corpus.conftest import Beside
from tests.security.corpus.proving_ground import Ground

pytestmark = [pytest.mark.docker, pytest.mark.slow]


#: After each so many cases an honest submission must still get what it got before.
_EVERY = 8


@pytest.mark.parametrize("case", ATTACKS, ids=[f"{case.id}-{case.name}" for case in ATTACKS])
def test_attack(case: Attack, ground: Ground, watch: Watch, beside: Beside, fair_score: float) -> None:
    """It ends as it should, nothing else happens, and nothing of it remains."""
    if case.is_stocked:
        ground.stock()
    with watch.over() as troubles:
        with beside() if case.is_greedy else nullcontext():
            outcome = ground.attack(case.archive, is_endless=case.is_endless)
        troubles.extend(troubles_of(outcome, case.ends))
        troubles.extend(f"not seen: {what}" for what, look in case.looks.items() if not look(outcome))
        if case.is_honest and outcome.quality != fair_score:
            troubles.append(f"U4: {outcome.quality} instead of {fair_score}")

    assert troubles == [], "\n".join([*troubles, outcome.said, outcome.stdout[:2000], outcome.stderr[:2000]])
    if ATTACKS.index(case) % _EVERY == _EVERY - 1:
        assert ground.honest() == fair_score, "U4: an honest submission after it has another score"


def test_honest_submissions_are_worth_the_same_after_all_of_this(ground: Ground, fair_score: float) -> None:
    assert ground.honest() == fair_score
