"""Imported by the container that will unpack and hold the volumes, while it waits: no grader among it."""

from audition import codec
from audition.domain.challenge import Manifest
from audition.domain.contract import Collection, Inventory
from audition.grading import collect, contract, discover, inventory, unpack

for _kind in (Manifest, Inventory, Collection):
    codec.prepare(_kind)

__all__ = ["collect", "contract", "discover", "inventory", "unpack"]
