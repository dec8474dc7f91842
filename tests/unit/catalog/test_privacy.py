"""What a pack's own prepare measured stands beside the bounds of its policy."""

from pathlib import Path

import pytest

from audition.catalog.privacy import MOST_BYTES, hold, read_gate
from audition.domain.errors import InvalidError


def test_each_bound_stands_beside_the_last_measurement_of_its_name() -> None:
    measured = b'{"before": {"k": 1}, "after": {"k": 5, "key": "open", "is_good": true}}'
    told = [str(one) for one in hold({"k": 5, "names_found": 0.95}, measured)]
    assert told == ["k 5 (bound 5)", "names_found not measured by this name (bound 0.95)"]


@pytest.mark.parametrize("measured", [b"[1]", b"{", b"[" * 100_000, b" " * MOST_BYTES + b"{}"])
def test_what_is_no_report_is_refused(measured: bytes) -> None:
    with pytest.raises(InvalidError, match="no JSON object"):
        hold({"k": 5}, measured)


def test_the_bounds_are_the_numbers_of_the_gate(folder: Path) -> None:
    assert read_gate(folder) == {"k": 5.0}
    (folder / "privacy.toml").write_text("[release]\nk = 3\n")
    assert read_gate(folder) == {}
