"""Rows go out and predictions come back in the form of each contract."""

import json
from typing import Any

import pytest

from audition.domain.serving import SERVING_KINDS, Payload, RowForm, ServingKind
from audition.probing.payloads import UnreadableError, agree, body_of, document_of, read_answer

ROWS = [{"age": 41, "job": "fixed"}, {"age": 20, "job": None}]
DOCUMENTS: dict[ServingKind, Any] = {
    ServingKind.AUDITION: {"rows": ROWS},
    ServingKind.MLFLOW: {
        "dataframe_split": {"columns": ["age", "job"], "index": [0, 1], "data": [[41, "fixed"], [20, None]]}
    },
    ServingKind.SAGEMAKER: {"instances": ROWS},
    ServingKind.VERTEX: {"instances": ROWS},
    ServingKind.AZUREML: {"data": [[41, "fixed"], [20, None]]},
    ServingKind.OPEN_INFERENCE_V2: {
        "inputs": [
            {"name": "age", "shape": [2, 1], "datatype": "FP64", "data": [41, 20]},
            {"name": "job", "shape": [2, 1], "datatype": "BYTES", "data": ["fixed", None]},
        ]
    },
}


@pytest.mark.parametrize("kind", ServingKind)
def test_rows_are_sent_as_the_contract_says(kind: ServingKind) -> None:
    assert document_of(SERVING_KINDS[kind].payload, ROWS) == DOCUMENTS[kind]


def test_rows_are_sent_as_csv() -> None:
    body = body_of(Payload(form=RowForm.CSV), ROWS)
    assert body.data == b"age,job\n41,fixed\n20,\n"
    assert body.headers == {"Content-Type": "text/csv"}


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"predictions": [0.25, 1]}, (0.25, 1.0)),
        ({"predictions": [[0.75, 0.25], [0.5, 0.5]]}, (0.25, 0.5)),
        ({"predictions": [{"probability": 0.25}, {"score": 0.5}]}, (0.25, 0.5)),
        ({"predictions": ["yes", "0.5"]}, ("yes", 0.5)),
    ],
)
def test_predictions_are_read_in_the_usual_spellings(document: Any, wanted: tuple[Any, ...]) -> None:
    answer = read_answer(Payload(), json.dumps(document).encode(), 2)
    assert answer.predictions == wanted
    assert answer.deviation == ""


@pytest.mark.parametrize("document", [{"risks": [0.1, 0.2], "model": "a"}, [0.1, 0.2]])
def test_another_key_can_be_read_and_is_named(document: Any) -> None:
    answer = read_answer(Payload(), json.dumps(document).encode(), 2)
    assert answer.predictions == (0.1, 0.2)
    assert "'predictions'" in answer.deviation


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b'{"predictions": [1]}',
        b'{"predictions": [1, NaN]}',
        b'{"predictions": [1, 1e999]}',
        b'{"predictions": [1, null]}',
        b'{"predictions": [1, [[2]]]}',
        b'{"predictions": [1, {"other": 2}]}',
        b'{"predictions": [1, 1' + b"0" * 400 + b"]}",
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_an_answer_without_two_finite_predictions_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"\.$"):
        read_answer(Payload(), body, 2)


def test_tensors_are_read_by_their_last_column() -> None:
    payload = SERVING_KINDS[ServingKind.OPEN_INFERENCE_V2].payload
    tensor = {"name": "p", "shape": [2, 2], "datatype": "FP64", "data": [0.9, 0.1, 0.8, 0.2]}
    assert read_answer(payload, json.dumps({"outputs": [tensor]}).encode(), 2).predictions == (0.1, 0.2)
    tensor["shape"] = [3]
    assert "shape" in read_answer(payload, json.dumps({"outputs": [tensor]}).encode(), 2).deviation


def test_csv_answers_may_have_a_header() -> None:
    payload = Payload(form=RowForm.CSV)
    assert read_answer(payload, b"risk\n0.5\n0.25\n", 2).predictions == (0.5, 0.25)


def test_numbers_agree_up_to_a_relative_difference_and_labels_exactly() -> None:
    assert agree(0.5, 0.500001, 1e-5)
    assert not agree(0.5, 0.5001, 1e-5)
    assert agree("yes", "yes", 1e-5)
    assert not agree("yes", 1.0, 1e-5)
