"""Errors, people, challenges: the little that they decide."""

import pytest

from audition.domain.challenge import Area
from audition.domain.errors import (
    AuditionError,
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from audition.domain.execution import Limits
from audition.domain.people import Principal, PrincipalKind, Role
from audition.domain.run import Stage
from tests.factories import make_manifest, make_version


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (NotFoundError, 404, "not-found"),
        (ConflictError, 409, "conflict"),
        (InvalidError, 422, "invalid"),
        (DeniedError, 403, "denied"),
        (UnavailableError, 503, "unavailable"),
    ],
)
def test_each_family_has_its_status_and_a_default_code(
    kind: type[AuditionError], status: int, code: str
) -> None:
    error = kind("It broke.")

    assert (error.status, error.code, str(error)) == (status, code, "It broke.")
    assert (error.next_step, error.problems) == ("", ())


def test_an_error_keeps_its_parts() -> None:
    error = InvalidError("Bad.", code="bad-thing", next_step="Mend it.", problems=["a", "b"])

    assert (error.code, error.next_step, error.problems) == ("bad-thing", "Mend it.", ("a", "b"))
    assert UnavailableError("x").transient
    assert not UnavailableError("x", transient=False).transient


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("wanted", list(Role))
def test_operators_may_do_what_every_role_may(role: Role, wanted: Role) -> None:
    asker = Principal(
        kind=PrincipalKind.STAFF, subject_id="u", name="U", session_id="s", roles=frozenset({role})
    )
    assert asker.has_role(wanted) == (role in {wanted, Role.OPERATOR})


def test_a_candidate_has_no_role_whatever_they_carry() -> None:
    asker = Principal(
        kind=PrincipalKind.CANDIDATE, subject_id="inv_1", name="C", session_id="s", roles=frozenset(Role)
    )
    assert not any(asker.has_role(role) for role in Role)
    assert asker.actor == "candidate:inv_1"


def test_limits_are_the_authors_or_the_defaults() -> None:
    manifest = make_manifest(limits={Stage.PREDICT: Limits(pids=3)})

    assert manifest.limits_of(Stage.PREDICT).pids == 3
    assert manifest.limits_of(Stage.SCORE) == Limits()


def test_areas_are_apart() -> None:
    version = make_version()

    assert [f.name for f in version.files_in(Area.PUBLIC)] == ["test.csv"]
    assert [f.name for f in version.files_in(Area.PRIVATE)] == ["answers.csv"]
