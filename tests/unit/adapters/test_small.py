"""Clock, tokens, passwords and mail."""

import re
import stat
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from audition.adapters.clock import SystemClock
from audition.adapters.mail import OutboxMailer
from audition.adapters.memory import FixedClock, PlainPasswords, SeededTokens
from audition.adapters.passwords import Argon2Passwords
from audition.adapters.tokens import RandomTokens
from audition.domain.errors import InvalidError, UnavailableError
from audition.ports import Clock, Passwords, Tokens

# Clock


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock()], ids=["system", "fixed"])
def test_now_is_aware_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


def test_the_system_clock_is_the_real_one() -> None:
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= before + timedelta(minutes=1)


def test_a_fixed_clock_moves_when_told() -> None:
    clock = FixedClock()
    before = clock.now()
    assert clock.now() == before
    assert clock.advance(2.5) == clock.now() == before + timedelta(seconds=2.5)


# Tokens


@pytest.mark.parametrize("tokens", [RandomTokens(), SeededTokens()], ids=["random", "seeded"])
def test_tokens_have_their_shape_and_differ(tokens: Tokens) -> None:
    ids = {tokens.new_id("sub") for _ in range(100)}
    secrets = {tokens.new_secret() for _ in range(100)}
    assert all(re.fullmatch(r"sub_[a-z0-9]{20}", name) for name in ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    assert len(ids) == len(secrets) == 100


def test_seeded_tokens_repeat() -> None:
    assert SeededTokens(7).new_secret() == SeededTokens(7).new_secret()
    assert SeededTokens(7).new_id("a") != SeededTokens(8).new_id("a")


# Passwords


@pytest.fixture(params=["argon2", "plain"])
def passwords(request: pytest.FixtureRequest) -> Passwords:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return Argon2Passwords(cheap) if request.param == "argon2" else PlainPasswords()


def test_only_the_right_password_matches(passwords: Passwords) -> None:
    hashed = passwords.hash("correct horse")
    assert passwords.matches("correct horse", hashed)
    for wrong in ("", "correct hors", "Correct horse", "correct horse\0"):
        assert not passwords.matches(wrong, hashed)


@pytest.mark.parametrize("hashed", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$xx"])
def test_nothing_matches_what_is_no_hash(passwords: Passwords, hashed: str) -> None:
    assert not passwords.matches("anything", hashed)


def test_hashes_are_salted_argon2id() -> None:
    passwords = Argon2Passwords()
    first, second = passwords.hash("x"), passwords.hash("x")
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_an_unknown_account_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Argon2Passwords(hasher)
    verified: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, hashed: str, password: str) -> bool:
        verified.append(hashed)
        return real(self, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    assert not passwords.matches("guess", "")
    # The last one is a whole hash of the same cost as real ones: what is measured cannot tell them apart.
    assert verified[-1].startswith("$argon2id$v=19$m=8,t=1,p=1$")


# Mail


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def test_a_mail_is_one_private_file_that_mail_programs_read(outbox: Path) -> None:
    mailer = OutboxMailer(outbox, FixedClock())
    mailer.send("cleo@example.org", "Your invitation: Kreditprüfung", "Hällo\n\nhttps://a.example/i/x\n")
    (path,) = outbox.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert path.suffix == ".eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert message["To"] == "cleo@example.org"
    assert message["Subject"] == "Your invitation: Kreditprüfung"
    assert message["Date"] == "Wed, 02 Jan 2030 03:04:05 +0000"
    body = message.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == "Hällo\n\nhttps://a.example/i/x\n"


def test_mails_of_the_same_moment_are_separate_files(outbox: Path) -> None:
    mailer = OutboxMailer(outbox, FixedClock())
    for _ in range(3):
        mailer.send("cleo@example.org", "Hello", "Again")
    assert len(list(outbox.iterdir())) == 3


def test_line_breaks_in_a_subject_make_no_header(outbox: Path) -> None:
    OutboxMailer(outbox, FixedClock()).send("cleo@example.org", "Hi\r\nBcc: eve@example.org", "x")
    (path,) = outbox.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: eve@example.org"


@pytest.mark.parametrize(
    "to",
    [
        "",
        "cleo",
        "a@b\nBcc: eve@example.org",
        "a@example.org, eve@example.org",
        "a@example.org;eve@example.org",
        "Cleo <cleo@example.org>",
        "a@b@c",
        "a" * 250 + "@b.org",
    ],
)
def test_what_is_not_one_address_is_refused(outbox: Path, to: str) -> None:
    with pytest.raises(InvalidError, match="not an e-mail address"):
        OutboxMailer(outbox, FixedClock()).send(to, "Hi", "x")
    assert not outbox.exists()


def test_an_outbox_that_cannot_be_written_says_so(outbox: Path) -> None:
    outbox.write_text("in the way")
    with pytest.raises(UnavailableError, match="outbox"):
        OutboxMailer(outbox, FixedClock()).send("cleo@example.org", "Hi", "x")
