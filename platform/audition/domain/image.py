"""What is known of a candidate's built image: how it is started, and what a trusted container saw in its layers."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """What a container of the image starts with. The words are the candidate's own, capped and printable."""

    user: str = ""
    """As it was written; empty is root."""
    working_dir: str = ""
    """Empty is the root folder."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    """Names, sorted; values may be secrets."""
    ports: tuple[str, ...] = ()
    """As exposed, e.g. "8080/tcp", sorted."""
    health_check: tuple[str, ...] = ()
    """As the engine keeps it, e.g. ("CMD", "curl", …); ("NONE",) when it was switched off."""
    labels: tuple[str, ...] = ()
    """Names, sorted, without ours."""
    stop_signal: str = ""


class HitKind(StrEnum):
    """What should not be in an image."""

    SETUID = "setuid"
    WORLD_WRITABLE = "world_writable"
    SECRET = "secret"  # noqa: S105  the word, no secret
    CACHE = "cache"
    """What package managers keep for the next time, which never comes."""
    CONTEXT = "context"
    """History, notebooks, tables of data: what was copied along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that should not be there; a whole folder of a cache is one."""

    kind: HitKind
    path: str
    layer: int
    """Index among the image's layers, from 0."""
    bytes: int = 0
    detail: str = ""
    """What it was known by; a secret is masked."""
    is_removed: bool = False
    """A later layer hides it: who has the image has it all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """One layer."""

    bytes: int
    """Of its regular files."""
    files: int
    wasted_bytes: int = 0
    """Of files that a later layer removes or brings again."""
    instruction: str = ""
    """What it came of, as the builder wrote it down; empty for a base's."""
    is_base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An installed Python distribution, by the name of its metadata folder."""

    name: str
    """Normalized (PEP 503)."""
    version: str
    is_base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A file of the image that has the name of the declared model."""

    path: str
    """Absolute."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that is not the same in two clean builds."""

    path: str
    bytes: int
    how: str
    """"content", "missing" or "new"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Two clean builds of the same files, compared without times, bytecode and logs of installers."""

    files: int
    """How many were compared."""
    bytes: int
    differing_bytes: int
    differing: tuple[Difference, ...] = ()
    """The largest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTask:
    """What a trusted container is told before it is shown an image; the tar follows on its standard input."""

    base_layers: int
    """How many of the lowest layers are ours."""
    model_path: str = ""
    """Of the declared model in the submission; empty without one."""
    images: int = 1
    """How many are in the tar; the second is the first one built again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEvidence:
    """What was seen in the layers of an image."""

    layers: tuple[LayerFacts, ...] = ()
    app_bytes: int = 0
    """Of files above the base that can be seen in a container."""
    model_bytes: int = 0
    """Of these, in files of models."""
    hits: tuple[Hit, ...] = ()
    """The first of each kind."""
    hit_counts: dict[HitKind, int] | None = None
    """How many there are of each kind."""
    distributions: tuple[Distribution, ...] = ()
    models: tuple[ModelFile, ...] = ()
    reproduction: Reproduction | None = None
    """None when it was not built again."""
    limit: str = ""
    """Why not all of it could be looked at; empty when it was."""

    @property
    def payload_bytes(self) -> int:
        """Of all layers above the base, what is hidden in them included: what is pushed and pulled."""
        return sum(layer.bytes for layer in self.layers if not layer.is_base)

    @property
    def wasted_bytes(self) -> int:
        """Of these, what later layers hide."""
        return sum(layer.wasted_bytes for layer in self.layers)
