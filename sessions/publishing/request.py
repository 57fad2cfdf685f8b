"""Read the request of an upload: the session, and what the sender says beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, BinaryIO, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from opensession.hail import wire
from opensession.hail.model import Header
from opensession.hail.split import NOT_WHOLE, Malformed, SplitDocument, WholeDocument
from parsers.lines import salvage
from sessions.publishing.collect import Collected, Collector, Refused

SMALL = 4 << 20
"""Bytes of a request that may be held as a whole."""

T = TypeVar("T")
_Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

Visibility = Literal["public", "unlisted", "private"]


class Wishes(Struct, frozen=True, kw_only=True):
    """What a sender says beside the session; None where nothing was said."""

    body_url: str | None = None
    linked_session_ids: tuple[str, ...] | None = None
    git_remote: str | None = None
    git_branch: str | None = None
    git_commit: str | None = None
    git_repo_name: str | None = None
    pr_number: _Number | None = None
    pr_url: str | None = None
    score_plugin: str | None = None
    visibility: Visibility | None = None


class UploadRequest(Wishes, frozen=True, kw_only=True):
    """What is sent. `session` is the HAIL as one object: the fields of its header, with `events` and `stats`."""

    session: dict[str, Any]


_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")

_decode = msgspec.json.Decoder(UploadRequest).decode


def read(file: BinaryIO, body: BinaryIO) -> tuple[Collected, Wishes]:
    """Read a request, and write the body of its session into `body`. Raises Refused or PartTooLong."""
    document, collector = _document(file), Collector(body)
    try:
        for number, text in enumerate(document.events()):
            try:
                collector.add(_forgiving(wire.decode_event, text))
            except wire.FAULTS as error:
                raise Refused(f"event {number}: {error}") from error
        envelope = _forgiving(_decode, document.envelope)
    except Malformed as error:
        raise Refused(f"the body is no upload: {error}") from error
    except wire.FAULTS as error:
        raise Refused(f"the body is no upload: {error}") from error
    wishes = replace(envelope, body_url=_body_url(envelope.body_url or ""))
    return collector.finish(_header(envelope.session)), wishes


def _document(file: BinaryIO) -> WholeDocument | SplitDocument:
    text = file.read(SMALL + 1)
    if len(text) <= SMALL:
        try:
            return WholeDocument(text, "session", "events")
        except NOT_WHOLE:
            pass  # The other one tells where the fault is.
    file.seek(0)
    return SplitDocument(file, "session", "events")


def _forgiving(decode: Callable[[bytes], T], text: bytes) -> T:
    """Decode JSON, although it may hold halves of surrogate pairs: scripts that cut texts write them."""
    try:
        return decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        values = salvage(text) if _HALF_PAIR.search(text) else []
        if len(values) != 1:
            raise
        return decode(msgspec.json.encode(values[0]))


def _header(session: dict[str, Any]) -> Header:
    """Return the header of a session whose events were taken out. Its counts are made anew, and only looked at."""
    events, stats = session.pop("events", None), session.pop("stats", None)
    if events != []:
        raise Refused("`session` needs `events`, a list")
    if not isinstance(stats, dict):
        raise Refused("`session` needs `stats`, an object")
    try:
        wire.decode_stats(stats)
        return wire.decode_header(session)
    except wire.FAULTS as error:
        raise Refused(f"session: {error}") from error


def _body_url(text: str) -> str:
    """Return the address at which the body lies too, or nothing. It becomes the target of a redirect."""
    url = text.strip()
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Refused(f"body_url is no address: {error}") from error
    is_fit = parts.scheme in ("http", "https") and parts.hostname and url.isprintable() and " " not in url
    if url and not is_fit:
        raise Refused("body_url must be an address with http:// or https://")
    return url
