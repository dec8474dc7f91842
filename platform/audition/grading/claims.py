"""What a model card says of the challenge's metric: numbers beside its name, as they stand there."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from audition.domain.contract import Claim
from audition.domain.metrics import METRICS
from audition.grading.tree import Text, Tree

_NUMBER = re.compile(r"(?<![\w.])(?P<number>-?\d{1,9}(?:[.,]\d{1,9})?)\s?(?P<percent>%)?(?![\w.]*\w)")
#: Other names that people use. Source: the libraries that compute them.
_ALSO = {
    "roc_auc": ("roc auc", "auroc", "auc roc", "auc-roc", "auc"),
    "average_precision": ("pr auc", "auprc", "average precision"),
    "rmse": ("root mean squared error",),
    "mae": ("mean absolute error",),
    "f1": ("f1 score", "f1-score"),
}
#: Lines that speak of something else than the model on new data.
_OTHER = re.compile(
    r"baseline|dummy|constant|in.sample|on (?:the )?train|train(?:ing)? (?:set|auc|score|metric)|fold \d"
    r"|std|standard error|spread|deviation|previous|gap|difference",
    re.IGNORECASE,
)
_MOST = 5


def claims_of(submission: Path, card: str, metric: str) -> tuple[Claim, ...]:
    """Values of a metric that a card names, in their order.

    Args:
        submission: The unpacked files; hostile.
        card: Path of the card; empty where there is none.
        metric: Its name in the challenge.
    """
    text = Tree(submission).text(card) if card else None
    return tuple(islice(_claims(text, metric), _MOST)) if text else ()


def _names(metric: str) -> re.Pattern[str]:
    facts = METRICS.get(metric)
    words = {metric.replace("_", " "), *_ALSO.get(metric, ()), *((facts.label,) if facts else ())}
    ordered = sorted(words, key=len, reverse=True)
    joined = "|".join(re.escape(word).replace(r"\ ", r"[ _-]?") for word in ordered)
    return re.compile(rf"(?<![\w-])(?:{joined})(?![\w-]*\w)", re.IGNORECASE)


def _claims(text: Text, metric: str) -> Iterator[Claim]:
    names, facts = _names(metric), METRICS.get(metric)
    for number, line in enumerate(text.lines, 1):
        name = names.search(line)
        found = _NUMBER.search(line, name.end()) if name and not _OTHER.search(line) else None
        if found is None:
            continue
        value = float(found["number"].replace(",", ".")) / (100 if found["percent"] else 1)
        # A whole number beside a share is a count of something.
        if facts is None or facts.high is None or (value <= facts.high and not found["number"].isdigit()):
            yield Claim(value=value, file=text.path, line=number)
