"""The error families: everything Audition raises on purpose is one of these five.

Adapters translate foreign exceptions into them once; the web maps them to problem documents (RFC 9457).
A candidate's failure while their code runs is never an exception: it is a `Verdict`.
"""

from collections.abc import Sequence


class AuditionError(Exception):
    """What went wrong, in a sentence a person can act on.

    Attributes:
        detail: What was wrong and where.
        code: Stable machine name in kebab case, for clients and tests.
        next_step: What the reader can do now; empty when there is nothing to do.
        problems: Every single problem found, when there are several.
    """

    status = 500
    title = "Something is wrong on our side"

    def __init__(
        self, detail: str, *, code: str = "", next_step: str = "", problems: Sequence[str] = ()
    ) -> None:
        """Keep the parts apart so that each surface can lay them out its own way."""
        super().__init__(detail)
        self.detail = detail
        self.code = code or _kebab(type(self).__name__)
        self.next_step = next_step
        self.problems = tuple(problems)


class NotFoundError(AuditionError):
    """The thing does not exist, or the asker may not know that it does."""

    status = 404
    title = "Not found"


class ConflictError(AuditionError):
    """The request is fine, but not in the present state."""

    status = 409
    title = "Not possible right now"


class InvalidError(AuditionError):
    """The input is wrong; `problems` lists everything that is."""

    status = 422
    title = "The input is not valid"


class DeniedError(AuditionError):
    """The asker is known and may not do this."""

    status = 403
    title = "Not allowed"


class UnavailableError(AuditionError):
    """Something we depend on does not answer.

    Attributes:
        transient: Whether trying again later may help by itself.
    """

    status = 503
    title = "Temporarily unavailable"

    def __init__(self, detail: str, *, transient: bool = True, code: str = "", next_step: str = "") -> None:
        """Add whether a retry may help."""
        super().__init__(detail, code=code, next_step=next_step)
        self.transient = transient


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name.removesuffix("Error"))[1:]
