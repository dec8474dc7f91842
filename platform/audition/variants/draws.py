"""Random numbers that a key decides, the same on every machine and with every version of every library.

SHAKE-256 with the key before everything else: without the key, nothing of the numbers can be told from chance.
Source: FIPS 202, and NIST SP 800-185 for a key in front of what a sponge absorbs.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Draws = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
LEAST_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """The secret of one challenge version's copies."""

    secret: bytes

    def __repr__(self) -> str:
        """Nothing of it: a key is not to be seen in a log."""
        return "Key(...)"

    def draws(self, purpose: str, count: int) -> Draws:
        """Numbers in [0, 2**64); each purpose has its own."""
        name = purpose.encode()
        head = len(self.secret).to_bytes(8) + self.secret + len(name).to_bytes(8) + name
        return np.frombuffer(hashlib.shake_256(head).digest(8 * count), dtype="<u8").astype(np.uint64)

    def shares(self, purpose: str, count: int) -> Floats:
        """Numbers in [0, 1)."""
        return (self.draws(purpose, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def order(self, purpose: str, count: int) -> Ints:
        """A permutation of 0 to count - 1."""
        return np.argsort(self.draws(purpose, count), kind="stable").astype(np.int64)
