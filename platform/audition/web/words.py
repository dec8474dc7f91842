"""Plain words for what the domain calls by terse names. Every page takes its words from here."""

from dataclasses import dataclass

from audition.domain.dispute import DisputeState
from audition.domain.grade import Dimension, Outcome
from audition.domain.metrics import METRICS
from audition.domain.review import PanelState
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.domain.summary import Standing, Topic
from audition.services.list_inbox import MyPart, Todo


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a value is shown.

    Attributes:
        label: A few words.
        tone: Name of a colour pair: "good", "fair", "bad", "busy" or "quiet".
        icon: Name of a symbol in `templates/macros.html`, so that nothing is said by colour alone.
        hint: A sentence that says what it means for the reader.
    """

    label: str
    tone: str
    icon: str
    hint: str = ""


STATES = {
    State.RECEIVED: Words(label="Received", tone="busy", icon="clock", hint="Your upload arrived."),
    State.REJECTED: Words(
        label="Refused", tone="bad", icon="cross", hint="The upload could not be opened. No attempt was used."
    ),
    State.QUEUED: Words(
        label="Waiting", tone="busy", icon="clock", hint="It starts as soon as a worker is free."
    ),
    State.RUNNING: Words(
        label="Running", tone="busy", icon="play", hint="The code runs in its own container."
    ),
    State.GRADING: Words(
        label="Grading", tone="busy", icon="play", hint="Graders look at what the run left."
    ),
    State.GRADED: Words(
        label="Graded", tone="good", icon="check", hint="A reviewer reads the report and then releases it."
    ),
    State.RELEASED: Words(label="Report ready", tone="good", icon="check", hint="The report is released."),
    State.ERRORED: Words(
        label="Our fault", tone="fair", icon="alert", hint="It could not be assessed. No attempt was used."
    ),
    State.CANCELLED: Words(label="Cancelled", tone="quiet", icon="dash", hint="No attempt was used."),
}

#: Of a practice run that is over: nobody grades it.
PRACTISED = Words(
    label="Tried",
    tone="good",
    icon="check",
    hint="It counts for nothing, and nobody else sees it.",
)

#: Where a verdict says what happened. Elsewhere the state says more: nothing was run, or not to its end.
JUDGED_STATES = frozenset({State.GRADING, State.GRADED, State.RELEASED})

VERDICTS = {
    Verdict.ACCEPTED: Words(
        label="Ran to the end", tone="good", icon="check", hint="The predictions were accepted."
    ),
    Verdict.BUILD_FAILED: Words(
        label="Build failed", tone="bad", icon="cross", hint="The image could not be built."
    ),
    Verdict.TIME_LIMIT: Words(
        label="Time limit", tone="bad", icon="cross", hint="It ran longer than allowed."
    ),
    Verdict.MEMORY_LIMIT: Words(
        label="Memory limit", tone="bad", icon="cross", hint="It used all its memory."
    ),
    Verdict.OUTPUT_LIMIT: Words(
        label="Output limit", tone="bad", icon="cross", hint="It wrote more than allowed."
    ),
    Verdict.NONZERO_EXIT: Words(
        label="Ended with an error", tone="bad", icon="cross", hint="The program failed."
    ),
    Verdict.SIGNALLED: Words(label="Crashed", tone="bad", icon="cross", hint="A signal ended the program."),
    Verdict.UNHEALTHY: Words(label="Did not get ready", tone="bad", icon="cross", hint="It never answered."),
    Verdict.INVALID_OUTPUT: Words(
        label="Output not usable", tone="bad", icon="cross", hint="The predictions break the agreed format."
    ),
    Verdict.INTERNAL_ERROR: Words(
        label="Platform failed", tone="fair", icon="alert", hint="Our fault; no attempt was used."
    ),
}

FAULTS = {
    Fault.CANDIDATE: Words(label="the submission", tone="quiet", icon="dash"),
    Fault.CHALLENGE: Words(label="the challenge", tone="fair", icon="alert"),
    Fault.PLATFORM: Words(label="our platform", tone="fair", icon="alert"),
}

STAGES = {
    Stage.UNPACK: Words(
        label="Unpack", tone="quiet", icon="box", hint="Open the archive and read its contract."
    ),
    Stage.STATIC: Words(
        label="Lint",
        tone="quiet",
        icon="info",
        hint="Let linters read the files, beside what follows.",
    ),
    Stage.BUILD: Words(label="Build", tone="quiet", icon="box", hint="Build the image of your Dockerfile."),
    Stage.PREDICT: Words(
        label="Predict", tone="quiet", icon="play", hint="Run the code on the hidden inputs."
    ),
    Stage.REPEAT: Words(
        label="Repeat",
        tone="quiet",
        icon="play",
        hint="Run it again, on rows as production brings them.",
    ),
    Stage.EXERCISE: Words(
        label="Try", tone="quiet", icon="play", hint="Run gate, retraining, data check and tests."
    ),
    Stage.SERVE: Words(
        label="Serve", tone="quiet", icon="play", hint="Start the image and send it requests."
    ),
    Stage.DRIFT: Words(
        label="Drift", tone="quiet", icon="chart", hint="Send rows that drift and rows that do not."
    ),
    Stage.SCORE: Words(
        label="Score", tone="quiet", icon="chart", hint="Compare predictions with hidden answers."
    ),
    Stage.JUDGE: Words(label="Judge", tone="quiet", icon="scales", hint="Check deployment files and sum up."),
}

STAGE_STATUSES = {
    StageStatus.RUNNING: Words(label="Running", tone="busy", icon="play"),
    StageStatus.PASSED: Words(label="Done", tone="good", icon="check"),
    StageStatus.FAILED: Words(label="Failed", tone="bad", icon="cross"),
    StageStatus.SKIPPED: Words(label="Skipped", tone="quiet", icon="dash"),
}

OUTCOMES = {
    Outcome.PASSED: Words(label="Passed", tone="good", icon="check"),
    Outcome.PARTIAL: Words(label="Partly", tone="fair", icon="half"),
    Outcome.FAILED: Words(label="Failed", tone="bad", icon="cross"),
    Outcome.BLOCKED: Words(label="Blocked", tone="bad", icon="dash"),
    Outcome.NOT_APPLICABLE: Words(label="Does not apply", tone="quiet", icon="dash"),
    Outcome.NOT_ASSESSED: Words(label="Not assessed", tone="quiet", icon="dash"),
    Outcome.INFORMATIVE: Words(label="For information", tone="quiet", icon="info"),
}

DIMENSIONS = {
    Dimension.MODEL_QUALITY: Words(
        label="Model quality", tone="quiet", icon="chart", hint="How well it predicts data it never saw."
    ),
    Dimension.DEPLOYMENT: Words(
        label="Container",
        tone="quiet",
        icon="box",
        hint="Does it build, start, stop and keep to itself?",
    ),
    Dimension.SERVING: Words(
        label="Serving",
        tone="quiet",
        icon="play",
        hint="Are answers right, even under load?",
    ),
    Dimension.OBSERVABILITY: Words(
        label="Observability", tone="quiet", icon="chart", hint="Do its metrics and alerts tell the truth?"
    ),
    Dimension.DRIFT: Words(
        label="Drift", tone="quiet", icon="chart", hint="Does it notice when data change?"
    ),
    Dimension.PIPELINE: Words(
        label="CI and retraining",
        tone="quiet",
        icon="play",
        hint="Is a weak model kept from production?",
    ),
    Dimension.KUBERNETES: Words(
        label="Kubernetes", tone="quiet", icon="box", hint="Would a cluster run it safely?"
    ),
    Dimension.LINEAGE: Words(
        label="Lineage and card",
        tone="quiet",
        icon="info",
        hint="Where is the model from, and what for?",
    ),
    Dimension.CONSISTENCY: Words(
        label="Consistency", tone="quiet", icon="scales", hint="Do its files and its deeds agree?"
    ),
}

TOPICS = {
    Topic.DATA: Words(label="Care for the data", tone="quiet", icon="chart"),
    Topic.PRODUCTION: Words(label="Ready for production", tone="quiet", icon="play"),
    Topic.EXPLANATION: Words(label="Explained in plain words", tone="quiet", icon="info"),
    Topic.MONITORING: Words(label="Monitored", tone="quiet", icon="chart"),
    Topic.COLLABORATION: Words(label="Made to work with others", tone="quiet", icon="scales"),
}

STANDINGS = {
    Standing.OBSERVED: Words(label="Seen to work", tone="good", icon="check"),
    Standing.READ: Words(
        label="In the files", tone="busy", icon="info", hint="Whether it works was not seen."
    ),
    Standing.ABSENT: Words(label="No evidence in the submission", tone="bad", icon="cross"),
    Standing.UNKNOWN: Words(label="Not assessed", tone="quiet", icon="dash", hint="Nobody looked for it."),
}

PANELS = {
    PanelState.UNMARKED: Words(
        label="Not marked", tone="quiet", icon="dash", hint="Two reviewers are wanted."
    ),
    PanelState.UNDER_WAY: Words(
        label="Being marked", tone="busy", icon="clock", hint="Fewer than two reviewers have signed."
    ),
    PanelState.DISPUTED: Words(
        label="Third reviewer wanted",
        tone="fair",
        icon="alert",
        hint="Two reviewers have signed and are far apart on an item.",
    ),
    PanelState.COMPLETE: Words(
        label="Marked", tone="good", icon="check", hint="Everybody who was wanted has signed."
    ),
}

DISPUTES = {
    DisputeState.OPEN: Words(
        label="Disputed", tone="busy", icon="clock", hint="A reviewer looks at it and answers."
    ),
    DisputeState.UPHELD: Words(
        label="Dispute upheld", tone="good", icon="check", hint="The check was changed."
    ),
    DisputeState.REJECTED: Words(
        label="Dispute rejected", tone="quiet", icon="dash", hint="It stays as it was graded."
    ),
}

MY_PARTS = {
    MyPart.NONE: Words(label="nothing for you", tone="quiet", icon="dash"),
    MyPart.WANTED: Words(label="mark it", tone="busy", icon="play"),
    MyPart.BEGUN: Words(label="go on marking", tone="busy", icon="clock"),
    MyPart.SIGNED: Words(label="you signed", tone="good", icon="check"),
}

TODOS = {
    Todo.MEND: Words(label="See what failed", tone="fair", icon="alert", hint="A fault of ours ended it."),
    Todo.MARK: Words(label="Mark it", tone="busy", icon="play", hint="There is a seat for you."),
    Todo.GO_ON: Words(
        label="Go on marking", tone="busy", icon="clock", hint="You began and have not signed."
    ),
    Todo.RELEASE: Words(
        label="Read and release", tone="busy", icon="check", hint="The candidate waits for it."
    ),
}

#: What a prober did, in the words of its time line; other names are shown as they are.
PROBES = {
    "start": "Start",
    "binding": "Address",
    "contract": "Contract",
    "parity": "Same as offline",
    "invariance": "Order and batches",
    "bad_input": "Bad input",
    "openapi": "Description",
    "trace": "Version",
    "concurrency": "Many at once",
    "cost": "Cost of an answer",
    "capacity": "Capacity",
    "latency": "Latency",
    "overload": "Overload",
    "health": "Health",
    "exposition": "Metrics page",
    "signals": "True counters",
    "sharding": "One registry",
    "cardinality": "Number of series",
    "stop": "Stop",
}

BANDS = {
    "strong": Words(label="Strong", tone="good", icon="check"),
    "fair": Words(label="Fair", tone="fair", icon="half"),
    "weak": Words(label="Weak", tone="bad", icon="cross"),
    "not computed": Words(label="Not assessed", tone="quiet", icon="dash"),
}

_ACRONYMS = frozenset({"ai", "ml", "nlp"})

_ALL: dict[type, dict[object, Words]] = {
    type(next(iter(table))): dict(table.items())
    for table in (
        *(STATES, VERDICTS, FAULTS, STAGES, STAGE_STATUSES, OUTCOMES),
        *(DIMENSIONS, TOPICS, STANDINGS, PANELS, DISPUTES, MY_PARTS, TODOS),
    )
}


def words_for(value: object) -> Words:
    """The words for a value of any of the tables above."""
    known = _ALL.get(type(value), {}).get(value)
    return known or Words(label=str(value).replace("_", " ").capitalize(), tone="quiet", icon="dash")


def stage_words(name: str) -> Words:
    """The words for a stage by its name."""
    return words_for(Stage(name)) if name in set(Stage) else words_for(name)


def verdict_words(name: str) -> Words:
    """The words for a verdict by its name."""
    return words_for(Verdict(name))


def probe_name(name: str) -> str:
    """What a probe looks at, as people write it."""
    return PROBES.get(name, name.replace("_", " ").capitalize())


def metric_name(name: str) -> str:
    """A metric's name as people write it."""
    return METRICS[name].label if name in METRICS else name.replace("_", " ")


def role_name(slug: str) -> str:
    """A role as people write it, e.g. "ML engineer" for "ml-engineer"."""
    words = [word.upper() if word in _ACRONYMS else word for word in slug.replace("_", "-").split("-")]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]
