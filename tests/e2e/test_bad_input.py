"""Bad uploads and bad predictions, from the upload form to the page that explains them, on the real pipeline."""

import gzip
import io
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audition.catalog.read import read_challenge
from audition.services.invite import invite
from audition.services.release import release
from audition.settings import Settings
from audition.web.app import create_app
from tests.challenges.conftest import PACK
from tests.pipeline import REVIEWER, Pipeline, make_pipeline
from tests.web.clients import csrf_of

pytestmark = [pytest.mark.docker, pytest.mark.slow]

_HELLO = "print('hello')\n"
_numbers = count()


@dataclass(frozen=True, kw_only=True)
class Site:
    """The site before a real pipeline; the test is the worker."""

    app: Flask
    pipeline: Pipeline

    def candidate(self) -> FlaskClient:
        """A browser in which somebody new has started."""
        email = f"{next(_numbers)}@example.org"
        _, secret = invite(self.pipeline.ports, "test", slug=PACK.name, email=email, name="Carol")
        client = self.app.test_client()
        token = csrf_of(client, f"/i/{secret}")
        assert client.post(f"/i/{secret}/start", data={"csrf_token": token}).status_code == 303
        return client

    def run(self, client: FlaskClient, archive: bytes, name: str = "solution.zip") -> str:
        """Upload an archive, work, and return the address of its page."""
        answer = _upload(client, archive, name)
        assert answer.status_code == 303, answer.text
        self.pipeline.work()
        return answer.location


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, images: Mapping[str, str]) -> Iterator[Site]:
    """The site with the challenge published."""
    folder = tmp_path_factory.mktemp("site")
    pipeline = make_pipeline(folder, images)
    pipeline.publish(read_challenge(PACK))
    settings = Settings(
        data_dir=folder,
        public_url="http://localhost",
        sign_in_rate="1000 per minute",
        upload_rate="1000 per minute",
    )
    yield Site(app=create_app(pipeline.ports, settings), pipeline=pipeline)
    pipeline.runner.sandbox.sweep(lambda _run, _fence: True)


def _upload(client: FlaskClient, archive: bytes, name: str) -> TestResponse:
    form = {"csrf_token": csrf_of(client, "/c/submit"), "archive": (io.BytesIO(archive), name)}
    answer = client.post("/c/submit", data=form)
    # The test client keeps the body of a large request in a file, and leaves it open.
    answer.request.environ["wsgi.input"].close()
    return answer


def _text(client: FlaskClient, path: str) -> str:
    """What a page says, without its markup."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", answer.text)))
    assert "Traceback" not in text
    assert "site-packages" not in text
    return text


def _zip(*members: tuple[str | zipfile.ZipInfo, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predict.py", _HELLO)
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def _zip_with_link() -> bytes:
    link = zipfile.ZipInfo("answers.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _zip((link, "/etc/passwd"))


def _tar_with_hard_link() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("passwords")
        member.type, member.linkname = tarfile.LNKTYPE, "/etc/shadow"
        archive.addfile(member)
    return buffer.getvalue()


def _bomb() -> bytes:
    """200 MiB of zeros in 200 KiB."""
    return _zip(("zeros.bin", "\0" * (200 << 20)))


def _crowd() -> bytes:
    return _zip(*((f"data/{number}.txt", "") for number in range(2100)))


#: Name of the case to what is uploaded, its file name, and what the page must say.
REFUSED: dict[str, tuple[Callable[[], bytes], str, tuple[str, ...]]] = {
    "absolute path": (lambda: _zip(("/etc/cron.d/job", "x")), "a.zip", ("/etc/cron.d/job", "absolute")),
    "dot dot": (lambda: _zip(("../../outside.py", "x")), "a.zip", ("../../outside.py", "'..'")),
    "symbolic link": (_zip_with_link, "a.zip", ("answers.csv", "link")),
    "hard link": (_tar_with_hard_link, "a.tar.gz", ("passwords", "link")),
    "too many entries": (_crowd, "a.zip", ("2,000",)),
    "zip bomb": (_bomb, "a.zip", ("128",)),
    "a picture": (
        lambda: b"\x89PNG\r\n\x1a\n" + bytes(99),
        "a.zip",
        ("neither a zip nor a tar", "89 50 4e 47"),
    ),
    "gzip of no tar": (lambda: gzip.compress(b"hello"), "a.tgz", ("tar",)),
    "cut short": (lambda: _zip(("more.txt", "x" * 999))[:-60], "a.zip", ("Pack",)),
    "no contract": (lambda: _zip(("audition.toml", "command = 3")), "a.zip", ("audition.toml", "command")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_archive_is_refused_with_its_reason_and_costs_nothing(site: Site, case: str) -> None:
    build, name, words = REFUSED[case]
    client = site.candidate()
    page = _text(client, site.run(client, build(), name))
    assert "Refused" in page
    assert "No attempt was used." in page
    for word in words:
        assert word in page
    assert "5 of 5" in _text(client, "/s")


@pytest.mark.parametrize(
    ("archive", "name", "says"),
    [
        (b"", "a.zip", "empty"),
        (b"MZ", "a.exe", "a.exe is not an archive"),
        (bytes(33 << 20), "a.zip", "32 MiB"),
    ],
    ids=["empty file", "wrong type", "too large"],
)
def test_a_hopeless_upload_is_turned_away_at_the_door(
    site: Site, archive: bytes, name: str, says: str
) -> None:
    client = site.candidate()
    answer = _upload(client, archive, name)
    assert answer.status_code in {413, 422}
    assert says in unescape(answer.text)
    assert "No attempt was used." in answer.text
    assert "Traceback" not in answer.text
    assert "5 of 5" in _text(client, "/s")


_HEADER = "id,probability_of_default\\n"
_ALL = 'ids = [row["id"] for row in csv.DictReader(open("/in/test.csv"))]\n'


def _writing(expression: str) -> str:
    """A program that writes all rows; `expression` makes the lines from `ids`."""
    return f'import csv\n{_ALL}open("/out/predictions.csv", "w").write("{_HEADER}" + "".join({expression}))\n'


_HUGE_CSV = f"""
with open("/out/predictions.csv", "w") as out:
    out.write("{_HEADER}")
    for _ in range(1000):
        out.write("x,0.5\\n" * 10_000)
"""
_HUGE_PARQUET = """
import pyarrow as pa, pyarrow.parquet as pq
zeros = pa.Array.from_buffers(pa.int32(), 10_000_000, [None, pa.py_buffer(bytes(40_000_000))])
ids = pa.DictionaryArray.from_arrays(zeros, pa.array(["x"]))
values = pa.Array.from_buffers(pa.float64(), 10_000_000, [None, pa.py_buffer(bytes(80_000_000))])
pq.write_table(pa.table({"id": ids, "probability_of_default": values}), "/out/predictions.parquet")
"""

#: Name of the case to the program that is submitted and what the candidate's report must say.
PREDICTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing": (_HELLO, ("There is no predictions.csv",)),
    "0 bytes": ('open("/out/predictions.csv", "w")', ("predictions.csv", "empty")),
    "wrong columns": (
        _writing('f"{i},0.5\\n" for i in ids').replace(_HEADER, "key,score\\n"),
        ("probability_of_default", "key"),
    ),
    "duplicate ids": (_writing('f"{i},0.5\\n" for i in [ids[0], *ids]'), ("line 3", "more than once")),
    "missing ids": (_writing('f"{i},0.5\\n" for i in ids[3:]'), ("3", "missing")),
    "not a number": (_writing('f"{i},nan\\n" for i in ids'), ("line 2", "nan")),
    "text": (_writing('f"{i},likely\\n" for i in ids'), ("line 2", "likely")),
    "ten million rows as CSV": (
        _HUGE_CSV,
        ("predict ended with exit code 1", "far more rows than were asked for"),
    ),
    "ten million rows as Parquet": (_HUGE_PARQUET, ("far more rows than were asked for",)),
}


@pytest.mark.parametrize("case", PREDICTIONS)
def test_bad_predictions_are_explained_in_the_report(site: Site, case: str) -> None:
    program, words = PREDICTIONS[case]
    client = site.candidate()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("predict.py", program)
    path = site.run(client, buffer.getvalue())
    live = _text(client, path)
    assert "Graded" in live, live
    release(site.pipeline.ports, REVIEWER, path.rsplit("/", maxsplit=1)[1])
    report = _text(client, f"{path}/report/whole")
    for word in words:
        assert word in report
    assert "4 of 5" in _text(client, "/s")
