"""The document of a handoff artifact: the handoffs of some sessions, and what they were made from.

Its keys and their order are the original's; `content_sha256` beside a source is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from handoff import render
from handoff.errors import HandoffError
from handoff.model import Summary
from opensession.hail import jsonl
from opensession.hail.model import Event

VERSION = "1"
MERGE_POLICY = "time_asc"
JSON, JSONL = "json", "jsonl"


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a session was read from: its log, with its size in bytes and its time in ms since 1970, as it was then.

    Both are of all that belongs to the log, and 0 where they are not known. `content_sha256` is of the session's events
    as HAIL lines, each with a line break at its end.
    """

    session_id: str
    tool: str
    model: str
    source_path: str
    source_mtime_ms: int
    source_size: int
    content_sha256: str | None = None


class Artifact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`payload` is a list of v2 objects whatever `payload_format` says, which is a label only."""

    version: str = msgspec.field(default_factory=lambda: VERSION)
    artifact_id: str
    created_at: str
    merge_policy: str
    sources: tuple[Source, ...]
    payload_format: str
    payload: Any
    derived_markdown: str | None = None


def document(artifact_id: str, created_at: str, form: str, told: Sequence[tuple[Source | None, Summary]]) -> Artifact:
    """Return the artifact of sessions in the order given; one without a log has no source."""
    summaries = [summary for _, summary in told]
    return Artifact(
        artifact_id=artifact_id,
        created_at=created_at,
        merge_policy=MERGE_POLICY,
        sources=tuple(source for source, _ in told if source),
        payload_format=form,
        payload=[render.v2(summary) for summary in summaries],
        derived_markdown=render.markdown(summaries) if summaries else None,
    )


def encode(artifact: Artifact) -> bytes:
    return msgspec.json.format(msgspec.json.encode(artifact), indent=2)


def decode(data: bytes, name: str) -> Artifact:
    """Return the artifact `name`, ours or the original's. Raises HandoffError for anything else."""
    try:
        return msgspec.json.decode(data, type=Artifact)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise HandoffError(f"{name} is no handoff artifact ({error}); `git log {name}` shows what it was") from error


class Fingerprint:
    """Takes the SHA-256 of events that pass by."""

    def __init__(self) -> None:
        self._hash = sha256()

    def passing(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self._hash.update(jsonl.event_line(event))
            yield event

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
