"""Shorten the times in PromQL, so that a rule made for minutes can be tried in seconds.

Time is compressed by a factor: the service is scraped so many times as often, and every range, step and wait of a rule
becomes so many times shorter. A rule then looks at as many samples as in production. Rates stay rates per second, and
shares and quantiles stay what they are; what compares with another hour or with the clock cannot be tried.
"""

import re
from collections.abc import Iterator

#: A text, a comment or a pair of brackets: times stand in brackets only, and none in texts and comments.
_PIECES = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*|\[[^\[\]]*\]")
_TIME = re.compile(r"(\d+)(ms|[smhdwy])")
_UNIT_SECONDS = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "y": 31_536_000.0,
}
_OFFSET = re.compile(r"\boffset\b|@")
_CLOCK = re.compile(
    r"\b(?:time|timestamp|hour|minute|month|year|day_of_week|day_of_month|day_of_year|days_in_month)\s*\("
)
_OWN_STATE = re.compile(r"\bALERTS(?:_FOR_STATE)?\b")
_EXTRAPOLATES = re.compile(r"\bpredict_linear\s*\(|\bderiv\s*\(|\bholt_winters\s*\(")


def compressed(expression: str, factor: float) -> str:
    """The expression with every time divided by the factor, to the millisecond."""

    def shorten(match: re.Match[str]) -> str:
        piece = match[0]
        return (
            re.sub(r"(?:\d+(?:ms|[smhdwy]))+", lambda m: _text(_seconds(m[0]) / factor), piece)
            if (piece.startswith("["))
            else piece
        )

    return _PIECES.sub(shorten, expression)


def longest_range_seconds(expression: str) -> float:
    """The longest time in it, not compressed; 0 when there is none."""
    times = (
        time for piece in _brackets(expression) for time in re.findall(r"(?:\d+(?:ms|[smhdwy]))+", piece)
    )
    return max((_seconds(time) for time in times), default=0.0)


def cannot_compress(expression: str) -> str:
    """Why a rule cannot be tried in compressed time; empty when it can."""
    bare = _PIECES.sub(" ", expression)
    if _OFFSET.search(bare):
        return "it compares with another time, of which there is none here"
    if _CLOCK.search(bare):
        return "it looks at the clock, which runs at its usual pace"
    if _EXTRAPOLATES.search(bare):
        return "it extends a trend, which is another one in compressed time"
    if _OWN_STATE.search(bare):
        return "it looks at alerts instead of at the service"
    return ""


def _brackets(expression: str) -> Iterator[str]:
    return (match[0] for match in _PIECES.finditer(expression) if match[0].startswith("["))


def _seconds(text: str) -> float:
    return sum(int(number) * _UNIT_SECONDS[unit] for number, unit in _TIME.findall(text))


def _text(seconds: float) -> str:
    """As Prometheus writes it, at least a millisecond."""
    return f"{max(1, round(seconds * 1000))}ms"
