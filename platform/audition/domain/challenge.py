"""A challenge as its author wrote it, and an immutable published version of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from audition.domain.build import BuildLimits
from audition.domain.drift_plan import DriftSpec
from audition.domain.execution import Limits
from audition.domain.exercise import EXERCISE_LIMITS
from audition.domain.extra_rows import ExtraRowsSpec
from audition.domain.grade import Dimension
from audition.domain.metrics import METRICS, Direction, Form, MetricFacts, OwnMetric
from audition.domain.probe_plan import Pace
from audition.domain.rubric import RubricItem
from audition.domain.run import Stage
from audition.domain.variant import VariantSpec, copy_name


class Resampling(StrEnum):
    """What is drawn again and again to see how far chance moves a metric."""

    ROWS = "rows"
    GROUPS = "groups"
    """Whole groups of `answers.group_column`: users, series, patients."""
    BLOCKS = "blocks"
    """Runs of neighbouring periods of `answers.time_column`, all rows of a period together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A metric value that is worth a given score; anchors of a challenge form a monotone line."""

    name: str
    """E.g. "constant", "baseline", "reference"."""
    value: float
    score: float
    """In [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """What is measured on the hidden data, and what a value is worth."""

    name: str
    """Key of `audition.domain.metrics.METRICS`, e.g. "roc_auc"; with `own` a name that is not among them."""
    direction: Direction
    anchors: tuple[Anchor, ...]
    confidence: float = 0.95
    bootstrap_rounds: int = 1000
    resampling: Resampling = Resampling.ROWS
    at: int = 10
    """The k of metrics that look at the first k."""
    threshold: float = 0.5
    """A probability of at least this is a yes, where a metric needs one."""
    quantiles: tuple[float, ...] = ()
    """In (0, 1), ascending: of the columns, or the one of a pinball loss."""
    times: tuple[float, ...] = ()
    """Ascending: of the columns of survival probabilities."""
    own: OwnMetric | None = None
    """What is to be known of `metric.py`, where the challenge brings its own; None of the metrics that are known."""

    @property
    def known_facts(self) -> MetricFacts | None:
        """What is known of it before anything is measured; None of a name that nobody knows."""
        return METRICS.get(self.name) if self.own is None else self.own.facts(self.direction)

    @property
    def facts(self) -> MetricFacts:
        """Likewise, of a manifest that was checked.

        Raises:
            KeyError: Nobody knows the name.
        """
        return METRICS[self.name] if self.own is None else self.own.facts(self.direction)

    @property
    def form(self) -> Form:
        """What a submission writes for one id; of a metric that nobody knows, a number."""
        facts = self.known_facts
        return Form.NUMBER if facts is None else facts.form


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """The predictions file that a submission must write to /out."""

    names: tuple[str, ...]
    """Accepted file names, in order of preference; the ending says the format (.csv, .parquet)."""
    id_column: str
    prediction_column: str = ""
    """Where there is one column."""
    prediction_columns: tuple[str, ...] = ()
    """Where there are several."""
    minimum: float | None = None
    maximum: float | None = None
    labels: tuple[str, ...] = ()
    """Every label there is, where answers are labels; else empty."""
    most_items: int = 100
    """Longest list, where predictions are lists."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns with predictions, one or several."""
        return self.prediction_columns or (self.prediction_column,)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersSpec:
    """Where the hidden answers are among the private files; seen by the score container only."""

    file: str
    id_column: str
    answer_column: str
    """Truth: a number, a label, a text, items separated by spaces, or the time until an event."""
    group_column: str = ""
    """Query, series or entity of a row, where the metric or its interval knows groups."""
    time_column: str = ""
    """A number or an ISO date, where periods are drawn in blocks."""
    event_column: str = ""
    """1 where the event happened at the time in `answer_column`, 0 where it had not happened by then."""
    scale_column: str = ""
    """More than 0: in-sample error of the naive forecast of the row's series (for RMSSE, its mean square)."""


#: Checks of the grader `model-detail` that an author may give points; without, they are shown and count for nothing.
DETAIL_CHECKS = (
    "model.slices.declared",
    "model.groups.gap",
    "model.calibration.error",
    "model.decision.cost",
)
#: Likewise of the grader `model-robustness`.
ROBUSTNESS_CHECKS = (
    "model.robust.runs",
    "model.robust.missing",
    "model.robust.unseen",
    "model.robust.unit",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailSpec:
    """What is looked at beyond the one number; columns are those of the answers or, else, of the inputs."""

    slices: tuple[str, ...] = ()
    """Columns by whose values the hidden rows are divided."""
    groups: tuple[str, ...] = ()
    """Columns of groups of people who should be served alike."""
    false_alarm_cost: float = 0.0
    """What it costs to say yes where the answer is 0; both costs are 0 where they do not matter."""
    miss_cost: float = 0.0
    """What it costs to say no where the answer is 1."""
    compare: dict[str, str] = field(default_factory=dict)
    """What predictions are compared with: a name to a private file, written as submissions write theirs."""
    samples: tuple[str, ...] = ()
    """Folders of submissions/accepted whose predictions are made at publish, and compared with as well."""
    training_tolerance: float = 0.2
    """Difference of what two trainings predict that earns nothing, in (0, 1]: root mean square, in standard deviations
    of the submitted predictions; or the share that differs. Ours: two seeds of a boosted model differ by half of it."""
    points: dict[str, float] = field(default_factory=dict)
    """Points by check, of `DETAIL_CHECKS` and `ROBUSTNESS_CHECKS`; the metric itself has 10."""


#: Of a service and of the time it is looked at: the grader catalogue's budget for live probes, with room for slow
#: starts. A whole probing makes many log lines.
SERVE_LIMITS = Limits(time_seconds=900.0, pids=512, flood_bytes=64 << 20)
#: Of the drift protocol: a lean plan takes five minutes at 100 requests a second, a full one ten.
DRIFT_LIMITS = Limits(time_seconds=900.0)
#: Of linters: a share of the machine, for candidates' code runs beside.
STATIC_LIMITS = Limits(
    time_seconds=90.0, memory_bytes=2 << 30, cpus=1.0, pids=256, scratch_bytes=128 << 20, scratch_inodes=16384
)
_DEFAULTS = {
    Stage.STATIC: STATIC_LIMITS,
    Stage.SERVE: SERVE_LIMITS,
    Stage.DRIFT: DRIFT_LIMITS,
    Stage.EXERCISE: EXERCISE_LIMITS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`challenge.toml`, checked."""

    slug: str
    title: str
    summary: str
    industry: str
    role: str
    skills: tuple[str, ...]
    language: str
    declared_hours: float
    attempts: int
    stages: tuple[Stage, ...]
    image: str
    """Name in sandbox_images/images.toml of the image candidates' code runs on."""
    metric: MetricSpec
    output: OutputSpec
    answers: AnswersSpec
    inputs: tuple[str, ...]
    """Public files that are mounted at /in when a submission predicts."""
    weights: dict[Dimension, float]
    hidden_rows: str = ""
    """Which of the inputs has the rows to predict, a CSV; without it the last one that has their ids."""
    detail: DetailSpec = field(default_factory=DetailSpec)
    pace: Pace = field(default_factory=Pace)
    """How much traffic a service is sent where time counts."""
    drift: DriftSpec | None = None
    """What the drift stage sends; private. None without that stage."""
    extra_rows: ExtraRowsSpec | None = None
    """What stands among the hidden rows in the repeat stage; private. None without that stage."""
    variants: VariantSpec | None = None
    """How candidates' copies of the training data differ; None where everybody gets the same."""
    limits: dict[Stage, Limits] = field(default_factory=dict)
    build: BuildLimits = field(default_factory=BuildLimits)
    """Limits of the stage in which candidates' images are built; it has others than containers have."""
    rebuilds: bool = True
    """Whether images are built again, to see what a builder's cache saves and whether the same comes out."""
    reference_image_bytes: int | None = None
    """What the reference submission's image has above its base; None when that was not measured."""
    graders: tuple[str, ...] = ()
    upload_bytes: int = 64 << 20
    unpacked_bytes: int = 256 << 20
    unpacked_entries: int = 2000

    @property
    def tables_of_hidden_rows(self) -> tuple[str, ...]:
        """Inputs that may have the rows to predict, the likeliest first; CSV files."""
        names = (self.hidden_rows,) if self.hidden_rows else self.inputs[::-1]
        return tuple(name for name in names if name.endswith(".csv"))

    def limits_of(self, stage: Stage) -> Limits:
        """Limits the author set for a stage, else the defaults."""
        if stage == Stage.REPEAT and stage not in self.limits:
            once = self.limits_of(Stage.PREDICT)
            return replace(once, time_seconds=2 * once.time_seconds)  # It has more rows.
        return self.limits.get(stage) or _DEFAULTS.get(stage) or Limits()

    def ceilings_of(self, stage: Stage) -> Limits | BuildLimits:
        """What holds a stage, whichever kind of limits it has."""
        return self.build if stage == Stage.BUILD else self.limits_of(stage)


#: Name in the challenge's folder, in `Area.METRIC` and beside the answers.
METRIC_PROGRAM = "metric.py"
#: Name in `Area.REFERENCE` of what the reference was measured at.
MEASURED_FILE = "measured.json"


class Area(StrEnum):
    """Who may see a file: public ones go to candidates, private ones to graders only."""

    PUBLIC = "public"
    PRIVATE = "private"
    TRAFFIC = "traffic"
    """What the drift stage sends, made by us when the challenge is published; only the prober gets it."""
    EXTRA = "extra"
    """The extra rows of the repeat stage, made by us when the challenge is published: the input with them, which
    candidates' code gets in that stage, and the map of which they are, which only graders with the answers get."""
    MODELS = "models"
    """What the challenge's own models predict, one file each; only graders with the answers get them."""
    VARIANT = "variant"
    """Copies of the training table, one file for each number; a candidate gets one in the place of the public one."""
    CANARIES = "canaries"
    """Rows that one copy alone has, of all copies; only graders get them."""
    METRIC = "metric"
    """The author's `metric.py`, where the metric is the challenge's own; only graders with the answers get it."""
    REFERENCE = "reference"
    """The archive of the reference submission, with which services are compared, and what it was measured at. No
    container of a candidate's sees either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file that `prepare` produced, by content."""

    area: Area
    name: str
    digest: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeVersion:
    """A published, immutable version. Its digest names its whole content."""

    id: str
    slug: str
    number: int
    digest: str
    """SHA-256 over the manifest, the documents, the data digests and the image references."""
    manifest: Manifest
    manifest_digest: str
    """Blob key of the manifest as JSON, the form in which graders get it."""
    brief: str
    """Markdown."""
    datacard: str
    """Markdown."""
    files: tuple[DataFile, ...]
    kit_digest: str
    """Blob key of the kit (a zip)."""
    kit_bytes: int
    published_at: datetime
    """From when on people are invited to it; later than it was made where its author said so."""
    rubric: tuple[RubricItem, ...] = ()
    """What people mark; empty in versions of a time when it was not kept."""

    def files_in(self, area: Area) -> tuple[DataFile, ...]:
        """The data files of one area."""
        return tuple(f for f in self.files if f.area == area)

    def with_variant(self, number: int) -> "ChallengeVersion":
        """The version as the holder of a copy has it: the copy in the place of the public table; 0 is no copy."""
        spec = self.manifest.variants
        copies = {file.name: file for file in self.files_in(Area.VARIANT)}
        copy = copies.get(copy_name(number))
        if spec is None or copy is None:
            return self
        own = replace(copy, area=Area.PUBLIC, name=spec.file)
        is_public = {file: file.area == Area.PUBLIC and file.name == spec.file for file in self.files}
        return replace(self, files=tuple(own if is_public[file] else file for file in self.files))

    @property
    def reference(self) -> DataFile | None:
        """The archive that services are compared with; None when the challenge serves none."""
        return next((f for f in self.files_in(Area.REFERENCE) if f.name != MEASURED_FILE), None)

    @property
    def reference_address(self) -> str:
        """The address under which the reference is handed in; no mail ever reaches it (RFC 2606)."""
        return f"reference@{self.slug}.invalid"

    @property
    def measured(self) -> DataFile | None:
        """What it was measured at when the version was published; None when it was not."""
        return next((f for f in self.files_in(Area.REFERENCE) if f.name == MEASURED_FILE), None)
