"""The demo says what happens while it happens."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from audition.cli import client, demo
from audition.cli.client import Client
from audition.host.steps import Steps

Document = dict[str, Any]
Tell = Callable[..., list[str]]


def document(state: str, *stages: tuple[str, str]) -> Document:
    return {
        "id": "sub_1",
        "state": state,
        "is_settled": state in {"graded", "released", "rejected"},
        "stages": [{"stage": stage, "message": message} for stage, message in stages],
    }


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """What the demo says of a submission that is found as given, look by look."""

    def lines(report: Document, *looks: Document) -> list[str]:
        left, said = list(looks), io.StringIO()

        def get(_site: Client, path: str) -> Document:
            return report if path == "/submissions/sub_1/report" else left.pop(0)

        def post(_site: Client, path: str) -> Document:
            assert (path, left) == ("/submissions/sub_1/release", [])
            return document("released")

        monkeypatch.setattr(Client, "get", get)
        monkeypatch.setattr(Client, "post", post)
        monkeypatch.setattr(client, "_POLL_SECONDS", 0.0)
        with Steps(said).step("grading one") as step:
            assert demo._see_through(step, Client("http://site"), "sub_1")["state"] != "graded"
        return [line.strip() for line in said.getvalue().splitlines()[1:-1]]

    return lines


def test_each_stage_is_named_once_as_it_begins_and_then_the_report(tell: Tell) -> None:
    assert tell(
        {"score": 0.664, "verdict": "accepted"},
        document("queued"),
        document("running", ("unpack", "")),
        document("running", ("unpack", ""), ("drift", "Drift run 1 of 8")),
        document("running", ("unpack", ""), ("drift", "Drift run 2 of 8")),
        document("graded", ("unpack", ""), ("drift", "")),
    ) == [
        "unpack",
        "drift: Drift run 1 of 8",
        "drift: Drift run 2 of 8",
        "66 of 100, accepted: http://site/r/sub_1",
    ]


def test_of_one_that_was_graded_before_only_the_report_is_told(tell: Tell) -> None:
    report = {"score": 0.03, "verdict": "nonzero_exit"}
    assert tell(report, document("released", ("unpack", ""))) == [
        "3 of 100, nonzero_exit: http://site/r/sub_1"
    ]


def test_one_without_a_score_says_how_it_ended(tell: Tell) -> None:
    assert tell({"score": None, "verdict": None}, document("rejected")) == [
        "no score, rejected: http://site/r/sub_1"
    ]
