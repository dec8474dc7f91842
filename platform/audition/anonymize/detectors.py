"""Structured personal data in free text: found by form and checksum, replaced by surrogates of the same form.

What has a form is found surely and at millions of characters a second. Names of people have none; see
docs/anonymization.md for what that means. A thing gets the same surrogate wherever it stands, so that a text still
shows that two mails came from one address.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audition.anonymize.keys import Key

_MOST_DIGITS_OF_A_PHONE = 15
_LEAST_DIGITS_OF_A_PHONE = 8
_LUHN_TEN = 9


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of thing in text."""

    pattern: re.Pattern[str]
    is_real: Callable[[str], bool]
    """What the form alone cannot say, such as a checksum."""
    surrogate: Callable[[int], str]
    """From a number that the key decides, something of the same form that belongs to nobody."""


def digits_of(text: str) -> str:
    """The digits of a text."""
    return "".join(c for c in text if c.isdigit())


def luhn_sum(digits: str) -> int:
    """The sum of Luhn's check, modulo 10; 0 for a valid number. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - _LUHN_TEN if number > _LUHN_TEN else number
    return total % 10


def iban_rest(text: str) -> int:
    """The rest of an IBAN modulo 97; 1 for a valid one. Source: ISO 13616, ISO 7064 mod 97-10."""
    plain = text.replace(" ", "").upper()
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_phone(text: str) -> bool:
    digits = digits_of(text)
    # Digits alone are more often the number of an order or an amount: a phone has a plus, a zero or several gaps.
    formed = text[0] in "+(0" or sum(c in " -/." for c in text) > 1
    other = _is_date(text) or re.fullmatch(r"\d+\.\d+|\d{1,3}(\.\d{1,3}){3}", text)
    return _LEAST_DIGITS_OF_A_PHONE <= len(digits) <= _MOST_DIGITS_OF_A_PHONE and formed and not other


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./]\d{4}.*", text) is not None


def _card(number: int) -> str:
    # 9 is the first digit of numbers that national bodies give, not card networks.
    body = f"9{number % 10**14:014d}"
    return body + str(-luhn_sum(body + "0") % 10)


def _iban(number: int) -> str:
    # "XX" is no country: the form is right, the checksum is, and no bank has it.
    body = f"{number % 10**16:016d}"
    return f"XX{98 - iban_rest('XX00' + body):02d}{body}"


#: In this order: a longer or surer form is taken before another can take a part of it.
DETECTORS: Mapping[str, Detector] = {
    "url": Detector(
        re.compile(r"\b(?:(?:https?|ftp)://|www\.)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]", re.IGNORECASE),
        lambda _: True,
        lambda n: f"https://example.org/{n % 16**8:08x}",
    ),
    "email": Detector(
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}\b"),
        lambda _: True,
        lambda n: f"person-{n % 16**8:08x}@example.org",
    ),
    "iban": Detector(
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
        lambda text: iban_rest(text) == 1,
        _iban,
    ),
    "card": Detector(
        re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])"),
        lambda text: luhn_sum(digits_of(text)) == 0 and len(set(digits_of(text))) > 1,
        _card,
    ),
    "ip": Detector(
        re.compile(
            r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w.:]*\w)"
        ),
        _is_address,
        # 198.18.0.0/15 is set aside for measurements (RFC 2544): no host has such an address.
        lambda n: f"198.{18 + n % 2}.{n // 2 % 256}.{n // 512 % 254 + 1}",
    ),
    "phone": Detector(
        re.compile(r"(?<![\w.])(?:\+|\(|0)?\d(?:[\d ()/.-]{6,20})\d(?!\w)"),
        _is_phone,
        # 999 is a country code that nobody has.
        lambda n: f"+999 {n % 10**4:04d} {n // 10**4 % 10**5:05d}",
    ),
}


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Replaces what detectors find, and counts it."""

    key: Key
    names: tuple[str, ...]
    found: Counter[str]

    def scrub(self, text: str) -> str:
        """The text with surrogates."""
        parts = [text]
        for name in self.names or tuple(DETECTORS):
            # Every second part is a surrogate already, and is not looked at again.
            parts = [
                piece
                for place, part in enumerate(parts)
                for piece in ([part] if place % 2 else self._divided(name, part))
            ]
        return "".join(parts)

    def _divided(self, name: str, text: str) -> list[str]:
        """Text, surrogate, text, …: an odd number of pieces."""
        detector, begin, pieces = DETECTORS[name], 0, []
        for match in detector.pattern.finditer(text):
            if detector.is_real(match[0]):
                pieces += [text[begin : match.start()], self._surrogate(name, match[0])]
                begin = match.end()
        return [*pieces, text[begin:]]

    def _surrogate(self, name: str, thing: str) -> str:
        self.found[name] += 1
        plain = digits_of(thing) if name in {"card", "phone"} else thing.replace(" ", "").lower()
        return DETECTORS[name].surrogate(self.key.number(f"surrogate\x00{name}", plain))


def scrubber(key: Key, names: tuple[str, ...] = ()) -> Scrubber:
    """One that has found nothing yet."""
    return Scrubber(key, names, Counter())


def kinds_in(text: str) -> list[str]:
    """Which detectors find something in a text."""
    return [
        name
        for name, detector in DETECTORS.items()
        if any(detector.is_real(match[0]) for match in detector.pattern.finditer(text))
    ]
