"""Show hostile text as text: logs and names can hold anything, and must neither act nor hide."""

import unicodedata

_KEPT = {"\n", "\t"}
#: Unicode control pictures start here: U+0000 is shown as U+2400, and so on.
_PICTURES = 0x2400
_DELETE, _DELETE_PICTURE = 0x7F, "\u2421"
_FIRST_AFTER_C0 = 0x20


def visible(text: str) -> str:
    """The text with every invisible steering character made visible.

    Terminal escapes, carriage returns that overwrite a line and bidirectional overrides that reorder one
    (CVE-2021-42574) come out as symbols; new lines and tabs stay.
    """
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _KEPT:
        return character
    code = ord(character)
    if code < _FIRST_AFTER_C0:
        return chr(_PICTURES + code)
    if code == _DELETE:
        return _DELETE_PICTURE
    # Cc: C1 controls; Cf: bidirectional marks, zero-width joiners and the like; Cs and Co: not text.
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"}:
        return f"\u2039U+{code:04X}\u203a"
    return character


def decode(data: bytes) -> str:
    """Bytes of unknown kind as visible text; what is no UTF-8 appears as replacement characters."""
    return visible(data.decode("utf-8", "replace").replace("\r\n", "\n"))
