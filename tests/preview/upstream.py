"""A web server on this machine that stands for a host of git repositories."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sessions.preview.fetch import Guard
from sessions.preview.hosts import Address
from sessions.preview.source import Location

HERE = ip_address("127.0.0.1")
NAME = "code.example.com"


class Upstream(ThreadingHTTPServer):
    """Answers every GET with `status`, `headers` and `body`, and keeps what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.headers: dict[str, str] = {"Content-Type": "text/plain; charset=utf-8"}
        self.body = b"hello"
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.sent = 0

    def location(self, scheme: str = "http", path: str = "/o/r/raw/main/s.jsonl") -> Location:
        return Location(scheme, NAME, self.server_port, path)


class _Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        upstream = self.server
        upstream.asked.append((self.path, dict(self.headers.items())))
        self.send_response(upstream.status)
        for name, value in {"Content-Length": str(len(upstream.body)), **upstream.headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        for start in range(0, len(upstream.body), 1 << 16):
            try:
                self.wfile.write(upstream.body[start : start + (1 << 16)])
            except OSError:
                return
            upstream.sent += 1 << 16

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Upstream]:
    with Upstream() as upstream:
        thread = threading.Thread(target=upstream.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield upstream
        upstream.shutdown()
        thread.join()


@contextmanager
def as_internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """Be a public address to whatever is resolved and connected to, as far as the edge of the network can tell."""

    def resolve(host: str, port: int, **kind: int) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    with serving() as upstream:

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            assert address[0] == "93.184.216.34"
            line = socket.socket()
            line.settimeout(timeout)
            line.connect(("127.0.0.1", upstream.server_port))
            return line

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(socket, "create_connection", connect)
        yield upstream


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[Location]:
    """Serve what `talk` sends, which may be no HTTP at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            try:
                with server.accept()[0] as line:
                    talk(line)
            except OSError:
                return  # The client has gone, as it should.

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield Location("http", NAME, server.getsockname()[1], "/")
        thread.join(10)


def guard(*answers: str, tls: ssl.SSLContext | None = None) -> Guard:
    """Return a guard to whom this machine is public, and that resolves every name to it, or to `answers`."""

    def allows(address: Address) -> bool:
        return address == HERE

    return Guard(lambda host, port: answers or ("127.0.0.1",), allows, tls)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS of a server that is `name`, and that of a client who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kind = serialization.Encoding.PEM
    secret = key.private_bytes(kind, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = folder / "server.pem"
    pem.write_bytes(secret + signed.public_bytes(kind))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=signed.public_bytes(kind).decode())
