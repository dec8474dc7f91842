"""`audition.toml`: what a submission says about itself. Parsed and checked inside a container only.

What the file does not say is looked for in the submission (`Discovery`), which earns less; what is not found either
is the default of the serving kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from audition.domain.build import BuildPlan
from audition.domain.monitoring import Monitoring
from audition.domain.notebook import Notebook
from audition.domain.pod import Pod
from audition.domain.serving import Serving

DEFAULT_PREDICT = ("python", "predict.py")
CONTRACT_FILE = "audition.toml"
DISCOVERED_CREDIT = 0.7
"""What a discovered value is worth next to a declared one, in (0, 1). Source: tier B of the drift protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program of the candidate that takes something from us: a model, data, a place to write.

    A word may hold `{model}`, `{data}` or `{out}`. The same values are in the environment (`AUDITION_MODEL`,
    `AUDITION_DATA`, `AUDITION_OUT`), for programs that prefer that.
    """

    words: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The words with values in the places of their names, e.g. {"model": "/in/model.joblib"}."""
        words = self.words
        for name, value in values.items():
            words = tuple(word.replace(f"{{{name}}}", value) for word in words)
        return words

    def takes(self, name: str) -> bool:
        """Whether a word holds this name."""
        return any(f"{{{name}}}" in word for word in self.words)


def environment_of(values: Mapping[str, str]) -> dict[str, str]:
    """The variables that a command finds its values in."""
    return {f"AUDITION_{name.upper()}": value for name, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Programs that a pipeline would run; None where none is declared. Each runs offline, without a shell."""

    gate: Command | None = None
    """Takes {model} and {data} (rows with the truth); ends with 0 to let the model pass, else refuses it."""
    retrain: Command | None = None
    """Takes {data} (a new slice, same columns) and {out} (an empty folder)."""
    artifact: str = ""
    """Where retraining leaves the model, relative to {out}; empty means the file name of `model.path`."""
    data_check: Command | None = None
    """Takes {data} (a batch to judge); ends with 0 to accept it."""
    tests: Command | None = None
    train: Command | None = None
    """The full training; takes {data} and {out}."""
    train_share: float = 1.0
    """Share of the training rows that `train` is tried with, in [0.01, 1]; for training that takes too long on all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The model and what is written about it; paths in the submission, empty where there is none."""

    path: str = ""
    card: str = ""
    version: str = ""
    """The version that the service says it serves."""
    offline_tolerance: float = 1e-5
    """Largest relative difference between a served and an offline prediction, in [0, 0.1]."""
    decision_threshold: float = 0.5
    """From this probability on the candidate would decide yes, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """What the candidate promises of the service under load."""

    p95_ms: float = 200.0
    """95 of 100 answers come within this time."""
    error_rate: float = 0.01
    """Share of answers that may be errors, in [0, 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The checked contract file, or the defaults where there is none."""

    predict: tuple[str, ...] = DEFAULT_PREDICT
    """Argument vector; no shell is involved unless the candidate names one."""
    is_declared: bool = False
    """Whether the submission had a contract file."""
    declared: tuple[str, ...] = ()
    """Dotted keys that the file has, e.g. "serving.port"."""
    serving: Serving = field(default_factory=Serving)
    monitoring: Monitoring = field(default_factory=Monitoring)
    pipeline: Pipeline = field(default_factory=Pipeline)
    model: ModelFiles = field(default_factory=ModelFiles)
    slo: Slo = field(default_factory=Slo)
    notebook: Notebook | None = None
    """What predicts in the place of `predict`; None where a program does."""

    def predicting(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Argument vector of what predicts.

        Args:
            names: Of the files that the challenge takes from /out.
        """
        return self.notebook.argv(names) if self.notebook else self.predict

    def says(self, key: str) -> bool:
        """Whether the file declares this key or one inside it."""
        return any(k == key or k.startswith(f"{key}.") for k in self.declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """A value that the contract file does not say and that was found elsewhere in the submission."""

    key: str
    """The dotted key that would have said it."""
    value: str
    """As it would be written in the file."""
    source: str
    """What it was read from, e.g. "EXPOSE in the Dockerfile"."""
    file: str = ""
    line: int | None = None
    """1-based."""

    @property
    def sentence(self) -> str:
        """For the candidate: what was assumed, from what, and what declaring it would earn."""
        place = f" ({self.file}:{self.line})" if self.line else f" ({self.file})" if self.file else ""
        return (
            f"{CONTRACT_FILE} does not say `{self.key}`; {self.value} was found by {self.source}{place}."
            f" What depends on it earns {DISCOVERED_CREDIT:.0%} of its points; declare it to earn all."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One unpacked file."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A value of the challenge's metric that the model card names."""

    value: float
    file: str
    line: int
    """1-based."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What the unpack container reports: accepted with a contract, or refused with every reason found.

    Attributes:
        refusals: Why the submission is not accepted, each naming the entry or the key; empty when it is.
    """

    refusals: tuple[str, ...] = ()
    contract: Contract = field(default_factory=Contract)
    entries: tuple[Entry, ...] = ()
    total_bytes: int = 0
    build: BuildPlan | None = None
    """What is in the Dockerfile; None when the challenge builds none."""
    discovered: tuple[Discovery, ...] = ()
    """What the contract file leaves open and the submission shows; already part of `contract`."""
    pod: Pod | None = None
    """What the manifests would run; None where nothing is served, or no manifest says."""
    claims: tuple[Claim, ...] = ()
    """What the model card says of the challenge's metric, in its order."""

    def credit(self, key: str) -> float:
        """What a value is worth, in (0, 1]: less when we had to find it."""
        return DISCOVERED_CREDIT if any(d.key == key for d in self.discovered) else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedFile:
    """One file taken from /out; its bytes follow the document on the stream, in the same order."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was in /out after the candidate's container was dead: what is taken and what is refused, and why."""

    files: tuple[CollectedFile, ...] = ()
    refusals: tuple[str, ...] = ()
    is_full: bool = False
    """Whether nothing more could be written there: no block or no file was left."""
