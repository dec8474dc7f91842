"""Messages go where the operator means, and never into our own networks."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address, ip_network

import pytest

from audition.adapters.courier import HttpCourier, is_public
from audition.domain.errors import DeniedError, UnavailableError

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Receiver(HTTPServer):
    """A real server that writes down what it gets."""

    got: list[tuple[str, dict[str, str], bytes]]
    status = 204


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver(("127.0.0.1", 0), _Handler)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_arrives_as_it_is_and_under_the_name_that_was_meant(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _name(monkeypatch, "127.0.0.1")
    url = f"http://hooks.example:{receiver.server_port}/in?x=1"
    assert HttpCourier(LOOPBACK).post(url, b'{"a":1}', {"webhook-id": "msg_1"}) == 204
    ((path, headers, body),) = receiver.got
    assert (path, body) == ("/in?x=1", b'{"a":1}')
    assert headers["webhook-id"] == "msg_1"
    assert headers["host"] == f"hooks.example:{receiver.server_port}"


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver) -> None:
    receiver.status = 302
    assert HttpCourier(LOOPBACK).post(f"http://127.0.0.1:{receiver.server_port}/", b"", {}) == 302
    assert [path for path, _, _ in receiver.got] == ["/"]


def test_our_own_networks_get_nothing(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        with pytest.raises(DeniedError) as caught:
            HttpCourier().post(f"http://{host}:{receiver.server_port}/", b"", {})
        assert caught.value.code == "private-address"
    assert receiver.got == []


def test_a_name_with_one_private_address_among_public_ones_gets_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _name(monkeypatch, "93.184.215.14", "127.0.0.1")
    with pytest.raises(DeniedError):
        HttpCourier().post(f"https://hooks.example:{receiver.server_port}/", b"", {})


def test_the_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers otherwise the second time changes nothing."""
    answers = iter(["127.0.0.1", "127.0.0.2"])
    asked = _name(monkeypatch, answers)
    HttpCourier(LOOPBACK).post(f"http://hooks.example:{receiver.server_port}/", b"", {})
    assert asked == ["hooks.example"]
    assert len(receiver.got) == 1


def test_what_is_not_encrypted_goes_to_allowed_networks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    _name(monkeypatch, "93.184.215.14")
    with pytest.raises(DeniedError) as caught:
        HttpCourier(LOOPBACK).post("http://hooks.example/", b"", {})
    assert caught.value.code == "not-encrypted"


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(UnavailableError, match="No answer"):
        HttpCourier(LOOPBACK).post(f"http://127.0.0.1:{port}/", b"", {})
    _name(monkeypatch)
    with pytest.raises(UnavailableError, match="has no address"):
        HttpCourier().post("https://hooks.example/", b"", {})


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "224.0.0.1",
        "239.1.1.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_addresses_that_are_not_on_the_open_internet(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_that_are(text: str) -> None:
    assert is_public(ip_address(text))


def _name(monkeypatch: pytest.MonkeyPatch, *answers: object) -> list[str]:
    """Let the one name server there is say these addresses, or each of an iterator in turn."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: object, *rest: object, **options: object) -> object:
        if not host.endswith(".example"):
            return real(host, port, *rest, **options)  # type: ignore[arg-type]
        asked.append(host)
        found = [next(a) if isinstance(a, Iterator) else a for a in answers]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked
