"""Doors that are tried from inside, all in one run through the real pipeline; each id is a test of its own."""

import json
from pathlib import Path

import pytest

from tests.security.corpus import probe_submission
from tests.security.corpus.aftermath import Watch, troubles_of
from tests.security.corpus.attack import ACCEPTED
from tests.security.corpus.probe_submission import NOTHING, PROBES, WORDS_FILE
from tests.security.corpus.proving_ground import CANARY_PARTS, HONEST, SECRET_PARTS, Ground, Outcome, packed

pytestmark = [pytest.mark.docker, pytest.mark.slow]


#: What gVisor allows because its own kernel answers: the host's is never asked.
ANSWERED_INSIDE = {"X72", "X73"}


@pytest.fixture(scope="module")
def probed(ground: Ground, watch: Watch) -> Outcome:
    """A run that tried everything, and what must hold after it."""
    source = Path(probe_submission.__file__).read_text()
    words = json.dumps([CANARY_PARTS, SECRET_PARTS])
    with watch.over() as troubles:
        outcome = ground.attack(packed({"predict.py": source + HONEST, WORDS_FILE: words}))
        troubles.extend(troubles_of(outcome, ACCEPTED))
    assert troubles == [], outcome.said + outcome.stderr
    return outcome


@pytest.mark.parametrize("id_", PROBES)
def test_no_door_is_open(probed: Outcome, id_: str) -> None:
    assert probed.evidence is not None
    if id_ in ANSWERED_INSIDE and probed.evidence.stages[0].runtime == "runsc":
        pytest.skip("gVisor answers this by itself")

    assert probed.printed[id_] == NOTHING


def test_the_probes_cost_nothing_and_earn_nothing(probed: Outcome, fair_score: float) -> None:
    assert probed.quality == fair_score


def test_a_later_run_has_the_same_c_library(probed: Outcome, ground: Ground) -> None:
    """E15: a page cache that was written to would show in the next container."""
    script = (
        "import hashlib, pathlib\n"
        "print(hashlib.sha256(next(pathlib.Path('/usr/lib').glob('*/libc.so.6')).read_bytes()).hexdigest())\n"
    )
    later = ground.attack(packed({"predict.py": script + HONEST}))

    assert later.stdout.strip() == probed.printed["libc"]


def test_a_probe_that_finds_something_says_so(tmp_path: Path) -> None:
    """The probes themselves can fail: on this host, as this user, some doors are open."""
    (tmp_path / "open").write_text("x")

    assert probe_submission.writes(str(tmp_path / "open")) == str(tmp_path / "open")
    assert probe_submission.doors(str(tmp_path / "open"), "/nowhere") == str(tmp_path / "open")
    assert probe_submission.refused(lambda: None) != NOTHING
    assert probe_submission.environments() != NOTHING
