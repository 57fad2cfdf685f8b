"""A data directory full of synthetic sessions, and how long searches in it take.

Runs inside Django: `manage.py shell -c "from benchmarks.search_world import report; report(1_000_000)"`.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
from django.core.files.storage import storages
from django.db import connection, transaction

from accounts.viewer import Viewer
from opensession.hail.actions import Action, AgentMessage, FileEdit, ShellCommand
from opensession.hail.model import Agent, Context, Event, Header, text
from opensession.hail.stats import Tally
from opensession.hail.words import words
from parsers.base import MAIN
from sessions import fulltext
from sessions.ingest.frames import OpenFrame, Packed
from sessions.ingest.upsert import upsert
from sessions.models import Frame, SearchBlock, SearchCounter, Session, Strand, session_uuid
from sessions.search import SessionSearch, find

EVENTS_PER_SESSION = 100
_PER_BATCH = 50
_START = datetime(2025, 1, 1, tzinfo=UTC)
_TOOLS = ("claude-code", "codex", "gemini", "opencode")
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Prose:
    """Sentences whose words are as unevenly spread as those of a language: the first word is in a third of events."""

    def __init__(self, chance: random.Random, vocabulary: int = 60_000) -> None:
        known = ["".join(chance.choices("aeiourstlnmdpkgbc", k=chance.randint(3, 10))) for _ in range(vocabulary)]
        weights = list(accumulate(1 / (rank + 20) for rank in range(vocabulary)))
        self.words = known
        self._chance = chance
        self.sentences = [" ".join(chance.choices(known, cum_weights=weights, k=8)) for _ in range(20_000)]

    def __call__(self, sentences: int) -> str:
        return ". ".join(self._chance.choices(self.sentences, k=sentences))


def report(events: int) -> None:
    """Store that many events, search in them, and print the milliseconds of every search by kind as JSON."""
    prose = fill(events)
    chance = random.Random(2)
    print(
        json.dumps({kind: [_milliseconds(text) for text in texts] for kind, texts in _queries(prose, chance, events)})
    )


def _queries(prose: Prose, chance: random.Random, events: int, each: int = 20) -> Iterator[tuple[str, list[str]]]:
    sessions = events // EVENTS_PER_SESSION
    common, medium = prose.words[:each], prose.words[500 : 500 + each]
    phrases = [" ".join(sentence.split()[:2]) for sentence in chance.sample(prose.sentences, each)]
    yield "rare word", [f"event{chance.randrange(sessions)}x{chance.randrange(EVENTS_PER_SESSION)}" for _ in common]
    yield "common word", list(common)
    yield "medium word", list(medium)
    yield "phrase", [f'"{phrase}"' for phrase in phrases]
    yield "two words", [f"{one} {other}" for one, other in zip(common, medium, strict=True)]
    yield "word without another", [f"{one} -{other}" for one, other in zip(medium, common, strict=True)]
    yield "prefix", [f"{word[:4]}*" for word in medium]
    yield "word in a tool", [f"tool:codex {word}" for word in common]
    yield "word in a repository", [f"repo:project-{number} {word}" for number, word in enumerate(common)]
    yield "file", [f"file:module_{number % 7}.py" for number in range(each)]
    yield "command", [f"cmd:check-{number}" for number in range(each)]
    yield "pattern", [f"/event[0-9]+x{number}7\\b/" for number in range(each // 4)]


def _milliseconds(text: str) -> float:
    """Return the median time of a few searches, the first one, which warms the caches, left out."""
    times = []
    for _ in range(4):
        started = time.perf_counter()
        found = find(Viewer(is_operator=True), SessionSearch(search=text), now=_START)
        times.append((time.perf_counter() - started) * 1000)
        assert not found.problem, found.problem
    return statistics.median(times[1:])


def fill(events: int) -> Prose:
    """Store synthetic sessions with that many events in all, as ingest would, and return their language."""
    chance = random.Random(1)
    prose = Prose(chance)
    numbers = range(events // EVENTS_PER_SESSION)
    for start in range(0, len(numbers), _PER_BATCH):
        _store([events_of(number, prose, chance) for number in numbers[start : start + _PER_BATCH]], start)
    return prose


def events_of(number: int, prose: Prose, chance: random.Random, count: int = EVENTS_PER_SESSION) -> list[Event]:
    """Return the events of the session with this number."""
    start = _START + timedelta(minutes=number)
    return [
        Event(
            event_id=f"{number}-{n}",
            timestamp=(start + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            action=_action(number, n),
            content=text(f"event{number}x{n} {prose(chance.randint(2, 18))}"),
        )
        for n in range(count)
    ]


def _action(number: int, n: int) -> Action:
    if n % 10 == 1:
        return FileEdit(path=f"/code/project-{number % 200}/src/module_{n % 7}.py")
    if n % 10 == 2:
        return ShellCommand(command=f"make check-{number % 50} && git commit -m step-{n}")
    return AgentMessage()


@transaction.atomic
def _store(sessions: Sequence[list[Event]], start: int) -> None:
    counter, _ = SearchCounter.objects.get_or_create(pk=1)
    row = counter.next_row
    strands, blocks, texts = [], [], []
    frames: list[dict[str, Any]] = []
    for number, events in enumerate(sessions, start):
        identity = session_uuid("bench", str(number))
        strands.append(strand_row(identity, number))
        frames += frame_rows(identity, events)
        blocks.append({"first": row, "count": len(events), "strand_id": identity, "first_event": 0})
        texts += [(row + n, words(event)) for n, event in enumerate(events)]
        row += len(events)
    upsert(Session, [_session_row(number) for number in range(start, start + len(sessions))])
    upsert(Strand, strands)
    upsert(Frame, frames)
    upsert(SearchBlock, blocks)
    with connection.cursor() as cursor:
        fulltext.engine().add(cursor, texts)
    SearchCounter.objects.filter(pk=1).update(next_row=row)


def _session_row(number: int) -> dict[str, Any]:
    return {
        "id": session_uuid("bench", str(number)),
        "tool": _TOOLS[number % len(_TOOLS)],
        "hail_id": str(number),
        "title": f"Session number {number}",
        "repo": f"project-{number % 200}",
        "model": "bench",
        "created_at": _START + timedelta(minutes=number),
        "updated_at": _START + timedelta(minutes=number, seconds=EVENTS_PER_SESSION),
        "indexed_at": _START,
        "event_count": EVENTS_PER_SESSION,
        "message_count": number % 977,
        "duration_seconds": number % 7919,
    }


def strand_row(identity: Any, number: int, count: int = EVENTS_PER_SESSION) -> dict[str, Any]:
    """Return the columns of the main strand, which has the id of its session."""
    moment = _START.strftime("%Y-%m-%dT%H:%M:%SZ")
    header = Header(
        session_id=str(number),
        agent=Agent(provider="bench", model="bench", tool="bench"),
        context=Context(created_at=moment, updated_at=moment),
    )
    return {
        "id": identity,
        "session_id": identity,
        "key": MAIN,
        "events": count,
        "header": _encode(header),
        "tally": _encode(Tally()),
        "body": f"{identity.hex[:2]}/{identity.hex}.zst",
    }


def frame_rows(identity: Any, events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """Close one frame with half of the events, and leave the other half in the open frame."""
    half = len(events) // 2
    closed = _packed(OpenFrame(), events[:half])
    path = Path(storages["bodies"].path(f"{identity.hex[:2]}/{identity.hex}.zst"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(closed.data)
    opened = _packed(OpenFrame().after(closed), events[half:])
    for packed, data in ((closed, None), (opened, opened.data)):
        yield {"strand_id": identity, "data": data} | {
            name: getattr(packed, name) for name in Packed.__struct_fields__ if name != "data"
        }


def _packed(frame: OpenFrame, events: Sequence[Event]) -> Packed:
    for event in events:
        frame.add(event, 0)
    return frame.packed()
