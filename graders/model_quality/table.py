"""How each metric is computed, by its name in `audition.domain.metrics.METRICS`; a test keeps the two equal."""

from collections.abc import Callable

from graders.model_quality import amounts, classes, decisions, lists, ranked, survival, text
from graders.model_quality.own import own
from graders.model_quality.rows import Rows
from graders.model_quality.statistic import Array, Statistic

Measure = Callable[[Rows], Statistic]


def _two_classes(rows: Rows) -> Array:
    truth = rows.truth()
    if set(truth.tolist()) != {0.0, 1.0}:
        msg = "Answers must be 0 and 1, with both present."
        raise ValueError(msg)
    return truth


def _ranked(build: Callable[[Array, Array], Statistic]) -> Measure:
    return lambda rows: build(_two_classes(rows), rows.prediction())


def _decided(build: Callable[[Array, Array, float], Statistic]) -> Measure:
    return lambda rows: build(_two_classes(rows), rows.prediction(), rows.spec.threshold)


def _amount(build: Callable[[Array, Array], Statistic]) -> Measure:
    return lambda rows: build(rows.truth(), rows.prediction())


def _scale(rows: Rows) -> Array:
    return rows.column(rows.manifest.answers.scale_column)


def _event(rows: Rows) -> Array:
    return rows.column(rows.manifest.answers.event_column)


def _list(per_list: lists.PerList) -> Measure:
    return lambda rows: lists.over_lists(per_list, *rows.lists(), rows.spec.at)


def _query(per_list: lists.PerList) -> Measure:
    return lambda rows: lists.over_queries(
        per_list, rows.truth(), rows.prediction(), rows.groups(), rows.spec.at
    )


MEASURES: dict[str, Measure] = {
    "roc_auc": _ranked(ranked.roc_auc),
    "average_precision": _ranked(ranked.average_precision),
    "ks": _ranked(ranked.kolmogorov_smirnov),
    "precision_at_k": lambda rows: _ranked(ranked.precision_at(rows.spec.at))(rows),
    "log_loss": _ranked(decisions.log_loss),
    "brier": _ranked(decisions.brier),
    "f1": _decided(decisions.f1),
    "mcc": _decided(decisions.matthews),
    "balanced_accuracy": _decided(decisions.balanced_accuracy),
    "accuracy": lambda rows: classes.accuracy(*rows.codes()),
    "macro_f1": lambda rows: classes.macro_f1(*rows.codes()),
    "weighted_f1": lambda rows: classes.weighted_f1(*rows.codes()),
    "kappa": lambda rows: classes.kappa(*rows.codes()),
    "multiclass_log_loss": lambda rows: classes.log_loss(rows.codes()[0], rows.prediction()),
    "mae": _amount(amounts.mae),
    "rmse": _amount(amounts.rmse),
    "r2": _amount(amounts.r2),
    "mape": _amount(amounts.mape),
    "smape": _amount(amounts.smape),
    "rmsle": _amount(amounts.rmsle),
    "pinball": lambda rows: amounts.pinball(rows.truth(), rows.prediction(), rows.spec.quantiles[0]),
    "wape": _amount(amounts.wape),
    "mase": lambda rows: amounts.mase(rows.truth(), rows.prediction(), _scale(rows)),
    "rmsse": lambda rows: amounts.rmsse(rows.truth(), rows.prediction(), _scale(rows), rows.groups()),
    "weighted_interval_score": lambda rows: amounts.weighted_interval_score(
        rows.truth(), rows.prediction(), rows.spec.quantiles
    ),
    "query_ndcg_at_k": _query(lists.ndcg),
    "query_map_at_k": _query(lists.average_precision),
    "query_recall_at_k": _query(lists.recall),
    "query_mrr": _query(lists.reciprocal_rank),
    "ndcg_at_k": _list(lists.ndcg),
    "map_at_k": _list(lists.average_precision),
    "recall_at_k": _list(lists.recall),
    "mrr": _list(lists.reciprocal_rank),
    "harrell_c": lambda rows: survival.harrell_c(rows.truth(), _event(rows), rows.prediction()),
    "uno_c": lambda rows: survival.uno_c(rows.truth(), _event(rows), rows.prediction()),
    "integrated_brier": lambda rows: survival.integrated_brier(
        rows.truth(), _event(rows), rows.prediction(), rows.spec.times
    ),
    "exact_match": lambda rows: text.exact_match(*rows.texts()),
    "token_f1": lambda rows: text.token_f1(*rows.texts()),
}


def measure_of(rows: Rows) -> Statistic:
    """The challenge's metric on its rows: one of ours by its name, or its own.

    Raises:
        ValueError: The answers are not what the metric needs; the author's fault.
    """
    return own(rows) if rows.spec.own is not None else MEASURES[rows.spec.name](rows)
