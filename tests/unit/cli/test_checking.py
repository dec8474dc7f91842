"""`audition check`: what the platform would say, before anything is sent."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audition.cli.checking import check
from audition.domain.errors import InvalidError
from audition.grading.contract import read_contract
from tests.architecture.tree import REPO
from tests.notebooks import book, code

CHALLENGE = REPO / "challenges" / "credit-scoring"


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    """A small solution with a service."""
    (tmp_path / "predict.py").write_text("")
    (tmp_path / "Dockerfile").write_text("FROM python:3.11\nEXPOSE 9000\n")
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(check, words)
    return result.exit_code, result.output


def document(*words: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(run(*words, "--json")[1])
    return loaded


def test_a_good_folder_is_accepted_and_told_what_will_happen(solution: Path) -> None:
    code, said = run(str(solution))
    assert code == 0
    assert "No problem found" in said
    assert "Predict: `python predict.py` reads /in and writes /out." in said
    assert "port 9000" in said


def test_what_was_found_is_told_with_its_place_and_its_worth(solution: Path) -> None:
    _, said = run(str(solution))
    assert "earns 70% of its points" in said
    assert "serving.port = 9000   by EXPOSE, Dockerfile:2" in said


def test_every_problem_is_told_at_once_and_the_exit_code_says_so(solution: Path) -> None:
    (solution / "audition.toml").write_text(
        "[serving]\nport = 0\nkind = 'kserve'\n[pipeline]\ngate = ['python', 'g.py']"
    )
    code, said = run(str(solution))
    assert code == 1
    assert "3 problems: it would be refused." in said
    for words in ("audition.toml:2: serving.port = 0", "audition.toml:3: serving.kind", "runs 'g.py'"):
        assert words in said


def test_an_archive_is_read_like_the_folder_it_was_made_of(solution: Path, tmp_path: Path) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in ("predict.py", "Dockerfile"):
            archive.write(solution / name, f"solution/{name}")
    packed = tmp_path / "solution.zip"
    packed.write_bytes(sink.getvalue())
    assert document(str(packed))["discovered"] == document(str(solution))["discovered"]


def test_an_archive_that_would_be_refused_says_why(tmp_path: Path) -> None:
    packed = tmp_path / "no.zip"
    packed.write_bytes(b"#!/bin/sh\n")
    code, said = run(str(packed))
    assert code == 1
    assert "neither a zip nor a tar" in said


def test_a_folder_with_a_link_is_told_before_it_is_packed(solution: Path) -> None:
    (solution / "data").symlink_to("/etc")
    with pytest.raises(InvalidError) as caught:
        CliRunner().invoke(check, [str(solution)], catch_exceptions=False, standalone_mode=False)
    assert "data: is a link" in caught.value.problems[0]


def test_the_document_for_programs_has_everything(solution: Path) -> None:
    told = document(str(solution))
    assert (told["is_accepted"], told["problems"]) == (True, [])
    assert told["contract"]["serving"]["port"] == 9000
    assert told["discovered"][0]["key"] == "serving.port"
    assert told["discovered"][0]["sentence"].startswith("audition.toml does not say `serving.port`")
    assert any(line.startswith("Service: ") for line in told["outlook"])


@pytest.mark.parametrize(
    "name", ["starter", "submissions/accepted/reference", "submissions/accepted/baseline"]
)
def test_what_we_give_to_candidates_passes(name: str) -> None:
    assert run(str(CHALLENGE / name))[0] == 0


def test_the_files_in_the_documents_are_valid_and_name_every_key(tmp_path: Path) -> None:
    text = (REPO / "docs/candidate.md").read_text()
    example, of_notebook = (part.split("```", 1)[0] for part in text.split("```toml\n")[1:3])
    names = (
        "predict.py serve.py train.py gate.py check_data.py model.joblib MODEL_CARD.md monitoring/rules.yml"
        " monitoring/rules_test.yml monitoring/dashboard.json monitoring/reference.json"
    )
    for name in names.split():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "solution.ipynb").write_bytes(book(code("1")))
    (tmp_path / "audition.toml").write_text(of_notebook)
    with_notebook, problems = read_contract(tmp_path)
    assert problems == []
    (tmp_path / "audition.toml").write_text(example)
    contract, problems = read_contract(tmp_path)
    assert problems == []
    tables = (
        "",
        "serving",
        "serving.routes",
        "serving.payload",
        "monitoring",
        "pipeline",
        "model",
        "slo",
        "notebook",
    )
    for table in tables:
        (tmp_path / "audition.toml").write_text(f"[{table}]\nx9 = 1\n" if table else "x9 = 1\n")
        told = next(problem for problem in read_contract(tmp_path)[1] if "known keys are" in problem)
        known = told.partition("known keys are: ")[2].rstrip(".").split(", ")
        for key in known:
            name = f"{table}.{key}" if table else key
            assert contract.says(name) or with_notebook.says(name), f"{name} is in neither example"
