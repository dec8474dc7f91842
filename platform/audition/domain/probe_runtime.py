"""What several starts of the service showed: restrictions, a restart, a missing model, logs (B3, B5, B6, B8)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderEvidence:
    """Starts under more and more restrictions (B3); see `audition.domain.service.Restriction`."""

    tried: int
    """How many steps there are."""
    reached: int
    """The highest step at which it still predicts, every step below included; 0 for none."""
    broke: str = ""
    """Name of the first step at which it did not."""
    user: str = ""
    """User id of the first process with the image's own settings; empty is root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartEvidence:
    """Predictions before a SIGKILL and after the next start (B5)."""

    is_ready_again: bool
    rows: int
    agreeing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedEvidence:
    """A start with the files of the model empty (B6)."""

    was_ready: bool
    """Whether readiness said yes, or liveness where there is no readiness route."""
    predicted: bool
    """Whether a prediction was answered all the same: the model is somewhere else in the image."""
    is_running: bool
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEvidence:
    """Whom the service wanted to reach beyond itself (B2)."""

    names: tuple[str, ...] = ()
    """That it looked up, in the order of the first time; at most fifty. All are a candidate's text."""
    unreachable: int = 0
    """Packets to addresses to which no route leads."""
    is_heard: bool = True
    """Whether lookups could be heard at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwappedEvidence:
    """A start with another model in the place of its own (G5, G6)."""

    predicted: bool
    is_usable: bool
    """Whether predictions can be read from its answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsEvidence:
    """What the service printed over the main session (B8)."""

    lines: int
    structured: int
    """Lines that are JSON objects or hold at least two key=value pairs."""
    with_level: int
    """Lines that name a level."""
    canaries_sent: int
    canaries_found: int
    sample: tuple[str, ...] = ()
