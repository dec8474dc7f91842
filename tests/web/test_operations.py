"""The operators' page and the metrics: who may read them, and what they say."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from audition.domain.fleet import Place, WorkerReport
from audition.domain.submission import State
from tests.web.clients import browser_of, csrf_of, post
from tests.web.stories import tell_all
from tests.web.world import World, make_world

TOKEN = "t" * 40


def tell(world: World, **more: object) -> None:
    place = Place(path="/srv/audition", free_bytes=3 << 30, total_bytes=9 << 30)
    facts = {"engine": "29.1", "runtime": "runsc", "kernel": "6.1", "old_versions": "none"}
    values = {"name": "runner-1/0", "told_at": world.clock.now(), "places": (place,), "facts": facts, **more}
    world.queue.tell(WorkerReport(**values))  # type: ignore[arg-type]


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Name and values of the labels, by the labels' names, to value."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_say_what_waits_and_how_workers_are(busy_world: World) -> None:
    tell(busy_world, missing_images=("prober",))
    busy_world.queue.set_draining("runner-1/0", is_draining=True)
    busy_world.clock.advance(7200)
    found = samples(busy_world.client().get("/metrics").text)

    with busy_world.ports.unit_of_work() as uow:
        counted = uow.submissions.count_by_state()
    assert {state: found["audition_submissions", state.value] for state in counted} == counted
    assert found["audition_queue_up",] == 1
    assert found["audition_worker_silent_seconds", "runner-1/0"] == 7200
    assert found["audition_worker_able", "runner-1/0"] == 0
    assert found["audition_worker_draining", "runner-1/0"] == 1
    assert found["audition_worker_missing_images", "runner-1/0"] == 1
    assert found["audition_disk_free_bytes", "/srv/audition", "runner-1/0"] == 3 << 30
    assert found["audition_oldest_waiting_seconds",] > 0


def test_metrics_without_a_queue_say_so_and_nothing_of_workers(busy_world: World) -> None:
    tell(busy_world)
    busy_world.queue.is_down = True
    found = samples(busy_world.client().get("/metrics").text)
    assert found["audition_queue_up",] == 0
    assert not [name for name, *_ in found if "worker" in name or "depth" in name]
    assert found["audition_submissions", "queued"] > 0


@pytest.mark.parametrize(
    ("public_url", "peer", "status"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1", 200),
        ("http://localhost:8000", "::1", 200),
        ("http://127.0.0.1:8000", "172.17.0.2", 404),
        # A proxy on the same machine makes everybody come from it.
        ("https://audition.example.org", "127.0.0.1", 404),
    ],
)
def test_metrics_without_a_token_are_this_machines_own(
    tmp_path: Path, public_url: str, peer: str, status: int
) -> None:
    client = make_world(tmp_path, public_url=public_url).client()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": peer}).status_code == status


@pytest.mark.parametrize(
    ("header", "status"), [(f"Bearer {TOKEN}", 200), ("Bearer wrong", 401), ("Basic x", 401), ("", 401)]
)
def test_metrics_with_a_token_are_for_whoever_has_it(tmp_path: Path, header: str, status: int) -> None:
    world = make_world(tmp_path, public_url="https://audition.example.org", metrics_token=TOKEN)
    answer = world.client().get("/metrics", headers={"Authorization": header} if header else {})
    assert (answer.status_code, "audition_submissions" in answer.text) == (status, status == 200)


def test_guessing_the_token_is_limited(tmp_path: Path) -> None:
    world = make_world(tmp_path, metrics_token=TOKEN, sign_in_rate="2 per minute")
    client = world.client()
    wrong = [client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code for _ in range(3)]
    assert wrong == [401, 401, 429]


def test_an_operator_drains_a_worker_and_has_it_go_on(world: World) -> None:
    tell(world)
    olga = browser_of(world, "olga")
    assert "runner-1/0" in olga.get("/ops").text
    assert post(olga, "/ops/workers", worker="runner-1/0", order="drain").status_code == 303
    assert "Drained" in olga.get("/ops").text
    assert world.queue.draining() == {"runner-1/0"}
    post(olga, "/ops/workers", worker="runner-1/0", order="resume")
    assert world.queue.draining() == frozenset()


def test_an_operator_runs_again_what_failed_and_stops_what_waits(busy_world: World) -> None:
    olga = browser_of(busy_world, "olga")
    page = olga.get("/ops").text
    assert 'action="/ops/sub_errored/rerun"' in page
    assert 'action="/ops/sub_queued/cancel"' in page
    assert post(olga, "/ops/sub_errored/rerun").location == "/ops"
    assert post(olga, "/ops/sub_queued/cancel").location == "/ops"
    with busy_world.ports.unit_of_work() as uow:
        states = [uow.submissions.get(f"sub_{name}").state for name in ("errored", "queued")]
    assert states == [State.QUEUED, State.CANCELLED]


def test_what_a_worker_says_cannot_break_the_page(world: World) -> None:
    tell(world, name="<script>/0", trouble="<img src=x onerror=alert(1)>", facts={"engine": "<b>"})
    page = browser_of(world, "olga").get("/ops").text
    assert "<script>/0" not in page
    assert "<img" not in page
    assert "<b>" not in page


def test_the_page_stays_small_with_fifty_waiting(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    tell_all(world.ports)
    for slot in range(8):
        tell(world, name=f"runner-{slot}/0")
    olga = browser_of(world, "olga")
    assert csrf_of(olga)
    assert len(olga.get("/ops").data) < 60_000
