"""Every sample submission of the pack goes through the real pipeline and meets its `expect.toml`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from audition.catalog.read import ChallengeFolder, read_challenge
from audition.catalog.samples import Sample, find_samples
from audition.domain.run import Stage
from audition.domain.submission import State
from tests.challenges.conftest import PACK, ends_as_expected
from tests.pipeline import Pipeline, make_pipeline
from tests.stack import in_a_hurry

pytestmark = [pytest.mark.docker, pytest.mark.slow]

#: The golden one takes longest and has a module of its own; the starter is what is submitted in `e2e/test_main_job.py`.
_ELSEWHERE = {"accepted/golden", "accepted/starter"}
_SAMPLES = [sample for sample in find_samples(PACK) if sample.name not in _ELSEWHERE]
_numbers = count()
#: Some ten times what the slowest of them takes that ends.
_PREDICT_SECONDS = 30.0


def challenge() -> ChallengeFolder:
    """The pack as it is, but for its pace, and without what takes minutes; who never ends is ended sooner."""
    made = in_a_hurry(read_challenge(PACK))
    limits = replace(made.manifest.limits_of(Stage.PREDICT), time_seconds=_PREDICT_SECONDS)
    return replace(
        made, manifest=replace(made.manifest, limits={**made.manifest.limits, Stage.PREDICT: limits})
    )


def compared() -> ChallengeFolder:
    """Likewise, with one of its own models to compare with."""
    made = challenge()
    detail = replace(made.manifest.detail, samples=("baseline",))
    return replace(made, manifest=replace(made.manifest, detail=detail))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, images: Mapping[str, str]) -> Iterator[Pipeline]:
    """The pack, published once: `prepare` has run in its container."""
    folder: Path = tmp_path_factory.mktemp("pack")
    pipeline = make_pipeline(folder, images)
    pipeline.publish(compared())
    yield pipeline
    pipeline.runner.sandbox.sweep(lambda _run, _fence: True)


@pytest.mark.parametrize("sample", _SAMPLES, ids=[sample.name for sample in _SAMPLES])
def test_a_sample_ends_as_its_author_expects(published: Pipeline, sample: Sample) -> None:
    candidate = published.candidate("credit-scoring", f"{next(_numbers)}@example.org")
    ended, report = published.run(candidate, sample.pack())
    assert ended.state == State.GRADED, ended.state_reason
    ends_as_expected(report, sample.expectation)


def test_publishing_the_same_content_again_is_the_same_version(published: Pipeline) -> None:
    again = published.publish(compared())
    with published.ports.unit_of_work() as uow:
        assert uow.challenges.all() == (again,)
    assert again.number == 1
