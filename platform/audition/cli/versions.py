"""What is said of published versions of a challenge: how they differ from one another and from the folder."""

from hashlib import sha256

from audition import codec
from audition.catalog.compare import State
from audition.catalog.read import BRIEF_FILE, DATACARD_FILE, ChallengeFolder
from audition.domain.challenge import METRIC_PROGRAM, Area, ChallengeVersion
from audition.domain.errors import NotFoundError
from audition.domain.rubric import RubricItem
from audition.ports import Ports

_DATA = (Area.PUBLIC, Area.PRIVATE, Area.METRIC)


def state_of_folder(folder: ChallengeFolder) -> State:
    """The folder as it is now; of its data what it promises."""
    return State(
        name="folder",
        manifest=folder.manifest,
        documents=_documents(folder.brief, folder.datacard, folder.rubric),
        data={**folder.checksums, **_own_metric(folder)},
    )


def state_of_version(version: ChallengeVersion) -> State:
    """A published version."""
    return State(
        name=f"version {version.number}",
        manifest=version.manifest,
        documents=_documents(version.brief, version.datacard, version.rubric),
        data={f"{file.area.value}/{file.name}": file.digest for file in version.files if file.area in _DATA},
    )


def find_version(ports: Ports, slug: str, number: int | None) -> ChallengeVersion:
    """A published version of a challenge, the newest without a number.

    Raises:
        NotFoundError: There is none.
    """
    with ports.unit_of_work() as uow:
        if number is None:
            return uow.challenges.latest(slug)
        known = {version.number: version for version in uow.challenges.all() if version.slug == slug}
    if number not in known:
        have = ", ".join(map(str, sorted(known))) or "none"
        raise NotFoundError(f"{slug} has no version {number}.", next_step=f"There are: {have}.")
    return known[number]


def _own_metric(folder: ChallengeFolder) -> dict[str, str]:
    if folder.metric is None:
        return {}
    name = f"{Area.METRIC.value}/{METRIC_PROGRAM}"
    return {name: sha256(folder.metric.read_bytes()).hexdigest()}


def _documents(brief: str, datacard: str, rubric: tuple[RubricItem, ...]) -> dict[str, str]:
    items = "\n".join(codec.to_json(item).decode() for item in rubric)
    return {BRIEF_FILE: brief, DATACARD_FILE: datacard, "rubric.toml": items}
