"""Numbers, times and sizes as people read them."""

from datetime import datetime

_KIB = 1024.0
_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3600
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
#: Below this a size or duration shows one decimal, above none: three digits are enough to compare.
_SHORT = 10


def size(count: float | None) -> str:
    """Bytes with a binary unit, e.g. "1.5 MiB"."""
    if count is None:
        return "not measured"
    amount = float(count)
    for unit in _UNITS[:-1]:
        if abs(amount) < _KIB:
            return _amount(amount, unit)
        amount /= _KIB
    return _amount(amount, _UNITS[-1])


def _amount(amount: float, unit: str) -> str:
    is_whole = unit == "B" or amount >= _SHORT or amount == int(amount)
    return f"{amount:.0f} {unit}" if is_whole else f"{amount:.1f} {unit}"


def duration(seconds: float | None) -> str:
    """Seconds as "0.4 s", "42 s", "3 min 20 s", "1 min" or "2 h 5 min"."""
    if seconds is None:
        return "not measured"
    if seconds < _SHORT:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE_SECONDS:
        return f"{whole} s"
    if whole < _HOUR_SECONDS:
        return _pair(whole // _MINUTE_SECONDS, "min", whole % _MINUTE_SECONDS, "s")
    return _pair(whole // _HOUR_SECONDS, "h", whole % _HOUR_SECONDS // _MINUTE_SECONDS, "min")


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def moment(at: datetime | None) -> str:
    """A time of day, e.g. "2 Jan 2030, 03:04 UTC"."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else "not yet"


def between(start: datetime, end: datetime | None, now: datetime) -> float:
    """Seconds from start to end, or to now while there is no end; never negative."""
    return max(0.0, ((end or now) - start).total_seconds())


def left(at: datetime, now: datetime) -> str:
    """How long until a moment, roughly: "12 days", "5 hours", "40 minutes" or "over"."""
    seconds = (at - now).total_seconds()
    if seconds <= 0:
        return "over"
    for amount, unit in ((seconds // 86400, "day"), (seconds // 3600, "hour"), (seconds // 60, "minute")):
        if amount >= 1:
            return f"{amount:.0f} {unit}{'' if amount == 1 else 's'}"
    return "less than a minute"


def points(score: float | None) -> str:
    """A score in [0, 1] as points of 100, e.g. "84"; a dash for None."""
    return "\u2013" if score is None else f"{100 * score:.0f}"


def number(value: float) -> str:
    """A number without needless zeros, e.g. "2" or "5.25"."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def short(digest: str) -> str:
    """The first characters of a digest, enough to tell two apart."""
    return digest.removeprefix("sha256:")[:12]
