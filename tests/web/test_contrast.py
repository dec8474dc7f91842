"""Text can be read: every pair of colours that carries words keeps the contrast that WCAG 2.2 AA asks for."""

import re
from pathlib import Path

import pytest

from audition.web import words

CSS = (Path(words.__file__).parent / "static" / "app.css").read_text()
#: Of normal text, and of what is not text but has to be seen. Source: WCAG 2.2, criteria 1.4.3 and 1.4.11.
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ("surface", "ground", "sunken")
PAIRS = [
    *((ink, ground) for ink in ("ink", "soft", "accent") for ground in GROUNDS),
    *((tone, f"{tone}-ground") for tone in ("good", "fair", "bad", "busy", "quiet")),
    *((tone, "surface") for tone in ("good", "bad")),
    ("on-accent", "accent"),
    ("ink", "quiet-ground"),
]
SCHEMES = {"light": 0, "dark": 1}


def luminance(colour: str) -> float:
    """Relative, in [0, 1]. Source: WCAG 2.2, definition of relative luminance."""
    digits = colour.lstrip("#")
    full = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    channels = (int(full[i : i + 2], 16) / 255 for i in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def token(name: str, scheme: str) -> str:
    found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", CSS)
    assert found is not None, name
    return found[SCHEMES[scheme] + 1]


def test_black_on_white_has_the_contrast_that_the_standard_names() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_words_stand_out_from_their_ground(ink: str, ground: str, scheme: str) -> None:
    assert contrast(token(ink, scheme), token(ground, scheme)) >= TEXT


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("tone", ["good", "fair", "bad", "busy"])
def test_bars_stand_out_from_the_page(tone: str, scheme: str) -> None:
    found = re.search(rf"\.tone-{tone} \{{ --tone: light-dark\((#\w+), (#\w+)\)", CSS)
    assert found is not None
    assert contrast(found[SCHEMES[scheme] + 1], token("surface", scheme)) >= SHAPE
