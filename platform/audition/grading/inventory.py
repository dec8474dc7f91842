"""Unpack a submission and say what is in it: the one way for the platform and for `audition check` alike."""

from pathlib import Path

from audition.domain.contract import Contract, Entry, Inventory
from audition.domain.notebook import BARE_NOTEBOOK, Notebook
from audition.grading.contract import read_contract
from audition.grading.discover import discover
from audition.grading.notebooks import UnreadableNotebookError, read_book, starts_as_notebook
from audition.grading.unpack import lift_single_folder, unpack

#: Of the bytes, to tell what they are.
_START = 512


def take_inventory(archive: Path, target: Path, *, max_bytes: int, max_entries: int) -> Inventory:
    """Unpack an archive and read its contract; a notebook that was sent alone is an archive of itself.

    Args:
        archive: The received bytes.
        target: An empty folder to write to; to be thrown away when there are refusals.
        max_bytes: Most bytes that may come out.
        max_entries: Most entries it may have.
    """
    with archive.open("rb") as stream:
        start = stream.read(_START)
    if starts_as_notebook(start):
        return _bare_notebook(archive, target, max_bytes)
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


def _bare_notebook(sent: Path, target: Path, max_bytes: int) -> Inventory:
    try:
        read_book(sent)
    except UnreadableNotebookError as error:
        advice = "Send a notebook, or a .zip or .tar.gz of your solution's folder"
        return Inventory(refusals=(f"The file looks like a notebook, but {error}. {advice}.",))
    size = sent.stat().st_size
    if size > max_bytes:
        return Inventory(refusals=(f"The notebook has {size:,} bytes; at most {max_bytes:,} are accepted.",))
    (target / BARE_NOTEBOOK).write_bytes(sent.read_bytes())
    return Inventory(
        contract=Contract(notebook=Notebook(path=BARE_NOTEBOOK)),
        entries=(Entry(path=BARE_NOTEBOOK, bytes=size),),
        total_bytes=size,
    )
