"""Unpack a submission and say what is in it: the one way for the platform and for `audition check` alike."""

from pathlib import Path

from audition.domain.contract import Inventory
from audition.grading.contract import read_contract
from audition.grading.discover import discover
from audition.grading.unpack import lift_single_folder, unpack


def take_inventory(archive: Path, target: Path, *, max_bytes: int, max_entries: int) -> Inventory:
    """Unpack an archive and read its contract.

    Args:
        archive: The received bytes.
        target: An empty folder to write to; to be thrown away when there are refusals.
        max_bytes: Most bytes that may come out.
        max_entries: Most entries it may have.
    """
    state = unpack(archive, target, max_bytes=max_bytes, max_entries=max_entries)
    if state.reasons:
        return Inventory(refusals=tuple(state.reasons))
    lift_single_folder(state)
    contract, problems = read_contract(target)
    contract, discovered = discover(target, contract)
    return Inventory(
        refusals=tuple(problems),
        contract=contract,
        entries=tuple(state.entries),
        total_bytes=state.total_bytes,
        discovered=discovered,
    )
