"""Accounts, invitations, signing in and out."""

from dataclasses import replace

import pytest

from audition.domain.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from audition.domain.people import PrincipalKind, Role
from audition.services.add_staff import add_staff
from audition.services.invite import invite
from audition.services.sign_in import (
    find_invitation,
    identify,
    issue_api_token,
    sign_in_candidate,
    sign_in_staff,
    sign_out,
    token_digest,
)
from tests import factories
from tests.unit.services.world import World

PASSWORD = "correct horse battery"


def new_staff(world: World, email: str = " Olga@Example.org ", password: str = PASSWORD) -> str:
    return add_staff(
        world.ports, "cli", email=email, name=" Olga ", password=password, roles={Role.OPERATOR}
    ).id


def invited(world: World, **fields: object) -> tuple[str, str]:
    given = {"slug": "credit-scoring", "email": "Dan@Example.org", "name": " Dan ", **fields}
    invitation, secret = invite(world.ports, "staff:usr_1", **given)  # type: ignore[arg-type]
    return invitation.id, secret


class TestStaff:
    def test_an_account_is_stored_without_its_password(self, world: World) -> None:
        user_id = new_staff(world)
        user = world.database.tables.staff_users[user_id]

        assert (user.email, user.name, user.roles) == ("olga@example.org", "Olga", frozenset({Role.OPERATOR}))
        assert user.password_hash == f"plain:{PASSWORD}"
        assert [e.action for e in world.database.tables.audit_entries.values()] == ["added_staff"]

    def test_all_that_is_wrong_is_said_at_once(self, world: World) -> None:
        with pytest.raises(InvalidError) as caught:
            add_staff(world.ports, "cli", email="no address", name=" ", password="short", roles=set())
        assert [p.split(":")[0] for p in caught.value.problems] == ["email", "name", "password"]

    @pytest.mark.parametrize(("length", "fits"), [(11, False), (12, True), (200, True), (201, False)])
    def test_passwords_have_12_to_200_characters(self, world: World, length: int, *, fits: bool) -> None:
        if fits:
            new_staff(world, password="p" * length)
        else:
            with pytest.raises(InvalidError):
                new_staff(world, password="p" * length)

    def test_an_address_has_one_account(self, world: World) -> None:
        new_staff(world)
        with pytest.raises(ConflictError):
            new_staff(world, email="olga@example.org")

    def test_signing_in_gives_a_session_for_a_working_day(self, world: World) -> None:
        user_id = new_staff(world)
        secret = sign_in_staff(world.ports, "OLGA@example.org ", PASSWORD)

        asker = identify(world.ports, secret, is_api=False)
        assert asker is not None
        assert (asker.kind, asker.subject_id, asker.name) == (PrincipalKind.STAFF, user_id, "Olga")
        assert asker.roles == frozenset({Role.OPERATOR})
        world.clock.advance(12 * 3600)
        assert identify(world.ports, secret, is_api=False) is None

    @pytest.mark.parametrize(
        ("email", "password"), [("olga@example.org", "wrong"), ("nobody@example.org", PASSWORD)]
    )
    def test_which_of_both_was_wrong_is_never_said(self, world: World, email: str, password: str) -> None:
        new_staff(world)
        with pytest.raises(DeniedError, match="The e-mail address or the password is wrong"):
            sign_in_staff(world.ports, email, password)

    def test_a_closed_account_signs_nobody_in_and_its_sessions_end(self, world: World) -> None:
        user_id = new_staff(world)
        secret = sign_in_staff(world.ports, "olga@example.org", PASSWORD)
        users = world.database.tables.staff_users
        users[user_id] = replace(users[user_id], is_active=False)

        assert identify(world.ports, secret, is_api=False) is None
        with pytest.raises(DeniedError):
            sign_in_staff(world.ports, "olga@example.org", PASSWORD)


class TestInvitations:
    def test_a_link_is_known_by_its_digest_only(self, world: World) -> None:
        invitation_id, secret = invited(world)
        stored = world.database.tables.invitations[invitation_id]

        assert stored.token_digest == token_digest(secret)
        assert secret not in repr(world.database.tables)
        assert stored.attempts == 3
        assert stored.expires_at == factories.later(14 * 86_400)
        candidate = world.database.tables.candidates[stored.candidate_id]
        assert (candidate.email, candidate.name) == ("dan@example.org", "Dan")
        assert len(candidate.alias.split()) == 3

    def test_a_candidate_who_comes_again_is_the_same_person(self, world: World) -> None:
        first, _ = invited(world)
        second, _ = invited(world, email="dan@example.org")
        rows = world.database.tables.invitations

        assert rows[first].candidate_id == rows[second].candidate_id

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"email": "nodomain"}, "email"),
            ({"email": "@example.org"}, "email"),
            ({"email": "a@host"}, "email"),
            ({"email": "a b@example.org"}, "email"),
            ({"email": "a" * 250 + "@example.org"}, "email"),
            ({"name": " "}, "name"),
            ({"name": "n" * 121}, "name"),
            ({"valid_days": 0}, "valid_days"),
            ({"valid_days": 366}, "valid_days"),
        ],
    )
    def test_what_cannot_be_is_named(self, world: World, fields: dict[str, object], named: str) -> None:
        with pytest.raises(InvalidError) as caught:
            invited(world, **fields)
        assert [p.split(":")[0] for p in caught.value.problems] == [named]

    def test_nobody_is_invited_to_what_is_not_published(self, world: World) -> None:
        with pytest.raises(NotFoundError):
            invited(world, slug="none")

    def test_signing_in_starts_the_clock_once(self, world: World) -> None:
        invitation_id, link = invited(world)
        sign_in_candidate(world.ports, link)
        world.clock.advance(100)
        secret = sign_in_candidate(world.ports, link)

        assert world.database.tables.invitations[invitation_id].started_at == factories.NOW
        asker = identify(world.ports, secret, is_api=False)
        assert asker is not None
        assert (asker.kind, asker.subject_id, asker.name) == (
            PrincipalKind.CANDIDATE, invitation_id, "Dan",
        )  # fmt: skip

    def test_looking_at_a_link_starts_no_clock(self, world: World) -> None:
        _, link = invited(world)
        assert find_invitation(world.ports, link).started_at is None

    def test_an_unknown_and_a_withdrawn_link_look_alike(self, world: World) -> None:
        invitation_id, link = invited(world)
        secret = sign_in_candidate(world.ports, link)
        rows = world.database.tables.invitations
        rows[invitation_id] = replace(rows[invitation_id], revoked_at=factories.NOW)

        for token in (link, "never made"):
            with pytest.raises(NotFoundError, match="link is not valid"):
                sign_in_candidate(world.ports, token)
        assert identify(world.ports, secret, is_api=False) is None, "its sessions end with it"

    def test_a_link_whose_window_is_over_says_when_it_ended(self, world: World) -> None:
        _, link = invited(world)
        world.clock.advance(14 * 86_400)

        with pytest.raises(ConflictError, match="ended on 2030-01-16 03:04 UTC"):
            find_invitation(world.ports, link)


class TestSessions:
    def test_a_token_and_a_session_are_not_each_other(self, world: World) -> None:
        token = issue_api_token(world.ports, world.carol, "script")
        link_session = issue_api_token(world.ports, world.alice, "ci")

        assert identify(world.ports, token, is_api=False) is None
        assert identify(world.ports, link_session, is_api=True) is not None
        assert identify(world.ports, "no such secret", is_api=True) is None

    def test_signing_out_ends_this_session_only(self, world: World) -> None:
        new_staff(world)
        first, second = (sign_in_staff(world.ports, "olga@example.org", PASSWORD) for _ in range(2))
        asker = identify(world.ports, first, is_api=False)
        assert asker is not None

        sign_out(world.ports, asker)

        assert identify(world.ports, first, is_api=False) is None
        assert identify(world.ports, second, is_api=False) is not None
