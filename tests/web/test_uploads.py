"""Uploads that are refused get a sentence and use no attempt; good ones are taken once."""

import io
from pathlib import Path

import pytest

from tests.web.clients import bearer, browser_of, post
from tests.web.world import World, make_world

BAD_FORMS = {
    "empty": (b"", "solution.zip", 422, "empty (0 bytes)"),
    "wrong type": (b"MZ", "model.exe", 422, "model.exe is not an archive"),
    "no ending": (b"PK", "solution", 422, "solution is not an archive"),
    "no file": (b"", "", 422, "No file was chosen"),
}


def _attempts_left(world: World) -> int:
    answer = world.client().get("/api/v1/challenge", headers=bearer(world, "carol"))
    assert answer.json is not None
    return int(answer.json["attempts_left"])


@pytest.mark.parametrize("case", BAD_FORMS)
def test_a_bad_file_gets_a_sentence_and_uses_no_attempt(world: World, case: str) -> None:
    data, name, status, sentence = BAD_FORMS[case]
    answer = post(browser_of(world, "carol"), "/c/submit", archive=(io.BytesIO(data), name))
    assert answer.status_code == status
    assert sentence in answer.text
    assert "No attempt was used." in answer.text
    assert _attempts_left(world) == 3


def test_a_request_larger_than_the_site_allows(world: World) -> None:
    data = bytes(world.app.config["MAX_CONTENT_LENGTH"] + 1)
    part = b'--x\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\n'
    answer = browser_of(world, "carol").post(
        "/c/submit", data=part + data + b"\r\n--x--\r\n", content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 413
    assert "No attempt was used." in answer.text
    raw = world.client().post("/api/v1/submissions", data=data, headers=bearer(world, "carol"))
    assert raw.status_code == 413
    assert raw.json is not None
    assert raw.json["code"] == "upload-too-large"
    assert _attempts_left(world) == 3


def test_a_file_larger_than_the_challenge_allows(tmp_path: Path) -> None:
    world = make_world(tmp_path, upload_max_bytes=100 << 20)
    data = bytes((64 << 20) + 1)
    answer = world.client().post("/api/v1/submissions", data=data, headers=bearer(world, "carol"))
    assert answer.status_code == 422
    assert answer.json is not None
    assert "larger than the 64 MiB this challenge accepts" in answer.json["detail"]
    assert "No attempt was used." in answer.json["next"]
    assert _attempts_left(world) == 3


def test_a_form_without_a_file_field(world: World) -> None:
    answer = post(browser_of(world, "carol"), "/c/submit")
    assert answer.status_code == 422
    assert "No file was chosen" in answer.text


def test_a_second_click_is_the_same_submission(world: World) -> None:
    client = browser_of(world, "carol")
    page = client.get("/c/submit").text
    key = page.split('name="key" value="')[1].split('"')[0]
    first, second = (
        post(client, "/c/submit", key=key, archive=(io.BytesIO(b"PK"), "a.zip")).location for _ in range(2)
    )
    assert first == second
    assert _attempts_left(world) == 2
    other = client.get("/c/submit").text.split('name="key" value="')[1].split('"')[0]
    assert other != key


@pytest.mark.parametrize("kind", ["form", "raw"])
def test_the_api_takes_forms_and_raw_bodies(world: World, kind: str) -> None:
    headers = {**bearer(world, "carol"), "Idempotency-Key": "one"}
    answers = []
    for _ in range(3):
        data = {"archive": (io.BytesIO(b"PK"), "a.tar.gz")} if kind == "form" else b"PK"
        answers.append(world.client().post("/api/v1/submissions?name=a.tar.gz", data=data, headers=headers))
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert len({answer.location for answer in answers}) == 1
    document = world.client().get(answers[0].location, headers=headers).json
    assert document is not None
    assert document["archive_name"] == "a.tar.gz"
    assert document["state"] == "queued"
    assert document["queue_place"] == 1
    assert len(world.queue.waiting) == 1


def test_an_upload_is_taken_while_the_queue_is_down(world: World) -> None:
    world.queue.is_down = True
    answer = post(browser_of(world, "carol"), "/c/submit", archive=(io.BytesIO(b"PK"), "a.zip"))
    assert answer.status_code == 303
    assert "You are number 1 in the queue" in browser_of(world, "carol").get(answer.location).text
