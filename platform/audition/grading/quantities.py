"""Kubernetes' quantities as numbers."""

import re

#: Source: Kubernetes' API reference, resource.Quantity.
_QUANTITY = re.compile(
    r"(?P<number>\d{1,15}(?:\.\d{1,9})?)(?P<suffix>m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|e\d{1,2})?"
)
_FACTORS = {
    "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def quantity(value: object) -> float | None:
    """The number that a quantity means; None when it is none.

    Args:
        value: As YAML gives it: a number, or text like "250m", "512Mi", "1e3".
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        return None
    suffix = found["suffix"] or ""
    factor = 10.0 ** int(suffix[1:]) if suffix.startswith("e") else _FACTORS[suffix]
    return float(found["number"]) * factor
