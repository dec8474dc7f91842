"""Password hashing with Argon2id, in argon2-cffi's default cost (RFC 9106, low-memory profile)."""

from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class Argon2Passwords:
    """Implements `Passwords`."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Use another cost than the default one only in tests."""
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        """Argon2id hash with its parameters."""
        return self._hasher.hash(password)

    def matches(self, password: str, hashed: str) -> bool:
        """Whether the password is right.

        For an unknown account pass "" as the hash: it is false after the same work as for a known one, so the
        time does not tell which addresses have an account.
        """
        try:
            return self._hasher.verify(hashed, password)
        except InvalidHashError:
            self._spend(password)
        except VerificationError:
            pass
        return False

    def _spend(self, password: str) -> None:
        try:
            self._hasher.verify(self._decoy, password)
        except VerificationError:
            return

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash("the hash that nobody's password has")
