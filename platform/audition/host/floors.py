"""Which programs of a host are older than the versions with the fixes that matter here.

Distributions carry fixes back without changing the number, so an old number is a reason to look, not a proof. By
default one machine is warned about and works all the same; a worker of an installation of several machines, where
nobody watches each, takes no jobs. `AUDITION_OLD_VERSIONS` decides otherwise.
"""

import re

from audition.domain.errors import UnavailableError
from audition.host.posture import UNFIT
from audition.settings import Settings

# Source: the fixes for CVE-2026-41567, -41568, -42306 (engine) and CVE-2025-31133, -52565, -52881 (runc).
ENGINE_FLOOR = (29, 7, 0)
RUNC_FLOORS: dict[tuple[int, ...], tuple[int, ...]] = {(1, 2): (1, 2, 8), (1, 3): (1, 3, 3)}
_NEWEST_RUNC_FLOOR, _OLDEST_RUNC_FLOOR = (1, 4, 0), (1, 2, 8)


def version_tuple(text: str) -> tuple[int, ...]:
    """Return the numbers a version begins with: `20.10.24+dfsg1` is (20, 10, 24)."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def engine_floor(version: str) -> str:
    """The oldest engine with all fixes, when this one is older; else empty."""
    return "" if version_tuple(version) >= ENGINE_FLOOR else _text(ENGINE_FLOOR)


def runc_floor(version: str) -> str:
    """The oldest runc of its series with all fixes, when this one is older; else empty."""
    numbers = version_tuple(version)
    usual = _NEWEST_RUNC_FLOOR if numbers >= _NEWEST_RUNC_FLOOR[:2] else _OLDEST_RUNC_FLOOR
    floor = RUNC_FLOORS.get(numbers[:2], usual)
    return "" if numbers >= floor else _text(floor)


def old_versions(engine: str, runc: str) -> tuple[str, ...]:
    """What is older than its floor, each with that; a version that nobody tells is.

    Args:
        engine: Version of the engine.
        runc: Version of runc; empty when the engine does not say.
    """
    found = (("engine", engine, engine_floor(engine)), ("runc", runc, runc_floor(runc)))
    return tuple(f"{name} {version or 'unknown'} (needs {floor})" for name, version, floor in found if floor)


def check_versions(settings: Settings, engine: str, runc: str) -> tuple[str, ...]:
    """What is too old on a host that may work all the same.

    Raises:
        UnavailableError: Something is, and the operator wants none of that; `code` is UNFIT.
    """
    old = old_versions(engine, runc)
    if old and settings.refuses_old_versions:
        msg = f"This host takes no jobs, for it has programs with known holes: {', '.join(old)}."
        fix = "Upgrade them, or, if your distribution has carried the fixes back, set AUDITION_OLD_VERSIONS=warn."
        raise UnavailableError(msg, transient=False, code=UNFIT, next_step=fix)
    return old


def _text(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
