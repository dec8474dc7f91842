"""The key of a release, and what it makes: pseudonyms, offsets, orders. Nobody without it can make them again.

A plain or publicly salted digest of a small identifier space is undone by trying all identifiers, as happened to the
licence numbers of New York's taxis; hence HMAC-SHA256 with a secret that never leaves the author's machine.
Each purpose has a key of its own, made from the release's: a pseudonym says nothing about the offset of its dates.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audition.domain.errors import InvalidError

LEAST_KEY_BYTES = 32
_ID_BYTES = 6


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """The secret of one release."""

    secret: bytes

    def __repr__(self) -> str:
        """Its id only: a key is not to be seen in a log."""
        return f"Key({self.id})"

    @property
    def id(self) -> str:
        """A name for the key that does not tell it; equal keys have equal ids."""
        return self._derived("key id")[:_ID_BYTES].hex()

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self.secret, f"audition.anonymize\x00{purpose}".encode(), hashlib.sha256)

    def pseudonyms(self, domain: str, texts: tuple[str, ...], prefix: str, digits: int) -> list[str]:
        """A pseudonym for each text; a text has the same one wherever the domain is the same.

        Args:
            domain: What the identifiers name, such as "customer".
            texts: Distinct identifiers.
            prefix: Put before each pseudonym.
            digits: Hexadecimal digits of each; 4 bits a digit.
        """
        return [prefix + made.hex()[:digits] for made in self._digests(f"pseudonym\x00{domain}", texts)]

    def number(self, purpose: str, value: str) -> int:
        """A number in [0, 2**256) for a value."""
        return int.from_bytes(hmac.digest(self._derived(purpose), value.encode(), hashlib.sha256))

    def numbers(self, purpose: str, values: Iterable[str]) -> Iterator[int]:
        """The same for many values."""
        return (int.from_bytes(made) for made in self._digests(purpose, values))

    def _digests(self, purpose: str, texts: Iterable[str]) -> Iterator[bytes]:
        # A copy of a keyed state is cheaper than keying anew, and this runs once for each person.
        base = hmac.new(self._derived(purpose), digestmod=hashlib.sha256)
        for text in texts:
            one = base.copy()
            one.update(text.encode())
            yield one.digest()

    def generator(self, purpose: str) -> np.random.Generator:
        """Random numbers that the key decides; each purpose has its own."""
        return np.random.default_rng(int.from_bytes(self._derived(f"random\x00{purpose}")))

    def signature(self, document: bytes) -> str:
        """What shows, to whoever has the key, that a document was made with it and not changed since."""
        return hmac.digest(self._derived("signature"), document, hashlib.sha256).hex()


def read_key(path: Path) -> Key:
    """Read the key of a release.

    Raises:
        InvalidError: There is none, or it is too short.
    """
    if not path.is_file():
        raise InvalidError(
            f"{path}: there is no key.",
            next_step="Run apply with --new-key once; keep the file out of every release and repository.",
        )
    secret = path.read_bytes().strip()
    if len(secret) < LEAST_KEY_BYTES:
        raise InvalidError(
            f"{path}: holds {len(secret)} bytes; a key has at least {LEAST_KEY_BYTES} random ones.",
            next_step="Remove the file and run apply with --new-key.",
        )
    return Key(secret)


def make_key(path: Path) -> Key:
    """Make a key and write it where only its owner reads it; one that is there is never replaced.

    Raises:
        InvalidError: There is one already: what was released with it could not be made again.
    """
    if path.exists():
        raise InvalidError(f"{path}: is there already.", next_step="Leave out --new-key, or move the file.")
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(LEAST_KEY_BYTES) + "\n", encoding="ascii")
    return read_key(path)
