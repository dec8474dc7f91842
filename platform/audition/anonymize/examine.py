"""Every table of a release measured and held against the gate; a release that does not pass is not written."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from audition.anonymize.apply import Applied
from audition.anonymize.assess import Assessment, assess
from audition.anonymize.columns import Frame
from audition.anonymize.gate import Verdict, judge, sentence
from audition.anonymize.keys import Key
from audition.anonymize.linked import link_across
from audition.anonymize.policy import Policy
from audition.anonymize.release import Making, Say, people_columns
from audition.domain.errors import DeniedError


@dataclass(frozen=True, slots=True)
class Examined:
    """One table."""

    assessment: Assessment
    verdicts: tuple[Verdict, ...]

    @property
    def is_fit(self) -> bool:
        """Whether every threshold is kept."""
        return all(verdict.is_met for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Work:
    """All that was read, made and measured."""

    policy: Policy
    key: Key
    sources: Mapping[str, Frame]
    applied: Applied
    examined: Mapping[str, Examined]


def examine(
    policy: Policy, sources: Mapping[str, Frame], applied: Applied, key: Key, say: Say = lambda _: None
) -> dict[str, Examined]:
    """Measure and judge every table that tells about people.

    Args:
        policy: With the thresholds.
        sources: The raw tables.
        applied: What was made of them.
        key: Of the release.
        say: Told what is being done.
    """
    out = {}
    for name, table in policy.all_tables().items():
        if not people_columns(table):
            say(f"{table.file}: pseudonyms, dates and texts only: there is nothing to attack with")
            continue
        random = np.random.default_rng(policy.gate.seed)
        across = link_across(name, policy, sources, applied, random)
        making = Making(table, policy.gate, key)
        found = assess(sources[name], applied.tables[name], making, say, across)
        out[name] = Examined(found, judge(found, policy.gate, table))
    return out


def refuse_unfit(examined: Mapping[str, Examined]) -> None:
    """Let only what passes the gate out.

    Raises:
        DeniedError: With every threshold that is not kept, the columns that cause it, and what would help.
    """
    broken = [
        f"{one.assessment.table}: {sentence(verdict)}"
        for one in examined.values()
        for verdict in one.verdicts
        if not verdict.is_met
    ]
    if broken:
        raise DeniedError(
            f"Not released: the gate of the policy is not met ({len(broken)}).",
            problems=broken,
            next_step="Change the rules of these columns, or, with a reason, the thresholds in [gate].",
        )
