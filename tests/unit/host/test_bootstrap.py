"""The composition root finds the queue that `audition up` started for the same data folder."""

from pathlib import Path

import pytest

from audition import bootstrap
from audition.domain.errors import InvalidError
from audition.host.redis_server import own_url, socket_path
from audition.settings import Settings


def test_a_worker_without_any_queue_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="none runs for this data folder"):
        bootstrap.redis_url(Settings(data_dir=tmp_path))


def test_the_server_of_the_data_folder_is_found(tmp_path: Path) -> None:
    path = socket_path(tmp_path)
    path.parent.mkdir(parents=True)
    path.touch()
    assert bootstrap.redis_url(Settings(data_dir=tmp_path)) == own_url(tmp_path)


def test_verbs_about_people_need_no_queue(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'audition.db'}")
    bootstrap.migrate(settings)
    with bootstrap.control_plane(settings).unit_of_work() as uow:
        assert uow.challenges.all() == ()
