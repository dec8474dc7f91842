"""What the pages say."""

import re
import tomllib
from hashlib import sha384
from pathlib import Path
from typing import NoReturn

import pytest

from audition import codec
from audition.domain.errors import UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import Dimension, Evidence, GradeSheet, Outcome
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.domain.traces import TracedFile, Traces
from audition.ports import Ports
from audition.services import look_up
from audition.web import charts, formats, words
from tests.factories import NOW, later, make_artifact, make_finding, make_grade, make_stage
from tests.web.clients import browser_of, post
from tests.web.world import World

STATIC = Path(words.__file__).parent / "static"


@pytest.mark.parametrize("kind", [State, Verdict, Fault, Stage, StageStatus, Outcome, Dimension])
def test_every_value_has_words_and_an_icon(kind: type[State]) -> None:
    icons = (STATIC.parent / "templates" / "macros.html").read_text()
    for value in kind:
        said = words.words_for(value)
        assert said.label
        assert f'"{said.icon}": "' in icons
        assert said in words._ALL[kind].values()


def test_vendored_files_are_what_they_say() -> None:
    listed = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text())["file"]
    found = {file.name for file in (STATIC / "vendor").iterdir()} - {"VENDOR.toml"}
    assert found == {name for entry in listed for name in (entry["path"], entry["licence_file"])}
    for entry in listed:
        assert sha384((STATIC / "vendor" / entry["path"]).read_bytes()).hexdigest() == entry["sha384"]


def test_the_landing_page_starts_no_clock(world: World) -> None:
    world.client().get("/i/carol-link-token")
    with world.ports.unit_of_work() as uow:
        assert uow.people.invitation("inv_carol").started_at is None
    browser_of(world, "carol")
    with world.ports.unit_of_work() as uow:
        assert uow.people.invitation("inv_carol").started_at == NOW


def test_the_live_page_stops_asking_when_it_is_settled(busy_world: World) -> None:
    client = browser_of(busy_world, "carol")
    running, settled = (client.get(f"/s/sub_{name}").text for name in ("running", "released"))
    assert 'data-events="/s/sub_running/events"' in running
    assert "data-goes-on" in running
    assert 'http-equiv="refresh"' in running
    assert "data-events=" not in settled
    assert 'http-equiv="refresh"' not in settled
    assert "data-goes-on" not in client.get("/s/sub_released/live").text


def test_the_inbox_says_what_waits_and_leads_to_it(busy_world: World) -> None:
    text = browser_of(busy_world, "alice").get("/r").text
    assert "4 wait for you" in text
    for count in ("1 failed through a fault of ours", "3 to mark", "1 report to read and release"):
        assert count in text
    assert "Nothing waits" not in text
    assert 'href="/r/sub_graded/mark"' in text


def test_a_list_that_is_too_long_for_a_page_goes_on_at_the_next(
    busy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audition.web.reviewer.PER_PAGE", 3)
    client = browser_of(busy_world, "alice")
    pages = [client.get(f"/r?page={page}").text for page in (1, 2, 3)]
    assert [text.count('data-label="Score"') for text in pages] == [3, 3, 1]
    assert "Page 2 of 3" in pages[1]


def test_a_long_brief_is_folded_and_open_when_asked(busy_world: World) -> None:
    client = browser_of(busy_world, "carol")
    folded, whole = client.get("/c").text, client.get("/c?all=1").text
    assert folded.count("<details") == whole.count("<details") > 10
    assert folded.count(" open>") == 2
    assert whole.count(" open>") == whole.count("<details") - 2
    assert 'href="#brief-1"' in folded
    assert 'id="brief-1"' in folded


def test_a_candidate_sees_no_score_before_the_release(busy_world: World) -> None:
    text = browser_of(busy_world, "dave").get("/s/sub_graded").text
    assert "A reviewer reads the report" in text
    assert "of 100" not in text
    assert "0.830" not in text


def test_a_candidate_reads_no_reviewer_note(busy_world: World) -> None:
    note = "Within noise of the reference"
    assert note in browser_of(busy_world, "alice").get("/r/sub_released/findings").text
    assert note not in browser_of(busy_world, "carol").get("/s/sub_released/report/whole").text


def test_a_reviewer_reads_an_alias_and_no_name(busy_world: World) -> None:
    client = browser_of(busy_world, "alice")
    for path in ("/r", "/r/sub_released"):
        text = client.get(path).text
        assert "Teal Heron 214" in text
        assert "Carol" not in text
        assert "carol@example.org" not in text


def test_findings_come_weightiest_loss_first_and_passed_ones_are_a_page_away(busy_world: World) -> None:
    alice = browser_of(busy_world, "alice")
    titles = ("ROC AUC on the hidden data", "Runs as a user", "The base image")
    for path in ("/r/sub_graded", "/r/sub_graded/findings"):
        text = alice.get(path).text
        places = [text.index(title, text.index('id="findings"')) for title in titles]
        assert places == sorted(places)
        assert ">2 passed</a>" in text
    assert "There is a Dockerfile" in alice.get("/r/sub_graded/passed").text


def test_what_was_not_computed_is_no_zero(busy_world: World) -> None:
    text = browser_of(busy_world, "alice").get("/r/sub_failed").text
    assert "Model quality: not assessed" in text
    assert "Not assessed" in text


def test_a_release_shows_the_report_to_the_candidate(busy_world: World) -> None:
    dave = browser_of(busy_world, "dave")
    assert dave.get("/s/sub_graded/report").status_code == 409
    alice = browser_of(busy_world, "alice")
    assert post(alice, "/r/sub_graded/release").location == "/r/sub_graded"
    assert dave.get("/s/sub_graded/report").status_code == 200
    assert "Report released." in alice.get("/r/sub_graded/record").text


def test_actions_are_offered_only_where_they_work(busy_world: World) -> None:
    client = browser_of(busy_world, "alice")
    graded, released, errored = (client.get(f"/r/sub_{n}").text for n in ("graded", "released", "errored"))
    assert ["/release" in graded, "/rerun" in graded, "/regrade" in graded] == [True, True, True]
    assert ["/release" in released, "/rerun" in released, "/regrade" in released] == [False, False, False]
    assert ["/release" in errored, "/rerun" in errored] == [False, True]


def test_the_reason_of_a_rerun_is_in_the_history(busy_world: World) -> None:
    client = browser_of(busy_world, "alice")
    post(client, "/r/sub_errored/rerun", reason="The disk was full, and is not any more.")
    assert "The disk was full, and is not any more." in client.get("/r/sub_errored/record").text


def test_every_chart_has_title_description_and_table(busy_world: World) -> None:
    text = browser_of(busy_world, "alice").get("/r/sub_graded/whole").text
    charts_ = re.findall(r'<svg[^>]*role="img" aria-labelledby="(\S+) (\S+)"', text)
    assert len(charts_) == 5
    for title, description in charts_:
        assert f'<title id="{title}">' in text
        assert f'<desc id="{description}">' in text
    assert text.count("as a table</summary>") == 3


def test_labels_belong_to_fields(busy_world: World) -> None:
    for who, path in {
        "nobody": "/sign-in",
        "bob": "/a",
        "dave": "/c/submit",
        "alice": "/r/sub_graded",
    }.items():
        text = browser_of(busy_world, who).get(path).text
        fields = re.findall(r"<(?:input|select)(?![^>]*type=\"hidden\")[^>]*id=\"([^\"]+)\"", text)
        assert fields
        for field in fields:
            assert f'for="{field}"' in text


def test_operations_say_that_the_queue_is_down(busy_world: World) -> None:
    client = browser_of(busy_world, "olga")
    assert "does not answer" not in client.get("/ops").text
    busy_world.queue.is_down = True
    assert "The queue does not answer." in client.get("/ops").text
    ready = busy_world.client().get("/readyz")
    assert ready.json == {"status": "ok", "database": "ok", "queue": "down"}


def test_a_load_balancer_is_told_in_its_own_words_that_the_database_is_down(
    busy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_ports: Ports) -> NoReturn:
        msg = "The database does not answer."
        raise UnavailableError(msg)

    monkeypatch.setattr(look_up, "check_storage", check)
    ready = busy_world.client().get("/readyz")

    assert ready.status_code == 503
    assert ready.content_type == "application/problem+json"
    assert ready.json is not None
    assert ready.json["detail"] == "The database does not answer."


def test_numbers_read_well() -> None:
    assert [formats.size(n) for n in (0, 1023, 1536, 64 << 20, None)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "64 MiB",
        "not measured",
    ]
    assert [formats.duration(s) for s in (0.44, 42, 60, 200, 7500)] == [
        "0.4 s",
        "42 s",
        "1 min",
        "3 min 20 s",
        "2 h 5 min",
    ]
    assert [formats.left(later(s), NOW) for s in (-1, 30, 3600, 200000)] == [
        "over",
        "less than a minute",
        "1 hour",
        "2 days",
    ]
    assert formats.points(0.836) == "84"
    assert formats.points(None) == "\u2013"
    assert formats.number(5.25) == "5.25"
    assert formats.number(2.0) == "2"


def test_a_line_is_drawn_by_its_corners() -> None:
    assert charts.path((x, 2 * x) for x in range(100)) == "M0 0 99 198"
    assert charts.path([(0, 0), (1, 0), (2, 5), (3, 5), (4, 5)]) == "M0 0 1 0 2 5 4 5"
    assert charts.path([(0, 0), (0, 5), (0, 9)]) == "M0 0 0 5 0 9"
    assert charts.path([(3, 4)]) == "M3 4"
    # A bend that is too slow to be seen between neighbours is seen over all of them.
    bend = [(float(x), x * x / 200) for x in range(101)]
    corners = charts.path(bend).removeprefix("M").split()
    assert 10 < len(corners) // 2 < 60


def test_chart_geometry_stays_inside() -> None:
    assert charts.linear(2, 0, 1, 10, 20) == 20
    assert charts.linear(1, 1, 1, 10, 20) == 10
    assert charts.on_arc(0, 50, 80, 84) == (30.0, 84.0)
    assert charts.on_arc(1, 50, 80, 84) == (130.0, 84.0)
    many = [i / 5000 for i in range(5001)]
    curve = charts.line(many, [x * x for x in many], 0, 0, 100)
    assert len(curve.split()) <= 2 * (charts.MOST_POINTS + 1)
    assert curve.endswith(" 100 0")
    assert charts.line((), (), 0, 0, 1) == ""
    bars = charts.bars(
        (make_stage(), make_stage(stage=Stage.SCORE, started_at=later(2), finished_at=None)), later(5)
    )
    assert [(bar.start_seconds, bar.seconds) for bar in bars] == [(0.0, 2.0), (2.0, 3.0)]
    assert charts.span(bars) == 5.0
    assert charts.span(()) == 1.0


def test_words_of_marks_that_are_close_do_not_lie_on_each_other() -> None:
    assert charts.drops([0.0, 0.4, 0.9, 1.0]) == [0, 0, 0, 46]
    assert charts.drops([0.0, 0.1, 0.15, 0.9]) == [0, 46, 0, 0]


def show_first_look(world: World, submission: str) -> None:
    """Publish a first look at a submission that runs."""
    findings = (
        make_finding(
            check="a.passed", title="Has a pipeline", outcome=Outcome.PASSED, points=2.0, max_points=2.0
        ),
        make_finding(
            check="a.failed",
            title="No secrets in the files",
            outcome=Outcome.FAILED,
            points=0.0,
            max_points=3.0,
            sentence="1 line holds what has the form of a real key.",
            reviewer_note="for staff",
            how_to_fix="Revoke it <b>now</b>.",
            evidence=(Evidence(summary="github-pat", file="app.py", line=3),),
        ),
    )
    sheet = GradeSheet(grades=(make_grade(grader="code", findings=findings, metrics=(), curves=()),))
    data = codec.to_json(sheet)
    artifact = make_artifact(
        run_id=submission.replace("sub_", "run_"),
        stage=Stage.STATIC,
        kind=ArtifactKind.FIRST_LOOK,
        name="first_look.json",
        digest=world.ports.blobs.put(data),
        bytes=len(data),
    )
    with world.ports.unit_of_work() as uow:
        uow.runs.add_artifacts([artifact])
        uow.commit()


def test_a_first_look_is_shown_while_the_rest_still_runs(busy_world: World) -> None:
    show_first_look(busy_world, "sub_running")
    page = browser_of(busy_world, "carol").get("/s/sub_running").text
    assert "First look" in page
    assert "1 to improve, 1 passed" in page
    assert "app.py:3" in page
    assert "Revoke it &lt;b&gt;now&lt;/b&gt;." in page
    assert "for staff" not in page


def test_without_a_first_look_the_page_says_nothing_of_one(busy_world: World) -> None:
    assert "First look" not in browser_of(busy_world, "carol").get("/s/sub_running").text


def test_what_submissions_share_is_for_reviewers_only(busy_world: World) -> None:
    traces = Traces(prints=tuple(range(100)), files=(TracedFile(path="<b>.bin", digest="d" * 64, bytes=900),))
    data = codec.to_json(traces)
    digest = busy_world.ports.blobs.put(data)
    with busy_world.ports.unit_of_work() as uow:
        others = {s.id: s for s in uow.submissions.recent() if s.invitation_id == "inv_dave"}
        for submission_id in ("sub_released", *others):
            run = uow.runs.latest(submission_id)
            artifact = Artifact(
                run_id=run.id,
                fence=run.fence,
                stage=Stage.JUDGE,
                kind=ArtifactKind.TRACES,
                name="traces.json",
                digest=digest,
                bytes=len(data),
            )
            uow.runs.add_artifacts([artifact])
        uow.commit()
    text = browser_of(busy_world, "alice").get("/r/sub_released/interview").text
    assert f"Compared with {len(others)} submission" in text
    assert "100 % of the code of the shorter one" in text
    assert "Plum Wren 530" in text
    assert "&lt;b&gt;.bin" in text
    candidates = browser_of(busy_world, "carol").get("/s/sub_released/report/whole").text
    assert "Plum Wren 530" not in candidates
    assert "shares with others" not in candidates
