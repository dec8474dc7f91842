"""What our own processes log can be read by machines, and tells the run that it is about."""

import json
import logging
from collections.abc import Iterator

import pytest

from audition import logs


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_line_carries_message_level_time_and_the_bound_run(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logs.bind(run_id="run_1", fence=2)
    logging.getLogger("audition.worker").warning("lease of %s lost", "run_1")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == (
        "lease of run_1 lost",
        "warning",
        "audition.worker",
    )
    assert (line["run_id"], line["fence"]) == ("run_1", 2)
    assert line["timestamp"].endswith("Z")


def test_an_exception_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    try:
        int("no\nnumber")
    except ValueError:
        logging.getLogger("audition").exception("it failed")
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert "ValueError" in json.loads(text)["exception"]


def test_libraries_that_talk_too_much_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("console")
    logging.getLogger("httpx").info("GET /")
    assert capsys.readouterr().err == ""
