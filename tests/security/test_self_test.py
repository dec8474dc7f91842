"""What a worker learns of its host before its first job, and what is remembered of it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audition import bootstrap
from audition.adapters.docker import examiner
from audition.adapters.docker.engine_client import usual_addresses
from audition.adapters.docker.examine import Subject
from audition.adapters.docker.examiner import Examiner
from audition.domain.errors import UnavailableError
from audition.domain.execution import Profile
from audition.host import posture
from audition.settings import Settings

pytestmark = pytest.mark.docker


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Examiner]:
    address = Settings.from_env().docker_host or usual_addresses()[0]
    with Examiner(address, instance="self-test", folder=tmp_path / "posture") as made:
        yield made


def subject(runtime: str = "runc") -> Subject:
    image = bootstrap.image_references(Settings.from_env())["base"]
    return Subject(profile=Profile.CANDIDATE, image=image, runtime=runtime)


def test_what_passed_is_remembered_for_a_day(there: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (there.results([subject()])[0] for _ in range(2))
    assert (first.troubles, first.is_remembered) == ((), False)
    assert (second.troubles, second.is_remembered) == ((), True)
    assert not there.results([subject()], is_fresh=True)[0].is_remembered

    later = time.time() + 90_000
    monkeypatch.setattr(examiner.time, "time", lambda: later)
    assert not there.results([subject()])[0].is_remembered


def test_another_filter_is_looked_at_anew(there: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
    there.results([subject()])
    monkeypatch.setattr(examiner.translate, "seccomp_profile", lambda _runtime: "another")
    assert not there.results([subject()])[0].is_remembered


def test_a_runtime_that_does_not_start_fails_and_is_tried_again(there: Examiner) -> None:
    for _ in range(2):
        found = there.results([subject("no-such-runtime")])[0]
        assert found.troubles[0].startswith("start: ")
        assert not found.is_remembered


def test_a_container_without_a_filter_is_noticed(there: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = '{"defaultAction": "SCMP_ACT_ALLOW"}'
    monkeypatch.setattr(examiner.translate, "seccomp_profile", lambda _runtime: everything)
    rules = {trouble.split(":")[0] for trouble in there.results([subject()])[0].troubles}
    assert {"filter", "sockets"} <= rules


def test_a_host_is_fit_or_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(Settings.from_env(), data_dir=tmp_path, runtime="runc")
    images = bootstrap.image_references(settings)
    assert bootstrap.runtimes(settings, images)[Profile.CANDIDATE] == "runc"

    monkeypatch.setattr(posture.Examiner, "_examine", lambda _self, _subject: ("rights: CapEff is 1, not 0",))
    with pytest.raises(UnavailableError, match="CapEff is 1") as caught:
        bootstrap.runtimes(replace(settings, data_dir=tmp_path / "other"), images)
    assert caught.value.code == posture.UNFIT
