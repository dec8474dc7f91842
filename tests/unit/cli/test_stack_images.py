"""Which images a machine makes ready besides those that every host needs."""

from dataclasses import replace
from pathlib import Path

from audition import bootstrap
from audition.cli.stack import _published_images
from audition.settings import Settings
from tests import tiny


def test_images_that_published_challenges_name_are_wanted(tmp_path: Path) -> None:
    settings = replace(
        Settings.from_env(), data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'audition.db'}"
    )
    bootstrap.migrate(settings)
    assert _published_images(settings) == set()
    tiny.store_tiny(bootstrap.control_plane(settings))
    assert _published_images(settings) == {"tabular", "notebook"}
