"""The metrics that a challenge can be measured by: what they are called, what they need, which way is better."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Whether a larger metric value is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Form(StrEnum):
    """What a submission writes for one id."""

    NUMBER = "number"
    """One finite number: an amount, or a score by which rows are ordered."""
    PROBABILITY = "probability"
    """One number in [0, 1]: how likely the answer is 1."""
    LABEL = "label"
    """One of the declared labels."""
    PROBABILITIES = "probabilities"
    """A column for each declared label, in that order: its probability; a row adds up to 1."""
    QUANTILES = "quantiles"
    """A column for each declared quantile, in that order."""
    SURVIVAL = "survival"
    """A column for each declared time, in that order: probability that nothing has happened by then."""
    ITEMS = "items"
    """Items in order of rank, the best first, separated by spaces; each at most once."""
    TEXT = "text"
    """Any text."""


class Interval(StrEnum):
    """How a metric's interval is made when rows can be drawn one by one."""

    DELONG = "DeLong"
    WILSON = "Wilson"
    JACKKNIFE = "jackknife"
    BOOTSTRAP = "bootstrap"
    STRATIFIED = "stratified bootstrap"
    """Each class, or each kind of row that the metric tells apart, keeps its number of rows."""
    CLUSTER = "bootstrap by group"
    """Groups are drawn whole: their rows are not independent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFacts:
    """What is known of a metric before anything is measured."""

    label: str
    """As people write it."""
    direction: Direction
    form: Form
    interval: Interval
    low: float | None
    """Least value there can be; None without a bound."""
    high: float | None
    source: str
    unit: str = ""
    """Of the value; empty for a pure number."""
    needs: tuple[str, ...] = ()
    """Keys of the manifest that must be set besides those of every challenge, e.g. "answers.group_column"."""


_UP, _DOWN = Direction.HIGHER, Direction.LOWER
_TARGET = "unit of the answers"


def _share(label: str, form: Form, interval: Interval, source: str, *needs: str) -> MetricFacts:
    """A metric in [0, 1] of which more is better."""
    return MetricFacts(
        label=label, direction=_UP, form=form, interval=interval, low=0, high=1, source=source, needs=needs
    )


def _around_zero(label: str, form: Form, interval: Interval, source: str, *needs: str) -> MetricFacts:
    """A metric in [-1, 1], 0 without skill, of which more is better."""
    return MetricFacts(
        label=label, direction=_UP, form=form, interval=interval, low=-1, high=1, source=source, needs=needs
    )


def _loss(  # noqa: PLR0913  facts
    label: str,
    form: Form,
    interval: Interval,
    source: str,
    *needs: str,
    unit: str = "",
    high: float | None = None,
) -> MetricFacts:
    """A metric from 0 up of which less is better."""
    return MetricFacts(
        label=label,
        direction=_DOWN,
        form=form,
        interval=interval,
        low=0,
        high=high,
        source=source,
        unit=unit,
        needs=needs,
    )


_RANKED = (Form.NUMBER, Interval.STRATIFIED)
_DECIDED = (Form.PROBABILITY, Interval.STRATIFIED)
_CLASSES = (Form.LABEL, Interval.STRATIFIED)
_AMOUNT = (Form.NUMBER, Interval.BOOTSTRAP)
_LIST = (Form.ITEMS, Interval.BOOTSTRAP)
_QUERY = (Form.NUMBER, Interval.CLUSTER)
_GROUP = "answers.group_column"
_IR = "Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, chapter 8"
_NDCG = "Järvelin and Kekäläinen, 2002; gain 2^relevance - 1 (Burges et al., 2005)"
_HYNDMAN = "Hyndman and Koehler, 2006"

#: By the name that stands in `challenge.toml`; where scikit-learn has the metric, its definition is taken.
METRICS: dict[str, MetricFacts] = {
    # One class against the other, by rank or by probability.
    "roc_auc": _share(
        "ROC AUC", Form.NUMBER, Interval.DELONG, "Hanley and McNeil, 1982; DeLong et al., 1988"
    ),
    "average_precision": _share("Average precision", *_RANKED, "scikit-learn, average_precision_score"),
    "ks": _share(
        "Kolmogorov-Smirnov distance", *_RANKED, "Largest gap between the two classes' score curves"
    ),
    "precision_at_k": _share("Precision at k", *_RANKED, _IR),
    "log_loss": _loss("Log loss", *_DECIDED, "scikit-learn, log_loss"),
    "brier": _loss("Brier score", *_DECIDED, "Brier, 1950", high=1),
    "f1": _share("F1", *_DECIDED, "scikit-learn, f1_score at metric.threshold"),
    "mcc": _around_zero(
        "Matthews correlation", *_DECIDED, "scikit-learn, matthews_corrcoef at metric.threshold"
    ),
    "balanced_accuracy": _share(
        "Balanced accuracy", *_DECIDED, "scikit-learn, balanced_accuracy_score at metric.threshold"
    ),
    # Several classes.
    "accuracy": _share(
        "Accuracy", Form.LABEL, Interval.WILSON, "Wilson, 1927, for the interval", "output.labels"
    ),
    "macro_f1": _share("Macro F1", *_CLASSES, "scikit-learn, f1_score, average macro", "output.labels"),
    "weighted_f1": _share(
        "Weighted F1", *_CLASSES, "scikit-learn, f1_score, average weighted", "output.labels"
    ),
    "kappa": _around_zero("Cohen's kappa", *_CLASSES, "Cohen, 1960", "output.labels"),
    "multiclass_log_loss": _loss(
        "Log loss", Form.PROBABILITIES, Interval.STRATIFIED, "scikit-learn, log_loss", "output.labels"
    ),
    # Amounts.
    "mae": _loss("MAE", *_AMOUNT, "scikit-learn, mean_absolute_error", unit=_TARGET),
    "rmse": _loss("RMSE", *_AMOUNT, "scikit-learn, root_mean_squared_error", unit=_TARGET),
    "r2": MetricFacts(
        label="R²",
        direction=_UP,
        form=Form.NUMBER,
        interval=Interval.BOOTSTRAP,
        low=None,
        high=1,
        source="scikit-learn, r2_score",
    ),
    "mape": _loss("MAPE", *_AMOUNT, "scikit-learn, mean_absolute_percentage_error; a share, not percent"),
    "smape": _loss("sMAPE", *_AMOUNT, f"{_HYNDMAN}; 0 where both are 0; a share, not percent", high=2),
    "rmsle": _loss("RMSLE", *_AMOUNT, "scikit-learn, root_mean_squared_log_error"),
    "pinball": _loss(
        "Pinball loss", *_AMOUNT, "scikit-learn, mean_pinball_loss", "metric.quantiles", unit=_TARGET
    ),
    # Forecasts.
    "wape": _loss("WAPE", *_AMOUNT, "Sum of absolute errors over sum of absolute answers"),
    "mase": _loss("MASE", *_AMOUNT, _HYNDMAN, "answers.scale_column"),
    "rmsse": _loss("RMSSE", *_QUERY, f"{_HYNDMAN}; mean over series", _GROUP, "answers.scale_column"),
    "weighted_interval_score": _loss(
        "Weighted interval score",
        Form.QUANTILES,
        Interval.BOOTSTRAP,
        "Bracher et al., 2021, as twice the mean pinball loss",
        "metric.quantiles",
        unit=_TARGET,
    ),
    # Ranking: rows of a query, scored one by one.
    "query_ndcg_at_k": _share("NDCG at k", *_QUERY, _NDCG, _GROUP),
    "query_map_at_k": _share("MAP at k", *_QUERY, _IR, _GROUP),
    "query_recall_at_k": _share("Recall at k", *_QUERY, _IR, _GROUP),
    "query_mrr": _share("Mean reciprocal rank", *_QUERY, _IR, _GROUP),
    # Recommendation: one list for a user.
    "ndcg_at_k": _share("NDCG at k", *_LIST, _NDCG),
    "map_at_k": _share("MAP at k", *_LIST, _IR),
    "recall_at_k": _share("Recall at k", *_LIST, _IR),
    "mrr": _share("Mean reciprocal rank", *_LIST, _IR),
    # Time until something happens.
    "harrell_c": _share(
        "Harrell's C", Form.NUMBER, Interval.JACKKNIFE, "Harrell et al., 1982", "answers.event_column"
    ),
    "uno_c": _share("Uno's C", Form.NUMBER, Interval.JACKKNIFE, "Uno et al., 2011", "answers.event_column"),
    "integrated_brier": _loss(
        "Integrated Brier score",
        Form.SURVIVAL,
        Interval.BOOTSTRAP,
        "Graf et al., 1999; censoring weighted by Kaplan-Meier",
        "answers.event_column",
        "metric.times",
        high=None,
    ),
    # Text.
    "exact_match": _share("Exact match", Form.TEXT, Interval.WILSON, "Rajpurkar et al., 2016 (SQuAD)"),
    "token_f1": _share("Token F1", Form.TEXT, Interval.BOOTSTRAP, "Rajpurkar et al., 2016 (SQuAD)"),
}


_DECIMALS = 3
_POWERS_FROM = 1e9


def shown(value: float) -> str:
    """A value as people read it: "0.843", "12.35", "1,235", and powers of ten from a billion on."""
    if abs(value) >= _POWERS_FROM:
        return f"{value:.3g}"
    before = len(f"{abs(value):.0f}")
    return f"{value:,.{max(0, _DECIMALS + 1 - before)}f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMetric:
    """A metric that the challenge brings with it, as `metric.py`; what `METRICS` says of others, its author says."""

    label: str
    """As people write it."""
    form: Form = Form.NUMBER
    """What a submission writes for one id."""
    low: float | None = None
    """Least value there can be; None without a bound. A value beyond it is a fault of metric.py."""
    high: float | None = None
    unit: str = ""
    """Of the value; empty for a pure number."""

    def facts(self, direction: Direction) -> MetricFacts:
        """The same as of any metric."""
        return MetricFacts(
            label=self.label,
            direction=direction,
            form=self.form,
            interval=Interval.BOOTSTRAP,
            low=self.low,
            high=self.high,
            source="metric.py of the challenge",
            unit=self.unit,
        )
