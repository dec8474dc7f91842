"""Which containers are looked at, and which runtimes follow from what was seen."""

import pytest

from audition.adapters.docker.examine import Result, Subject
from audition.domain.errors import UnavailableError
from audition.domain.execution import Profile
from audition.host.posture import UNFIT, choose, subjects

BOTH = ("runc", "runsc")
IMAGES = {"tabular": "tabular:1", "grader": "grader:1"}


def results(wanted: str = "auto", registered: tuple[str, ...] = BOTH, **broken: str) -> list[Result]:
    """Everything that is looked at; `broken` is profile_runtime=trouble."""
    return [
        Result(
            subject=s,
            troubles=tuple(t for key, t in broken.items() if key == f"{s.profile.value}_{s.runtime}"),
        )
        for s in subjects(registered, IMAGES, wanted)
    ]


@pytest.mark.parametrize(
    ("wanted", "registered", "looked_at"),
    [
        ("auto", BOTH, {"grader/runc/grader:1", "candidate/runc/tabular:1", "candidate/runsc/tabular:1"}),
        ("auto", ("runc",), {"grader/runc/grader:1", "candidate/runc/tabular:1"}),
        ("runc", BOTH, {"grader/runc/grader:1", "candidate/runc/tabular:1"}),
        ("runsc", BOTH, {"grader/runc/grader:1", "candidate/runsc/tabular:1"}),
    ],
)
def test_what_may_be_used_is_looked_at(wanted: str, registered: tuple[str, ...], looked_at: set[str]) -> None:
    found = subjects(registered, IMAGES, wanted)
    assert {f"{s.profile.value}/{s.runtime}/{s.image}" for s in found} == looked_at


@pytest.mark.parametrize(
    ("wanted", "registered", "broken", "strangers"),
    [
        ("auto", BOTH, {}, "runsc"),
        ("auto", ("runc",), {}, "runc"),
        ("auto", BOTH, {"candidate_runsc": "start: hangs"}, "runc"),
        # gVisor is a wall of its own: what is wrong under runc does not concern it.
        ("auto", BOTH, {"candidate_runc": "filter: off"}, "runsc"),
        ("runc", BOTH, {}, "runc"),
        ("runsc", BOTH, {}, "runsc"),
    ],
)
def test_code_of_strangers_gets_the_strongest_that_passed(
    wanted: str, registered: tuple[str, ...], broken: dict[str, str], strangers: str
) -> None:
    chosen = choose(wanted, registered, results(wanted, registered, **broken))
    assert chosen == {
        Profile.CANDIDATE: strangers,
        Profile.AUTHOR: strangers,
        Profile.GRADER: "runc",
        Profile.KEEPER: "runc",
    }


@pytest.mark.parametrize(
    ("wanted", "registered", "broken", "says"),
    [
        ("auto", ("runc",), {"candidate_runc": "rights: CapEff is 1"}, "CapEff is 1"),
        ("auto", BOTH, {"candidate_runc": "a: b", "candidate_runsc": "c: d"}, "c: d"),
        ("auto", BOTH, {"grader_runc": "network: there are routes"}, "there are routes"),
        ("runsc", BOTH, {"candidate_runsc": "start: hangs"}, "hangs"),
        ("runsc", ("runc",), {}, "does not have"),
        ("runc", BOTH, {"candidate_runc": "out: too large"}, "too large"),
    ],
)
def test_a_host_that_does_not_keep_candidates_in_takes_no_jobs(
    wanted: str, registered: tuple[str, ...], broken: dict[str, str], says: str
) -> None:
    with pytest.raises(UnavailableError, match="takes no jobs") as caught:
        choose(wanted, registered, results(wanted, registered, **broken))
    assert says in caught.value.detail
    assert (caught.value.code, caught.value.transient) == (UNFIT, False)
    assert "doctor" in caught.value.next_step


def test_a_kind_of_container_is_named_in_words() -> None:
    subject = Subject(profile=Profile.CANDIDATE, image="tabular:1", runtime="runsc")
    assert str(subject) == "candidate containers of tabular:1 under runsc"
