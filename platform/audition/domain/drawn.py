"""What a trusted container draws of what candidates made for people."""

from dataclasses import dataclass, field

from audition.domain.sources import Sources

MOST_HTML = 4 << 20
"""Largest page, in bytes of UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a drawing program says."""

    html: str
    """Of known tags and attributes, without scripts, styles and addresses of pictures."""
    sources: Sources = field(default_factory=Sources)
    """The code beside it, as text; empty where that was not asked for."""
