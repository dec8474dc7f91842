"""Does a memo to whoever decides say what it has to? Structure only; how clearly it says so is for people to judge."""

import re

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, informative, not_applicable, passed
from audition.grading.tree import Tree
from graders.lineage.sections import NUMBER, Topic, missing_topics, template_lines

_NAMES = ("decision.md", "decision_memo.md", "decision-memo.md", "memo.md")
#: Source: what the anchors of rubrics ask of such a memo.
_TOPICS = (
    Topic("what should be decided", re.compile(r"decid|decision|recommend|propos|ask", re.IGNORECASE)),
    Topic(
        "what that is worth, in numbers",
        re.compile(r"worth|value|benefit|cost|result|evidence|impact|quality|expect", re.IGNORECASE),
        NUMBER,
    ),
    Topic("what can go wrong", re.compile(r"limit|risk|wrong|fail|caveat|not for", re.IGNORECASE)),
    Topic("what to watch", re.compile(r"monitor|watch|alert|signal|drift", re.IGNORECASE)),
    Topic("when to train again", re.compile(r"re-?train|train(?:ing)? again|refresh|renew", re.IGNORECASE)),
)


@check(
    "lineage.memo.structure",
    "A decision memo says what to decide, watch and renew",
    points=0,
    why="Whoever decides about a model reads one page, and has to find there what can go wrong and what comes after.",
    fix="Give DECISION.md a part each on the decision, its worth in numbers, risks, what to watch, when to retrain.",
)
def structure(workspace: Workspace) -> Result:
    """Which of five topics the memo has text of one's own about (catalogue I6, for the memo). Worth no points."""
    memo = next(Tree(workspace.submission).named(*_NAMES), None)
    if memo is None:
        return not_applicable("There is no decision memo.")
    missing, left = missing_topics(memo, _TOPICS), template_lines(memo)
    if not missing and not left:
        return passed("The decision memo covers all five topics in its own words.")
    parts = [f"does not say {', '.join(missing)}"] if missing else []
    parts += [f"still has {len(left)} place(s) of a template"] if left else []
    places = (Evidence(summary="left from a template", file=memo.path, line=line) for line in left)
    return informative(f"The decision memo {' and '.join(parts)}.", *places)
