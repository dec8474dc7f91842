"""What a worker brings to its work: the ports, the sandbox, and who it is on this host."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from audition.domain.execution import Limits
from audition.ports import Ports, Sandbox

#: Name of the image in which everything hostile is parsed and all graders run.
GRADER_IMAGE = "grader"
#: Name of the image with the linters besides.
LINTERS_IMAGE = "linters"
#: Name of the image of the package mirror that builds can reach.
MIRROR_IMAGE = "mirror"
#: Name of the image that speaks to candidates' services.
PROBER_IMAGE = "prober"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A worker on a host with a container engine."""

    ports: Ports
    sandbox: Sandbox
    images: Mapping[str, str]
    """Image name to reference on this host."""
    worker: str
    warm_imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By image name: what a candidate's container imports while it waits. Not named: never started ahead."""
    image_limits: Mapping[str, Limits] = field(default_factory=dict)
    """By image name: what predicting on it gets where a challenge does not say."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """What the FROM of a candidate's Dockerfile may name, to the name of our image."""
    variant_key: bytes = field(default=b"", repr=False)
    """Of this installation's versions: their seals, and their copies of training data, are made of it."""
    slot: int = 0
    lease_seconds: float = 15.0
    lease_renew_seconds: float = 5.0
    max_losses: int = 3
    deadline_seconds: float = 3600.0
    facts: Mapping[str, str] = field(default_factory=dict)
    """Engine, runtime and kernel of this host, for provenance."""
