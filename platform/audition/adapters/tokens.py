"""Identifiers and secrets from the operating system's random source."""

import secrets
import string

_ALPHABET = string.ascii_lowercase + string.digits
#: 36^20 is about 2^103: no collision and no guess in any lifetime.
_ID_LENGTH = 20
_SECRET_BYTES = 32


class RandomTokens:
    """Implements `Tokens`."""

    def new_id(self, prefix: str) -> str:
        """Prefix, underscore, 20 lower-case letters and digits."""
        return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))}"

    def new_secret(self) -> str:
        """256 random bits, URL-safe."""
        return secrets.token_urlsafe(_SECRET_BYTES)
