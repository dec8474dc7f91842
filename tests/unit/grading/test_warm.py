"""What grader containers have ready when they are told to begin: what their verb needs, and nothing heavy besides."""

import subprocess
import sys

import pytest

from audition.domain import places


def modules_after(module: str, graders: str) -> set[str]:
    """What a fresh interpreter has imported."""
    script = f"import sys, {module}; print(*sys.modules)"
    environment = {places.GRADERS_VARIABLE: graders, "PATH": ""}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_who_will_score_has_numpy_and_the_measure() -> None:
    found = modules_after("audition.grading.warm_score", "model-quality output-format dockerfile")

    assert {"numpy", "graders.model_quality.measure", "graders.output_format"} <= found


@pytest.mark.parametrize("module", ["audition.grading.warm_judge", "audition.grading.warm_keep"])
def test_nobody_else_pays_for_numpy(module: str) -> None:
    assert "numpy" not in modules_after(module, "model-quality output-format dockerfile")


def test_only_graders_of_the_challenge_are_loaded() -> None:
    found = modules_after("audition.grading.warm_judge", "model-quality")

    assert "graders.model_quality" in found
    assert "graders.dockerfile" not in found


def test_a_keeper_loads_no_grader() -> None:
    found = modules_after("audition.grading.warm_keep", "dockerfile")

    assert not {name for name in found if name.startswith("graders")}
    assert "audition.grading.unpack" in found
