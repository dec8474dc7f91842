"""Nothing that candidates of credit-scoring get tells the hidden answers."""

from pathlib import Path

import pytest

from audition import codec
from audition.catalog.read import read_challenge
from audition.domain.leak import LeakReport
from graders.leak_probe.__main__ import LOOKS, main
from tests.challenges.conftest import PACK, Prepared


def test_the_probe_finds_no_leak(
    prepared: Prepared, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for place in (prepared.public, prepared.private):
        (tmp_path / place.name).symlink_to(place)
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "manifest.json").write_bytes(codec.to_json(read_challenge(PACK).manifest))
    assert main(tmp_path) == 0
    report = codec.from_json(LeakReport, capfdbinary.readouterr().out, what="report")
    assert report == LeakReport(looked_at=tuple(LOOKS))
