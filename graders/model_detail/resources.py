"""What predicting costs: processor time and memory, from the kernel's records. Shown, and worth no points.

Time is that of the whole program, so it holds starting Python and loading the model as well: what a nightly batch pays.
Processor time moves little with what else the host does, and is another on another processor.
"""

from audition.domain.evidence import RunEvidence
from audition.domain.execution import Usage
from audition.domain.run import Stage
from audition.grading import Result, informative, not_assessed

_THOUSAND = 1000
_MIB = 1 << 20


def resources(evidence: RunEvidence, rows: int) -> Result:
    """Say what the prediction took.

    Args:
        evidence: Of the run.
        rows: How many were predicted.
    """
    used = usage_of(evidence, Stage.PREDICT)
    if used is None or used.cpu_seconds is None or used.peak_memory_bytes is None:
        return not_assessed("Not assessed: there is no record of processor time and memory.")
    each = _THOUSAND * used.cpu_seconds / rows
    sentence = (
        f"Predicting {rows:,} rows took {_seconds(used.cpu_seconds)} s of processor time, {_seconds(each)} s for"
        f" 1,000 rows with start and loading, and {used.peak_memory_bytes / _MIB:,.0f} MiB of memory at most."
    )
    again = usage_of(evidence, Stage.REPEAT)
    result = informative(sentence)
    if again is None or again.cpu_seconds is None:
        return result
    note = f"The second time, with more rows, it took {_seconds(again.cpu_seconds)} s of processor time."
    return Result(outcome=result.outcome, share=0.0, sentence=sentence, note=note)


def usage_of(evidence: RunEvidence, stage: Stage) -> Usage | None:
    """What a stage used; None when it did not run."""
    return next((found.usage for found in evidence.stages if found.stage == stage), None)


def _seconds(value: float) -> str:
    return f"{value:.3g}"
