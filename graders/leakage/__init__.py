"""Signs that training shows a model what it must not see (J6): read in its code, and tried. Facts, never points.

What is not seen here may still leak, and each sign may be wrong: the metric on the hidden rows is what counts.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audition.domain.grade import Dimension, Evidence, Finding, Grade, GradeStatus
from audition.grading import Check, Need, Result, Workspace, informative, not_applicable, passed
from audition.grading.tree import Text, Tree
from audition.grading.versions import content_version
from graders.leakage import probe
from graders.leakage.flow import Sign, signs_of
from graders.python_code import is_test_code

_MOST = 20
_FITS = re.compile(r"fit\w*\(")
_Found = Sequence[tuple[Text, Sign]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    title: str
    why: str
    fix: str
    clean: str
    """What is said when there is no sign."""
    words: str
    """What is said before how many there are."""


_ABOUT = {
    "test-rows": _About(
        title="Nothing is fitted to test rows",
        why="A model or a scaler that has seen the rows it is measured on looks better than it is.",
        fix="Fit on training rows only, and transform the others with what was learned there.",
        clean="Nothing that is fitted is given test rows.",
        words="Places where something is fitted to rows that are to be predicted or measured on",
    ),
    "before-split": _About(
        title="Preparation learns after the split",
        why="Means, encodings and chosen features from all rows carry the validation rows into training.",
        fix="Put scalers, imputers, encoders and selectors into one pipeline with the model; fit it after the split.",
        clean="No preparation learns from a table that is divided later.",
        words="Places where preparation learns from rows that are divided only afterwards",
    ),
    "target": _About(
        title="The target is not among the features",
        why="A model that is given the answer learns nothing else, and has no answer in production.",
        fix="Take the target out of the table before it is fitted: name the features, or drop the column.",
        clean="No model is fitted to a table that still holds the target.",
        words="Places where a model is fitted to a table that still holds the target",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """Reads Python code outside tests, and looks at what came of training on other labels."""

    name: str = "leakage"
    version: str = content_version("1", __file__)
    dimension: Dimension = Dimension.MODEL_QUALITY
    needs: frozenset[Need] = frozenset({Need.SUBMISSION, Need.EXERCISE})

    def grade(self, workspace: Workspace) -> Grade:
        """Read the code once, and say what was seen of each kind."""
        found = _found(workspace)
        tried = (look(workspace) for look in (probe.learns_from_labels, probe.does_without_hidden_rows))
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=(*(_finding(kind, about, found, workspace) for kind, about in _ABOUT.items()), *tried),
        )


def _finding(kind: str, about: _About, found: _Found | None, workspace: Workspace) -> Finding:
    def look(_: Workspace) -> Result:
        if found is None:
            return not_applicable("No Python code outside tests fits anything.")
        mine = [(text, sign) for text, sign in found if sign.kind == kind]
        return (
            informative(f"{about.words}: {len(mine)}.", *_evidence(mine[:_MOST]))
            if mine
            else passed(about.clean)
        )

    return Check(f"leakage.{kind}", about.title, 0.0, about.why, about.fix, look)(workspace)


def _found(workspace: Workspace) -> _Found | None:
    """Every sign with its file; None where nothing is fitted."""
    target = workspace.manifest.answers.answer_column
    texts = [
        text
        for text in Tree(workspace.submission).ending(".py")
        if not is_test_code(text.path) and _FITS.search(text.content)
    ]
    return [(text, sign) for text in texts for sign in _signs(text.content, target)] if texts else None


def _signs(content: str, target: str) -> list[Sign]:
    try:
        return signs_of(ast.parse(content), target)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # Other graders say that it is no Python; nobody writes nests that deep by hand.


def _evidence(found: _Found) -> Iterator[Evidence]:
    for text, sign in found:
        excerpt = text.lines[sign.line - 1].strip()[:160]
        yield Evidence(summary=sign.words, file=text.path, line=sign.line, excerpt=excerpt)


grader = Leakage()
