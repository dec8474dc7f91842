"""Imported by grader containers while they wait: everything that any of their verbs needs, ready to use."""

from importlib.metadata import entry_points

from audition import codec
from audition.domain.challenge import Manifest
from audition.domain.contract import Collection, Inventory
from audition.domain.drift import DriftEvidence
from audition.domain.evidence import RunEvidence
from audition.domain.grade import GradeSheet
from audition.domain.tools import ToolReports
from audition.grading import collect, contract, discover, unpack
from audition.grading.runner import GROUP

for _kind in (Manifest, Inventory, Collection, RunEvidence, GradeSheet, ToolReports, DriftEvidence):
    codec.prepare(_kind)

for _entry in entry_points(group=GROUP):
    _entry.load()

__all__ = ["collect", "contract", "discover", "unpack"]
