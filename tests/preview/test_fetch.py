from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sessions.preview.errors import MAX_BYTES, FetchFailed, FileTooLarge
from sessions.preview.fetch import PUBLIC, Guard, fetch, is_text
from sessions.preview.source import Location
from tests.preview.upstream import NAME, Upstream, certificate, guard, serving, talking

A_LIMIT = 0.4
"""Seconds that a fetch may take where the test waits for its end."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as server:
        yield server


def test_it_works(upstream: Upstream) -> None:
    assert fetch(upstream.location(path="/o/r/raw/main/a%20b.jsonl"), guard()) == b"hello"
    ((path, headers),) = upstream.asked
    assert path == "/o/r/raw/main/a%20b.jsonl"
    assert headers == {
        "Host": f"{NAME}:{upstream.server_port}",
        "User-Agent": "opensession-ingest-preview",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }


def test_it_asks_no_proxy_and_sends_no_password(
    upstream: Upstream, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".netrc").write_text(f"machine {NAME} login me password secret\n")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://me:secret@127.0.0.1:9")
    assert fetch(upstream.location(), guard()) == b"hello"
    assert "Authorization" not in upstream.asked[0][1]


def test_it_names_the_host_in_tls(upstream: Upstream, tmp_path: Path) -> None:
    server, client = certificate(tmp_path, NAME)
    upstream.socket = server.wrap_socket(upstream.socket, server_side=True)
    assert fetch(upstream.location("https"), guard(tls=client)) == b"hello"


@pytest.mark.parametrize("name", ["other.example.com", "localhost"])
def test_it_refuses_the_certificate_of_another_host(upstream: Upstream, tmp_path: Path, name: str) -> None:
    server, client = certificate(tmp_path, name)
    upstream.socket = server.wrap_socket(upstream.socket, server_side=True)
    with pytest.raises(FetchFailed, match="certificate"):
        fetch(upstream.location("https"), guard(tls=client))
    assert upstream.asked == []


def test_it_trusts_no_unknown_certificate(upstream: Upstream, tmp_path: Path) -> None:
    server, _ = certificate(tmp_path, NAME)
    upstream.socket = server.wrap_socket(upstream.socket, server_side=True)
    with pytest.raises(FetchFailed, match="certificate"):
        fetch(upstream.location("https"), guard())


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["93.184.216.34", "93.184.216.35", "::1"],
        ["2606:4700::1111", "10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a00:1"],
        ["fe80::1%eth0"],
        ["169.254.169.254"],
        [],
        ["nonsense"],
    ],
)
def test_it_connects_nowhere_when_any_address_is_private(answers: Sequence[str], network: list[object]) -> None:
    with pytest.raises(FetchFailed):
        fetch(Location("http", NAME, None, "/"), Guard(resolve=lambda host, port: answers))
    assert network == []


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the addresses to which connections are made; none of them succeeds."""
    asked: list[object] = []

    def connect(address: object, timeout: float) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    return asked


def test_it_does_not_resolve_a_name_twice(network: list[object]) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    with pytest.raises(FetchFailed):
        fetch(Location("https", NAME, None, "/"), Guard(resolve=lambda host, port: next(answers)))
    assert network == [("93.184.216.34", 443)]
    assert next(answers) == ["127.0.0.1"]


def test_it_asks_the_systems_resolver_once(network: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def resolve(host: str, port: int, **kind: int) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34" if len(asked) == 1 else "10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(FetchFailed):
        fetch(Location("http", NAME, 8080, "/"), PUBLIC)
    assert (asked, network) == ([NAME], [("93.184.216.34", 8080)])


def test_it_judges_an_address_that_stands_for_a_name(network: list[object]) -> None:
    for host in ("127.0.0.1", "[::1]"):
        with pytest.raises(FetchFailed):
            fetch(Location("http", host, None, "/"), PUBLIC)
    assert network == []


def test_it_tries_another_address_of_the_host(upstream: Upstream) -> None:
    lenient = Guard(lambda host, port: ["127.0.0.77", "127.0.0.1"], lambda address: True)
    assert fetch(upstream.location(), lenient) == b"hello"


@pytest.mark.parametrize("error", [OSError("no such name"), UnicodeError("label too long")])
def test_it_says_that_a_name_is_unknown(error: Exception) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise error

    with pytest.raises(FetchFailed, match="cannot be found"):
        fetch(Location("http", NAME, None, "/"), Guard(resolve=resolve))


def test_it_does_not_wait_for_a_resolver_for_ever() -> None:
    answered = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        answered.wait(30)
        return ["93.184.216.34"]

    with pytest.raises(FetchFailed):
        fetch(Location("http", NAME, None, "/"), Guard(resolve=resolve), A_LIMIT)
    answered.set()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_follows_no_redirect(upstream: Upstream, status: int) -> None:
    upstream.status, upstream.headers = status, {"Location": f"http://127.0.0.1:{upstream.server_port}/secret"}
    with pytest.raises(FetchFailed, match="redirects"):
        fetch(upstream.location(), guard())
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_it_says_what_the_host_answered(upstream: Upstream, status: int) -> None:
    upstream.status = status
    with pytest.raises(FetchFailed, match=str(status)):
        fetch(upstream.location(), guard())


@pytest.mark.parametrize(
    ("media", "is_read"),
    [
        ("text/plain", True),
        ("text/x-anything", True),
        ("application/json", True),
        ("application/jsonl", True),
        ("application/x-ndjson", True),
        ("application/hal+json", True),
        ("application/octet-stream", False),
        ("image/png", False),
        ("application/xml", False),
        ("application/jsonp", False),
    ],
)
def test_it_knows_media_types_of_text(media: str, is_read: bool) -> None:
    assert is_text(media) is is_read


@pytest.mark.parametrize("media", ["", "Text/Plain; charset=utf-8", "application/x-ndjson"])
def test_it_reads_text(upstream: Upstream, media: str) -> None:
    upstream.headers = {"Content-Type": media}
    assert fetch(upstream.location(), guard()) == b"hello"


@pytest.mark.parametrize("media", ["application/octet-stream", "image/png"])
def test_it_refuses_what_is_served_as_something_else(upstream: Upstream, media: str) -> None:
    upstream.headers = {"Content-Type": media}
    with pytest.raises(FetchFailed, match=media):
        fetch(upstream.location(), guard())


@pytest.mark.parametrize("body", [b"a\0b", b"\xff\xfe", "ü".encode()[:1]])
def test_it_refuses_binary_files(upstream: Upstream, body: bytes) -> None:
    upstream.body = body
    with pytest.raises(FetchFailed):
        fetch(upstream.location(), guard())


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "identity, gzip"])
def test_it_unpacks_nothing(upstream: Upstream, packing: str) -> None:
    upstream.body = gzip.compress(b" " * (1 << 20))
    upstream.headers["Content-Encoding"] = packing
    with pytest.raises(FetchFailed, match="packed"):
        fetch(upstream.location(), guard())


def test_it_takes_the_largest_file_that_is_allowed(upstream: Upstream) -> None:
    upstream.body = b"x" * MAX_BYTES
    assert len(fetch(upstream.location(), guard())) == MAX_BYTES


@pytest.mark.parametrize("length", [str(MAX_BYTES + 1), ""])
def test_it_refuses_a_file_that_is_too_large(upstream: Upstream, length: str) -> None:
    upstream.body, upstream.headers["Content-Length"] = b"x" * (MAX_BYTES + 1), length
    with pytest.raises(FileTooLarge):
        fetch(upstream.location(), guard())


def test_it_reads_no_more_than_it_needs_to_see_that(upstream: Upstream) -> None:
    upstream.body, upstream.headers["Content-Length"] = b"x" * (MAX_BYTES * 4), ""
    with pytest.raises(FileTooLarge):
        fetch(upstream.location(), guard())
    # What was sent beyond it lies in the buffers of the two sockets.
    assert upstream.sent < MAX_BYTES * 3


def test_it_refuses_a_file_that_is_cut_off(upstream: Upstream) -> None:
    upstream.headers["Content-Length"] = "500"
    with pytest.raises(FetchFailed, match="gave no proper answer"):
        fetch(upstream.location(), guard())


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
def test_it_refuses_what_is_no_http(said: bytes) -> None:
    def talk(line: socket.socket) -> None:
        line.recv(1 << 16)
        line.sendall(said)

    with talking(talk) as location, pytest.raises(FetchFailed):
        fetch(location, guard())


@pytest.mark.parametrize(
    ("opening", "drop"),
    [
        (b"", b""),
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "status", "headers", "body", "endless", "chunks", "continue"],
)
def test_it_does_not_wait_for_drops(opening: bytes, drop: bytes) -> None:
    gone = threading.Event()

    def talk(line: socket.socket) -> None:
        line.recv(1 << 16)
        line.sendall(opening)
        drip(line, drop, gone)

    with talking(talk) as location, pytest.raises(FetchFailed, match=r"longer than|gave no proper answer"):
        fetch(location, guard(), A_LIMIT)
    assert gone.wait(10), "the line was left open"


def test_it_does_not_wait_for_drops_of_a_handshake() -> None:
    gone = threading.Event()

    def talk(line: socket.socket) -> None:
        line.recv(1 << 16)
        line.sendall(b"\x16\x03\x03\x3f\xff\x02")
        drip(line, b"\0", gone)

    with talking(talk) as location, pytest.raises(FetchFailed, match="longer than"):
        fetch(Location("https", NAME, location.port, "/"), guard(tls=ssl.create_default_context()), A_LIMIT)
    assert gone.wait(10), "the line was left open"


def drip(line: socket.socket, drop: bytes, gone: threading.Event) -> None:
    """Send drop after drop until the client hangs up, and tell that it did."""
    line.settimeout(0.05)
    while True:
        try:
            line.sendall(drop)
            if line.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    gone.set()
