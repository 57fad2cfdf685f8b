"""Get a file from the public internet, and from nowhere else, in a bounded time.

A name is resolved once, every address of it is judged, and the connection goes to one of those: a name that answers
otherwise the second time gains nothing. HTTP is urllib3's, because it refuses a body that is cut off, which the
standard library hands over as if it were whole; only `connect` is ours. Neither reads proxies or passwords of the
environment, follows a redirect, or keeps a cookie.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from sessions.preview import hosts
from sessions.preview.errors import MAX_BYTES, FetchFailed, FileTooLarge
from sessions.preview.hosts import Address
from sessions.preview.source import Location

SECONDS = 10.0
"""How long all of it may take, from the name to the last byte."""

MOST_ADDRESSES = 4
"""Addresses of a host that are tried."""

_CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}
_HEADERS = {"User-Agent": "opensession-ingest-preview", "Accept": "*/*", "Accept-Encoding": "identity"}
_TYPES = ("application/json", "application/jsonl", "application/x-ndjson")


def by_system(host: str, port: int) -> list[str]:
    """Return the addresses of a host as this machine resolves it. Raises OSError or UnicodeError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Guard:
    """How hosts are found and judged. `tls` says which certificates count; None stands for those of this machine."""

    resolve: Callable[[str, int], Sequence[str]] = by_system
    allows: Callable[[Address], bool] = hosts.is_public
    tls: ssl.SSLContext | None = None


PUBLIC = Guard()


def fetch(location: Location, guard: Guard = PUBLIC, seconds: float = SECONDS) -> bytes:
    """Return the text that is served there, in UTF-8. Raises FetchFailed or FileTooLarge."""
    deadline = _Deadline(seconds)
    port = location.port or _PORTS[location.scheme]
    addresses = _vetted(location.host, port, guard, deadline)
    try:
        with _line(addresses, port, deadline) as raw:
            data = _asked(_Connection(location, port, raw, guard.tls))
    except (HTTPError, HTTPException, OSError) as error:
        deadline.left()
        raise FetchFailed(f"{location.origin} gave no proper answer: {_said(error)}.") from error
    # A line that was cut at the deadline may look like the end of the file.
    deadline.left()
    return _text(data)


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, if any. Raises FetchFailed."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise FetchFailed(f"It took longer than {self._seconds:g} seconds.")
        return left


def _vetted(host: str, port: int, guard: Guard, deadline: _Deadline) -> list[str]:
    """Return the addresses of a host, all of them public. Raises FetchFailed."""
    try:
        address = hosts.literal(host)
        found = [address] if address else [hosts.parsed(each) for each in _resolved(host, port, guard, deadline)]
    except (OSError, ValueError) as error:
        raise FetchFailed(f"{host} cannot be found.") from error
    if not found or not all(guard.allows(each) for each in found):
        raise FetchFailed(f"{host} is not on the public internet.")
    return [str(each) for each in found[:MOST_ADDRESSES]]


def _resolved(host: str, port: int, guard: Guard, deadline: _Deadline) -> Sequence[str]:
    """Resolve a name in a thread: the system's resolver knows no limit of time."""
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def answer() -> None:
        try:
            answers.put(guard.resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=answer, daemon=True).start()
    try:
        found = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise OSError("the name was not resolved in time") from None
    if isinstance(found, Exception):
        raise found
    return found


@contextmanager
def _line(addresses: Sequence[str], port: int, deadline: _Deadline) -> Iterator[socket.socket]:
    """Connect, and cut the line at the deadline: a limit for each read does not stop a peer that sends drop by drop."""
    raw = _connected(addresses, port, deadline)
    # TLS takes the socket over; its twin ends the same line, also in the middle of a handshake.
    twin = raw.dup()
    alarm = threading.Timer(deadline.left(), _cut, [twin])
    alarm.daemon = True
    alarm.start()
    try:
        yield raw
    finally:
        alarm.cancel()
        alarm.join()
        twin.close()
        raw.close()


def _cut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # The other end was faster.


def _connected(addresses: Sequence[str], port: int, deadline: _Deadline) -> socket.socket:
    *others, last = addresses
    for index, address in enumerate(others):
        share = deadline.left() / (len(addresses) - index)
        try:
            return socket.create_connection((address, port), timeout=share)
        except OSError:
            continue
    return socket.create_connection((last, port), timeout=deadline.left())


class _Connection(HTTPConnection):
    """A connection that names its host as ever, in `Host` and in TLS, over a line that is there already."""

    def __init__(self, location: Location, port: int, raw: socket.socket, tls: ssl.SSLContext | None) -> None:
        super().__init__(location.host, port, timeout=raw.gettimeout())
        self.default_port = _PORTS[location.scheme]  # type: ignore[misc]  # `Host` leaves this port out.
        self.location, self._raw, self._tls = location, raw, tls

    def connect(self) -> None:
        self.sock = self._raw
        if self.location.scheme == "https":
            context = self._tls or ssl.create_default_context()
            self.sock = context.wrap_socket(self._raw, server_hostname=self.location.host.strip("[]"))


def _asked(connection: _Connection) -> bytes:
    """Return the body of the answer, if it is one that may be text."""
    try:
        connection.request("GET", connection.location.path, headers=_HEADERS, preload_content=False)
        response = connection.getresponse()
        _check(response)
        return _body(response)
    finally:
        connection.close()


def _check(response: HTTPResponse) -> None:
    """Refuse an answer by its head."""
    if 300 <= response.status < 400:
        raise FetchFailed("The host redirects to another address; name that one.")
    if not 200 <= response.status < 300:
        raise FetchFailed(f"The host answered {response.status}.")
    media = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media and not is_text(media):
        raise FetchFailed(f"The file is served as {media[:100]}, not as text or JSON.")
    # A few packed bytes can stand for any number, and nothing packed was asked for.
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise FetchFailed("The file is served packed, which was not asked for.")
    if (response.length_remaining or 0) > MAX_BYTES:
        raise FileTooLarge


def is_text(media: str) -> bool:
    """Tell whether a file of that media type is read."""
    return media.startswith("text/") or media in _TYPES or media.endswith("+json")


def _body(response: HTTPResponse) -> bytes:
    data = bytearray()
    while chunk := response.read(min(_CHUNK, MAX_BYTES + 1 - len(data)), decode_content=False):
        data += chunk
        if len(data) > MAX_BYTES:
            raise FileTooLarge
    return bytes(data)


def _text(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise FetchFailed("The file is not text in UTF-8.") from None
    if b"\0" in data:
        raise FetchFailed("The file is binary.")
    return data


def _said(error: Exception) -> str:
    return str(error).rstrip(".")[:200] or type(error).__name__
