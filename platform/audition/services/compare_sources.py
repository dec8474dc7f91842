"""Compare the code of two submissions, file by file, from what a trusted container read of it as text.

No file of a submission is read here: both sides are documents, capped and checked when they came. The work of a
difference is bounded (`domain.difference`), and so is what of it is shown.
"""

from dataclasses import dataclass
from enum import StrEnum

from audition import codec
from audition.domain.difference import Difference, Line, difference
from audition.domain.errors import InvalidError, NotFoundError
from audition.domain.evidence import ArtifactKind
from audition.domain.people import Principal, Role
from audition.domain.sources import SourceFile, Sources
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import require_role, visible_submission

#: Lines of a difference that a page shows, and about how many bytes of it they take all together.
MOST_SHOWN, _MOST_BYTES = 300, 24_000
#: Of a character that a page writes in another way, e.g. <, or one that cannot be seen.
_ESCAPED_BYTES = 12
_LONGEST_LINE = 160


class Sameness(StrEnum):
    """What a file is in two submissions."""

    DIFFERENT = "different"
    SAME = "same"
    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two.

    Attributes:
        alias: Of its candidate.
        is_read: Whether its code was kept: a run from before that, or one that did not get so far, has none.
        left_out: Files that did not fit, or are no text.
    """

    submission_id: str
    alias: str
    attempt_number: int
    is_read: bool
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceComparison:
    """Both sides, their files, and the one that was asked for.

    Attributes:
        files: By path; what differs comes first.
        path: Of the file that is shown; empty when neither has any.
        difference: Of that file.
        hunks: Of it what is shown.
        is_cut: Whether less is shown than there is.
    """

    sides: tuple[Side, Side]
    files: tuple[tuple[str, Sameness], ...]
    path: str
    difference: Difference
    hunks: tuple[tuple[Line, ...], ...]
    is_cut: bool


def compare_sources(
    ports: Ports, principal: Principal, submission_ids: tuple[str, ...], path: str = ""
) -> SourceComparison:
    """The code of two submissions.

    Args:
        ports: Where it is stored.
        principal: A reviewer.
        submission_ids: Two.
        path: The file to show; without one the first that differs.

    Raises:
        DeniedError: The asker is no reviewer.
        InvalidError: It is not two submissions.
        NotFoundError: There is no such submission, or neither has such a file.
    """
    require_role(principal, Role.REVIEWER)
    if len(set(submission_ids)) != 2:  # noqa: PLR2004  one beside the other
        msg = "The code of two submissions is compared."
        raise InvalidError(msg, code="cannot-compare", next_step="Choose two in the list of a cohort.")
    with ports.unit_of_work() as uow:
        first, second = (_side(ports, uow, principal, one) for one in submission_ids)
    files = _files(first[1], second[1])
    chosen = path or next(iter(files), "")
    if chosen and chosen not in files:
        msg = f"Neither submission has a file {chosen[:80]!r} that is compared."
        raise NotFoundError(msg, code="no-such-file", next_step="Choose one of the list.")
    before, after = (side.get(chosen) for side in (first[1], second[1]))
    found = difference(before.text if before else "", after.text if after else "")
    hunks, is_cut = _shown(found)
    is_cut = is_cut or not found.is_whole or any(file.is_cut for file in (before, after) if file)
    return SourceComparison(
        sides=(first[0], second[0]),
        files=tuple(files.items()),
        path=chosen,
        difference=found,
        hunks=hunks,
        is_cut=is_cut,
    )


def _side(
    ports: Ports, uow: UnitOfWork, principal: Principal, submission_id: str
) -> tuple[Side, dict[str, SourceFile]]:
    submission = visible_submission(uow, principal, submission_id)
    invitation = uow.people.invitation(submission.invitation_id)
    run = uow.runs.latest_of([submission_id]).get(submission_id)
    kept = uow.runs.artifacts_of([run.id], ArtifactKind.SOURCES).get(run.id) if run else None
    sources = (
        codec.from_json(Sources, ports.blobs.get(kept.digest), what="sources.json") if kept else Sources()
    )
    side = Side(
        submission_id=submission_id,
        alias=uow.people.candidate(invitation.candidate_id).alias,
        attempt_number=submission.attempt_number,
        is_read=kept is not None,
        left_out=sources.left_out,
    )
    return side, {file.path: file for file in sources.files}


def _files(first: dict[str, SourceFile], second: dict[str, SourceFile]) -> dict[str, Sameness]:
    order = list(Sameness)
    found = {path: _sameness(first.get(path), second.get(path)) for path in {*first, *second}}
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1]), item[0])))


def _sameness(before: SourceFile | None, after: SourceFile | None) -> Sameness:
    if before is None:
        return Sameness.ONLY_SECOND
    if after is None:
        return Sameness.ONLY_FIRST
    return Sameness.SAME if before.text == after.text else Sameness.DIFFERENT


def _shown(found: Difference) -> tuple[tuple[tuple[Line, ...], ...], bool]:
    """What fits a page, long lines cut, and whether that is less than all."""
    lines = size = 0
    shown: list[tuple[Line, ...]] = []
    for hunk in found.hunks:
        kept: list[Line] = []
        for line in hunk:
            lines, size = lines + 1, size + _size(line.text[:_LONGEST_LINE])
            if lines > MOST_SHOWN or size > _MOST_BYTES:
                return (*shown, tuple(kept)), True
            kept.append(_short(line))
        shown.append(tuple(kept))
    return tuple(shown), False


def _size(text: str) -> int:
    return sum(1 if c.isascii() and c.isprintable() and c not in "<>&" else _ESCAPED_BYTES for c in text)


def _short(line: Line) -> Line:
    if len(line.text) <= _LONGEST_LINE:
        return line
    return Line(change=line.change, text=f"{line.text[:_LONGEST_LINE]}…", old=line.old, new=line.new)
