"""The credit-scoring pack, prepared once for all tests of this folder."""

import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from audition.catalog.samples import Expectation
from audition.domain.grade import dimension_scores
from audition.domain.report import Report
from audition.domain.run import Fault, Verdict

PACK = Path(__file__).resolve().parents[2] / "challenges" / "credit-scoring"


def load_prepare(path: Path) -> ModuleType:
    """Load a `prepare.py` the way a builder does: by path."""
    spec = importlib.util.spec_from_file_location("prepare_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ends_as_expected(report: Report, expected: Expectation) -> None:
    """Hold the report of a sample against its `expect.toml`."""
    assert report.verdict == expected.verdict, "\n".join(stage.message for stage in report.stages)
    assert report.fault == (None if report.verdict == Verdict.ACCEPTED else Fault.CANDIDATE)
    assert report.score is not None
    assert expected.score_low <= report.score <= expected.score_high
    scores = dimension_scores(report.grades)
    for dimension, interval in expected.dimensions.items():
        score = scores[dimension]
        assert score is not None
        assert score in interval, dimension
    outcomes = {finding.check: finding.outcome for finding in report.findings}
    assert {check: outcomes.get(check) for check in expected.findings} == expected.findings
    sentences = {finding.check: finding.sentence for finding in report.findings}
    for check, words in expected.says.items():
        assert words in sentences.get(check, ""), check


@dataclass(frozen=True)
class Prepared:
    """Where the files of one release are."""

    public: Path
    private: Path

    def files(self) -> dict[str, bytes]:
        """All files by "area/name"."""
        return {
            f"{area}/{path.name}": path.read_bytes()
            for area, folder in (("public", self.public), ("private", self.private))
            for path in folder.iterdir()
        }


@pytest.fixture(scope="session")
def prepare_into() -> Callable[[Path, bytes | None], Prepared]:
    """Run the pack's prepare on its raw data, with the open key or one's own."""

    def run(folder: Path, key: bytes | None = None) -> Prepared:
        prepared = Prepared(folder / "public", folder / "private")
        raw = folder / "raw"
        for made in (prepared.public, prepared.private, raw):
            made.mkdir(parents=True)
        shutil.copy(PACK / "data" / "raw" / "credit_data.csv", raw)
        if key is not None:
            (raw / "release.key").write_bytes(key)
        load_prepare(PACK / "data" / "prepare.py").prepare(raw, prepared.public, prepared.private)
        return prepared

    return run


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, prepare_into: Callable[..., Prepared]) -> Prepared:
    """The release that the repository's checksums speak about."""
    return prepare_into(tmp_path_factory.mktemp("release"))
