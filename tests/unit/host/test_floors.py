"""Old programs on a host: which they are, and whether it may work with them."""

from pathlib import Path

import pytest

from audition.domain.errors import UnavailableError
from audition.host.floors import check_versions, old_versions, version_tuple
from audition.host.posture import UNFIT
from audition.settings import Settings

SQLITE, POSTGRES = "sqlite:////data/audition.db", "postgresql+psycopg://audition@db/audition"


def settings(url: str = SQLITE, choice: str = "auto") -> Settings:
    return Settings(data_dir=Path("/data"), database_url=url, old_versions=choice)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("20.10.24+dfsg1", (20, 10, 24)),
        ("29.7.0", (29, 7, 0)),
        ("1.4.0-rc.3", (1, 4, 0)),
        ("dev", ()),
    ],
)
def test_versions_are_compared_as_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version_tuple(text) == numbers


@pytest.mark.parametrize(
    ("engine", "runc", "old"),
    [
        ("29.7.0", "1.3.3", ()),
        ("30.0.0", "1.4.0-rc.3", ()),
        ("20.10.24+dfsg1", "1.2.8", ("engine 20.10.24+dfsg1 (needs 29.7.0)",)),
        ("29.7.1", "1.1.5+ds1", ("runc 1.1.5+ds1 (needs 1.2.8)",)),
        ("29.7.1", "1.3.2", ("runc 1.3.2 (needs 1.3.3)",)),
        ("29.7.1", "", ("runc unknown (needs 1.2.8)",)),
    ],
)
def test_what_is_older_than_its_fixes_is_named_with_what_it_needs(
    engine: str, runc: str, old: tuple[str, ...]
) -> None:
    assert old_versions(engine, runc) == old


def test_one_machine_works_on_and_says_what_is_old() -> None:
    assert check_versions(settings(), "20.10.24", "1.2.8") == ("engine 20.10.24 (needs 29.7.0)",)


@pytest.mark.parametrize(("url", "choice"), [(POSTGRES, "auto"), (SQLITE, "refuse")])
def test_one_of_many_machines_or_a_strict_operator_refuses(url: str, choice: str) -> None:
    with pytest.raises(UnavailableError, match=r"engine 20\.10\.24") as caught:
        check_versions(settings(url, choice), "20.10.24", "1.2.8")
    assert caught.value.code == UNFIT
    assert "AUDITION_OLD_VERSIONS=warn" in caught.value.next_step


def test_an_operator_may_know_better() -> None:
    assert check_versions(settings(POSTGRES, "warn"), "20.10.24", "1.2.8") != ()


def test_nothing_old_is_never_refused() -> None:
    assert check_versions(settings(POSTGRES, "refuse"), "29.7.0", "1.3.3") == ()
