"""Mail as files: an outbox folder that a person, or a mail program, picks up."""

import os
import re
import tempfile
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from audition.domain.errors import InvalidError, UnavailableError
from audition.ports import Clock

#: One address, no display name, no list: the shape that cannot carry a second header or recipient.
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+")
#: Longest address that mail can carry (RFC 5321, 4.5.3.1.3).
_ADDRESS_LENGTH = 254


class OutboxMailer:
    """Implements `Mailer`: each mail is one .eml file, readable by its owner only (links are secrets)."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Use a folder; it is made with the first mail."""
        self._folder = folder
        self._clock = clock

    def send(self, to: str, subject: str, body: str) -> None:
        """Write a mail into the outbox.

        Raises:
            InvalidError: The address is not one plain address.
            UnavailableError: The outbox cannot be written.
        """
        message = EmailMessage(policy=SMTP)
        message["To"] = _checked(to)
        # Line breaks in a header would begin another one.
        message["Subject"] = " ".join(subject.split())
        message["Date"] = format_datetime(self._clock.now())
        message.set_content(body)
        try:
            self._write(message.as_bytes())
        except OSError as error:
            msg = f"The mail to {to} cannot be written to {self._folder}: {error.strerror or error}."
            raise UnavailableError(
                msg, code="outbox-not-writable", next_step="Free space or fix its owner, then send again."
            ) from error

    def _write(self, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        prefix = f"{self._clock.now():%Y%m%dT%H%M%S%f}-"
        # mkstemp makes it 0600. It gets its ending when it is whole, so that nobody picks up half a mail.
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=prefix, suffix=".part")
        with os.fdopen(descriptor, "wb") as sink:
            sink.write(data)
        Path(name).rename(Path(name).with_suffix(".eml"))


def _checked(to: str) -> str:
    if len(to) > _ADDRESS_LENGTH or not _ADDRESS.fullmatch(to):
        msg = f"{to[:80]!r} is not an e-mail address."
        raise InvalidError(msg, code="bad-address", next_step="Give one address like ada@example.org.")
    return to
