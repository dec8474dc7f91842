"""Volumes of a pod: those that begin empty are given, what is the host's is refused, the rest is missing."""

from dataclasses import dataclass
from typing import Any

from audition.domain.pod import MAX_NOTES
from audition.domain.service import MAX_PLACES, SYSTEM_FOLDERS
from audition.grading.manifests import Thing
from audition.grading.yaml_files import at, items, table

_MOST_MOUNTS = 100
_EMPTY = ("emptyDir", "ephemeral", "persistentVolumeClaim")
#: They hold what a cluster knows; a service does without, or it is seen to fail.
_TOLD = ("downwardAPI",)


@dataclass(frozen=True, slots=True)
class Volumes:
    """What becomes of a container's mounts."""

    writable: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def volumes_of(thing: Thing, box: dict[str, Any]) -> Volumes:
    """The mounts of a container."""
    kinds = {str(at(v, "name")): table(v) for v in items(thing.pod, "volumes")[:_MOST_MOUNTS]}
    writable: list[str] = []
    unmet: list[str] = []
    refused: list[str] = []
    for mount in items(box, "volumeMounts")[:_MOST_MOUNTS]:
        place, volume = str(at(mount, "mountPath") or "")[:200], kinds.get(str(at(mount, "name")), {})
        if "hostPath" in volume:
            refused.append(f"a folder of the host at {place}")
        elif _is_system(place):
            unmet.append(f"a volume at {place}, over which nothing is mounted here")
        elif any(kind in volume for kind in _EMPTY) and at(mount, "readOnly") is not True:
            writable.append(place.rstrip("/") or "/")
        elif not any(kind in volume for kind in _TOLD):
            unmet.append(f"files at {place}, which come from a volume")
        if "persistentVolumeClaim" in volume:
            unmet.append(f"what the volume at {place} holds; it is empty here")
    if len(writable) > MAX_PLACES:
        unmet.append(f"more than {MAX_PLACES} volumes")
    return Volumes(tuple(writable[:MAX_PLACES]), tuple(unmet[:MAX_NOTES]), tuple(refused[:MAX_NOTES]))


def _is_system(place: str) -> bool:
    return any(place == folder or place.startswith(f"{folder}/") for folder in SYSTEM_FOLDERS)
