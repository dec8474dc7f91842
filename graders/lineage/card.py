"""Is there a model card that a stranger could act on? Structure only; whether its numbers are true is measured."""

import re

from audition.domain.grade import Dimension, Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.tree import Tree
from graders.lineage.sections import NUMBER, Topic, missing_topics, template_lines

_COUNT = re.compile(
    r"\bn\s*=\s*\d+|\b\d[\d,. ]{1,9}\s+(?:rows|samples|records|cases|observations|applications|customers)\b"
)
_KEY = "model.card"

#: Source: Mitchell et al., Model Cards for Model Reporting (2019), and the Hub's annotated model card.
_TOPICS = (
    Topic("what the model is", re.compile(r"descri|detail|overview|summary|about|model", re.IGNORECASE)),
    Topic("what it is for", re.compile(r"intend|use|purpose|application", re.IGNORECASE)),
    Topic(
        "what it is not for, and its limits",
        re.compile(r"limit|out.of.scope|risk|bias|caveat|fail|ethic", re.IGNORECASE),
    ),
    Topic("the data it was trained on", re.compile(r"data|train", re.IGNORECASE)),
    Topic(
        "measured quality, in numbers",
        re.compile(r"metric|evaluat|result|perform|quality", re.IGNORECASE),
        NUMBER,
    ),
    Topic(
        "quality in parts of the data, with their sizes",
        re.compile(r"slice|group|segment|fair|evaluat|result|perform|sub", re.IGNORECASE),
        _COUNT,
    ),
)


@check(
    "lineage.card.structure",
    "A model card with limits and numbers",
    points=1,
    why="Whoever takes the model over has to know where it fails before a customer finds out.",
    fix="Write MODEL_CARD.md: description, intended use, limits, training data, metrics, and metrics by group with n.",
)
def structure(workspace: Workspace) -> Result:
    """Share of six topics with text of one's own (catalogue I6, structure half)."""
    inventory = workspace.evidence.inventory
    path = inventory.contract.model.card
    text = Tree(workspace.submission).text(path) if path else None
    if text is None:
        if workspace.manifest.weights.get(Dimension.LINEAGE, 0) > 0:
            return failed("There is no model card.")
        return not_applicable("There is no model card, and the challenge asks for none.")
    missing, left = missing_topics(text, _TOPICS), template_lines(text)
    share = 1 - len(missing) / len(_TOPICS)
    if left:
        share /= 2
    credit = inventory.credit(_KEY)
    found = next((f" {d.sentence}" for d in inventory.discovered if d.key == _KEY), "")
    if share * credit >= 1:
        return passed("The model card covers all six topics in its own words.")
    parts = [f"does not say {', '.join(missing)}"] if missing else []
    parts += [f"still has {len(left)} place(s) of a template"] if left else []
    sentence = f"The model card {' and '.join(parts) or 'covers all six topics'}.{found}"
    evidence = [Evidence(summary="left from a template", file=path, line=n) for n in left]
    return partial(share * credit, sentence, *evidence) if share > 0 else failed(sentence, *evidence)
