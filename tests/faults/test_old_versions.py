"""A real worker on a host whose engine is older than the operator accepts."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from audition import bootstrap
from audition.cli.main import cli
from audition.host import floors
from audition.host.posture import UNFIT_EXIT
from audition.settings import Settings
from audition.worker import jobs

pytestmark = [pytest.mark.docker, pytest.mark.slow]

#: Newer than any engine.
UNREACHABLE = (9999, 0, 0)


@pytest.fixture(autouse=True)
def forgotten_equipment() -> None:
    jobs.equipment.cache_clear()


def test_it_takes_no_jobs_and_names_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "ENGINE_FLOOR", UNREACHABLE)
    monkeypatch.setenv("AUDITION_OLD_VERSIONS", "refuse")
    monkeypatch.setenv("AUDITION_DATA_DIR", str(tmp_path))
    version = bootstrap.sandbox(Settings.from_env()).facts()["engine"]

    ended = CliRunner().invoke(cli, ["worker"])

    assert ended.exit_code == UNFIT_EXIT
    assert f"engine {version} (needs 9999.0.0)" in ended.output
    assert "AUDITION_OLD_VERSIONS=warn" in ended.output
