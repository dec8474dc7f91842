"""The report of a submission to which everything was done, as its readers see it."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from audition.domain.grade import Dimension, Grade, GradeStatus, Outcome
from audition.domain.probe import Event
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.domain.summary import Standing
from audition.web import words
from audition.web.course_drawing import LEFT, MARKED, RIGHT, course_drawing
from audition.web.report_parts import PARTS, WHOLE
from tests import factories
from tests.architecture.tree import REPO
from tests.factories import NOW
from tests.web import full_story, stories
from tests.web.clients import bearer, browser_of, post
from tests.web.test_budgets import MAX_PAGE_BYTES
from tests.web.world import World

SCRIPT = "<script>alert(1)</script>"


def page(world: World, who: str = "alice", name: str = "full", part: str = "") -> str:
    path = f"/r/sub_{name}" if who == "alice" else f"/s/sub_{name}/report"
    return browser_of(world, who).get(f"{path}/{part}" if part else path).text


def passed_pages(world: World, who: str = "alice") -> str:
    """What passed, on as many pages as it has."""
    first = page(world, who, part="passed")
    ways = dict.fromkeys(re.findall(r'href="([^"]+/passed\?of=[^"#]+)"', first))
    return "".join(browser_of(world, who).get(way).text for way in ways) if ways else first


def section(text: str, heading: str) -> str:
    """The part of a page from a heading on to the next of its level."""
    found = re.search(rf"<(h[23])[^>]*>{heading}<", text)
    assert found is not None, heading
    end = text.find(f"<{found[1]}", found.end())
    return text[found.end() : end if end > 0 else None]


@pytest.fixture
def full(world: World) -> World:
    """A world with the submission to which everything was done."""
    full_story.tell_everything(world.ports)
    return world


def test_the_first_screen_holds_all_dimensions_and_names_the_lowest(full: World) -> None:
    profile = section(page(full), "Deployment, by dimension")
    labels = re.findall(r'<th scope="row">([^<]+)', profile)
    assert [label.strip() for label in labels] == [
        "Container", "Serving", "Observability", "Drift", "CI and retraining", "Kubernetes",
        "Lineage and card", "Consistency",
    ]  # fmt: skip
    assert profile.count('class="lowest"') == 1
    assert "10 of 11 checks" in profile[profile.index("Serving") : profile.index("Observability")]


def test_what_was_not_assessed_shows_no_number_and_says_why(full: World) -> None:
    profile = section(page(full), "Deployment, by dimension")
    row = profile[profile.index("Consistency") :]
    assert "not assessed" in row
    assert "This challenge does not ask for it." in row
    assert 'class="number"' not in row
    assert 'class="fill"' not in row
    assert "stroke-dasharray" in row


def test_a_real_zero_is_a_number(full: World) -> None:
    profile = section(page(full), "Deployment, by dimension")
    row = profile[profile.index("Lineage and card") : profile.index("Consistency")]
    assert '<strong class="number">0</strong>' in row


def test_the_level_is_said_with_what_showed_it(full: World) -> None:
    text = section(page(full), "Maturity that was observed")
    assert "Level 1 of 4: DevOps without MLOps" in text
    assert "The first prediction came 2.0 seconds after the start." in text
    assert text.count('class="reached"') == 2


def test_strengths_and_risks_are_sentences_with_a_number_and_a_link_to_their_evidence(full: World) -> None:
    text = page(full)
    for heading in ("Strengths", "Risks"):
        found = re.findall(r'<li><a href="([^"#]*)#([^"]+)">', section(text, heading))
        assert len(found) == 3
        for place, anchor in found:
            assert f'id="{anchor}"' in browser_of(full, "alice").get(place).text
    assert (
        len(re.findall(r"[+\u2212]\d+\.\d of 100", section(text, "Strengths") + section(text, "Risks"))) == 6
    )


@pytest.mark.parametrize("part", ["", *(part.name for part in PARTS), WHOLE.name])
def test_every_link_to_a_place_leads_there(full: World, part: str) -> None:
    text = page(full, part=part)
    alice = browser_of(full, "alice")
    for path, anchor in set(re.findall(r'href="(/r/sub_full[^"#]*)?#([^"]+)"', text)):
        assert f'id="{anchor}"' in (alice.get(path).text if path else text)
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_the_five_topics_are_answered_with_evidence_or_with_the_word_that_there_is_none(full: World) -> None:
    topics = section(page(full), "Five things to look for")
    assert re.findall(r"<dt>([^<]+)", topics) == [
        "Care for the data", "Ready for production", "Explained in plain words", "Monitored",
        "Made to work with others",
    ]  # fmt: skip
    assert topics.count("No evidence in the submission") == 1
    assert "There is no model card." in topics


def test_what_did_not_count_is_folded_by_dimension_with_a_count_and_a_reason(world: World) -> None:
    idle = [
        factories.make_finding(
            check=f"manifests.a{n}",
            title=f"Something about manifests, {n}",
            outcome=Outcome.NOT_APPLICABLE,
            points=0.0,
            sentence="There are no Kubernetes manifests.",
            evidence=(),
        )
        for n in range(30)
    ]
    told(world, factories.make_grade(), grade(Dimension.KUBERNETES, *idle))
    text = page(world, name="told", part="uncounted")
    folded = text[text.index('id="uncounted"') :]

    assert re.search(r"<summary>Kubernetes: 30 checks <span[^>]*>There are no Kubernetes manifests\.", folded)
    assert folded.count("There are no Kubernetes manifests.") == 2
    assert text.count('<details class="fold gaps">') == 1


def grade(dimension: Dimension, *findings: object, **more: object) -> Grade:
    return factories.make_grade(
        grader=str(dimension), dimension=dimension, findings=findings, metrics=(), curves=(), **more
    )


def told(world: World, *grades: Grade, name: str = "told", state: State = State.GRADED) -> str:
    return stories.tell(
        world.ports,
        name,
        who="dave",
        state=state,
        verdict=Verdict.ACCEPTED,
        stages=stories.full_run(),
        grades=grades,
    )


def test_a_report_without_any_score_shows_no_zero(world: World) -> None:
    blocked = factories.make_finding(
        check="model.metric.primary",
        outcome=Outcome.NOT_ASSESSED,
        points=0.0,
        max_points=10.0,
        sentence="There are no predictions to score.",
    )
    told(world, grade(Dimension.MODEL_QUALITY, blocked, status=GradeStatus.BLOCKED))
    text = page(world, name="told")

    assert "Overall: not assessed" in text
    assert "Model quality: not assessed" in text
    assert "0 of 100" not in text
    assert 'class="number"' not in text
    assert "There are no predictions to score." in section(text, "Not assessed")


def test_findings_are_folded_and_only_the_first_three_are_open(full: World) -> None:
    findings = page(full, part="findings")
    assert len(re.findall(r'<details class="finding \w+" open>', findings)) == 3
    assert len(re.findall(r'<details class="finding \w+">', findings)) > 10
    assert len(re.findall(r'<li id="check-', passed_pages(full))) > 40
    assert "How to fix" in findings


@pytest.mark.parametrize("part", ["", *(part.name for part in PARTS)])
def test_every_page_of_a_full_report_stays_small(full: World, part: str) -> None:
    assert len(page(full, part=part).encode()) < (MAX_PAGE_BYTES if part else MAX_PAGE_BYTES // 2)


@pytest.mark.parametrize("who", ["alice", "dave"])
def test_the_report_of_who_does_everything_right_is_within_its_budget(world: World, who: str) -> None:
    """Each of its checks is on one of its pages, for reviewers and, once it is released, for the candidate."""
    grades = full_story.golden_grades()
    full_story.tell_everything(world.ports, state=State.RELEASED, grades=grades)
    checks = [finding.check for grade in grades for finding in grade.findings]
    assert len(checks) > 110
    assert len(page(world, who).encode()) < MAX_PAGE_BYTES // 2
    details = passed_pages(world, who)
    assert all(details.count(f'<code class="check-id">{check}</code>') == 1 for check in checks)
    assert ("For reviewers" in details) == (who == "alice")


def test_what_passed_has_a_page_a_dimension_and_a_check_leads_to_its_own(world: World) -> None:
    full_story.tell_everything(world.ports, grades=full_story.golden_grades())
    alice = browser_of(world, "alice")
    first, serving = (alice.get(f"/r/sub_full/passed{of}").text for of in ("", "?of=serving"))
    assert 'aria-current="page">Model quality' in first
    assert 'aria-current="page">Serving' in serving
    check = re.findall(r'id="check-([^"]+)"', serving)[-1]
    assert alice.get(f"/r/sub_full/passed?of={check}").text.count(f'id="check-{check}"') == 1
    assert f'id="check-{check}"' not in first
    other = alice.get("/r/sub_full/passed?of=<nothing>").text
    assert section(other, "What passed ") == section(first, "What passed ")
    assert "nothing&gt;" not in other
    for way in set(re.findall(r'href="([^"]+/passed\?of=[^"#]+)"', first)):
        assert len(alice.get(way).text.encode()) < MAX_PAGE_BYTES


def test_every_finding_is_on_one_of_the_pages(full: World) -> None:
    checks = {finding.check for grade in full_story.full_grades() for finding in grade.findings}
    text = passed_pages(full) + "".join(page(full, part=part) for part in ("findings", "uncounted"))
    assert {check for check in checks if text.count(f'id="check-{check}"') != 1} == set()


def test_what_passed_is_nobody_elses_to_see(full: World) -> None:
    assert browser_of(full, "carol").get("/s/sub_full/report/passed").status_code == 404
    assert browser_of(full, "dave").get("/s/sub_full/report/passed").status_code in {403, 404, 409}


def test_questions_for_the_interview_are_for_staff_only(full: World) -> None:
    text = page(full, part="interview")
    assert "Questions for the interview" in text
    assert "3 of 10 requests in flight were answered" in section(text, "Questions for the interview")
    post(browser_of(full, "alice"), "/r/sub_full/release")
    for said in (page(full, "dave", part="whole"), api_report(full)):
        assert "What happens to a request" not in said
        assert "uestions for the interview" not in said


def api_report(world: World) -> str:
    return world.client().get("/api/v1/submissions/sub_full/report", headers=bearer(world, "dave")).text


def test_a_candidate_sees_the_same_evidence_without_seeds_and_the_host(full: World) -> None:
    staff = page(full, part="record")
    assert "271828" in staff
    assert "engine 20.10.24 (needs 29.7.0)" in staff
    post(browser_of(full, "alice"), "/r/sub_full/release")
    for said in (page(full, "dave", part="whole") + page(full, "dave", part="record"), api_report(full)):
        assert "requests in flight were answered" in said
        assert "271828" not in said
        assert "29.7.0" not in said


def test_commands_to_see_it_again_are_quoted(full: World) -> None:
    text = page(full, part="record")
    assert "sha256sum --check" in text
    assert "docker build --file Dockerfile --tag submission ." in text
    # ("python", "predict.py", "--data", "/in/it's.csv"), as a shell must be given it, as HTML must be given that.
    assert "python predict.py --data &#39;/in/it&#39;&#34;&#39;&#34;&#39;s.csv&#39;" in text
    assert "--network none --read-only --cap-drop ALL" in text


def test_evidence_that_cannot_be_read_leaves_its_parts_out(busy_world: World) -> None:
    text = page(busy_world, name="graded", part="record")
    assert "sha256sum --check" in text
    assert "docker build" not in text
    assert "Older than its fixes" not in text


def test_the_course_of_the_run_is_drawn_with_its_events_and_a_table(full: World) -> None:
    course = section(page(full, part="run"), "Course of the run")
    assert re.search(r"With the service: first prediction after 3\.4 s, overload after 1 min 39 s", course)
    assert "SIGTERM" in course
    assert "50% of capacity, p95 9 ms" in course
    assert '<th scope="row">Bad input</th>' in course
    assert re.search(r"The data drift after \d+ s of one run; the alarm is on after \d+ s", course)
    assert '<th scope="row">First alarm</th>' in course


def test_hostile_text_is_text_wherever_the_first_screen_shows_it(world: World) -> None:
    def nasty(check: str, outcome: Outcome, points: float = 0.0) -> object:
        return factories.make_finding(
            check=check,
            title=SCRIPT,
            outcome=outcome,
            points=points,
            sentence=f"{SCRIPT}{{{{ 7 * 7 }}}}\u202e",
        )

    told(
        world,
        grade(
            Dimension.DEPLOYMENT,
            nasty("runtime.start.ready", Outcome.PASSED, 2.0),
            nasty("dockerfile.user.non-root", Outcome.FAILED),
            nasty("dockerfile.present", Outcome.NOT_ASSESSED),
        ),
        grade(Dimension.SERVING, nasty("service.contract.kept", Outcome.PASSED, 2.0)),
    )
    text = page(world, name="told")
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert ">49" not in text
    for heading in ("Maturity that was observed", "Strengths", "Risks", "Not assessed"):
        assert "&lt;script&gt;" in section(text, heading)


def test_the_words_of_the_first_screen_are_explained_to_reviewers() -> None:
    text = (REPO / "docs" / "reviewing.md").read_text(encoding="utf-8").lower()
    plain = " ".join(text.split())
    for standing in Standing:
        assert f"*{words.words_for(standing).label.lower()}*" in plain
    for heading in ("strengths and risks", "maturity that was observed", "five things to look for"):
        assert heading in plain


class TestCourse:
    def test_everything_lies_inside(self) -> None:
        drawing = course_drawing(full_story.full_stages(), full_story.EVENTS[:21], (), NOW)
        assert all(s.x >= LEFT and s.x + s.width <= RIGHT + 2 for s in drawing.segments)
        assert all(s.y + 12 <= drawing.height for s in drawing.segments)
        assert [name for name, _ in drawing.lanes] == ["Start", "Answers", "Metrics", "Load", "Stop"]
        assert [mark.number for mark in drawing.marks] == [1, 2, 3, 4, 5]
        assert {mark.event.name for mark in drawing.marks} <= MARKED

    def test_marks_that_are_close_stand_above_each_other(self) -> None:
        drawing = course_drawing(full_story.full_stages(), full_story.EVENTS[:21], (), NOW)
        places = [(mark.x, mark.y) for mark in drawing.marks]
        for one, other in pairwise(places):
            assert abs(one[0] - other[0]) >= 14 or one[1] != other[1]

    def test_without_a_service_there_are_the_stages_alone(self) -> None:
        drawing = course_drawing(stories.full_run(), (), (), NOW)
        assert (drawing.segments, drawing.marks, drawing.lanes, drawing.service_seconds) == ((), (), (), 0.0)

    def test_drift_and_alarm_stand_below_on_an_axis_of_their_own(self) -> None:
        curves = [curve for grade in full_story.full_grades() for curve in grade.curves]
        drawing = course_drawing(full_story.full_stages(), full_story.EVENTS[:21], curves, NOW)
        panel = drawing.drift
        assert panel is not None
        assert drawing.foot < panel.top < drawing.height
        assert panel.onset[0] >= LEFT
        assert sum(panel.onset) <= RIGHT
        assert panel.alarms
        assert all(x >= LEFT and x + width <= RIGHT + 2 for x, width in panel.alarms)

    def test_an_unknown_probe_is_about_answers(self) -> None:
        events = (
            Event(seconds=0.0, name="probe", detail="something new"),
            Event(seconds=2.0, name="end"),
        )
        drawing = course_drawing(stories.full_run(), events, (), NOW)
        assert [name for name, _ in drawing.lanes] == ["Answers"]

    def test_one_event_alone_divides_by_nothing(self) -> None:
        only = (Event(seconds=0.0, name="end"),)
        assert course_drawing((), only, (), NOW).segments == ()


def test_the_longest_session_is_the_one_that_is_drawn(full: World) -> None:
    assert full_story.EVENTS[-1].seconds == 2.1
    course = section(page(full, part="run"), "Course of the run")
    assert "SIGTERM" in course
    assert course.count("first prediction</th>") == 1


def test_what_is_blocked_is_folded_under_its_cause_with_what_it_costs(world: World) -> None:
    """Once each, in the order of what a fault costs with all that it blocks."""
    cause = factories.make_finding(
        check="image.build.succeeds",
        title="The image builds",
        outcome=Outcome.FAILED,
        points=0.0,
        max_points=1.0,
    )
    other = replace(cause, check="dockerfile.present", title="There is a Dockerfile", max_points=2.0)
    hidden = replace(
        cause, check="runtime.start.ready", title="It starts", outcome=Outcome.BLOCKED, max_points=4.0,
        sentence="Blocked: there is no image.", blocked_by=cause.check,
    )  # fmt: skip
    told(world, grade(Dimension.DEPLOYMENT, other, hidden, cause))
    text, findings = page(world, name="told"), page(world, name="told", part="findings")

    assert "with 1 blocked" in text
    assert "It starts" not in section(text, "Risks")
    assert findings.index("The image builds") < findings.index("There is a Dockerfile")
    assert findings.count(f'id="check-{hidden.check}"') == 1
    assert "1 check blocked" in findings
