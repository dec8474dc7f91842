"""What a trusted container draws of what candidates made for people."""

from dataclasses import dataclass

MOST_HTML = 4 << 20
"""Largest page, in bytes of UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a drawing program says."""

    html: str
    """Of known tags and attributes, without scripts, styles and addresses of pictures."""
