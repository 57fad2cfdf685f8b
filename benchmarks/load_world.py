"""A data directory of a server full of synthetic uploads, and what to ask it for.

Runs inside Django: `manage.py shell -c "from benchmarks.load_world import report; report(1_000)"`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import services
from accounts.models import User
from benchmarks.search_world import Prose, events_of, frame_rows, strand_row
from opensession.hail import jsonl
from opensession.hail import model as hail
from opensession.hail.model import Agent, Context, Event, Header
from opensession.hail.words import words
from sessions import fulltext
from sessions.ingest.upsert import upsert
from sessions.models import Frame, SearchBlock, SearchCounter, Session, SessionLink, Strand, Upload, session_uuid

EVENTS = 10
"""Per session."""
PEOPLE = 50
_PER_BATCH = 500
_TOOLS = ("claude-code", "codex", "gemini", "opencode")
_EACH = 200
"""Different sessions and words that are asked for."""
_START = datetime(2024, 1, 1, tzinfo=UTC)


def report(sessions: int) -> None:
    """Store that many sessions, and print what clients need as JSON: addresses by kind, a session, a key for it."""
    chance = random.Random(1)
    prose = Prose(chance, vocabulary=20_000)
    people = [User(nickname=f"person-{n}", password="!") for n in range(PEOPLE)]
    User.objects.bulk_create(people)
    for start in range(0, sessions, _PER_BATCH):
        _store(range(start, min(sessions, start + _PER_BATCH)), people, prose, chance)
    _settle()
    reads = {kind: list(paths) for kind, paths in _asked(sessions, prose, chance)}
    session = str(_session_file(prose, chance))
    print(json.dumps({"reads": reads, "key": services.issue_key(user=people[0]), "session": session}))


def _asked(sessions: int, prose: Prose, chance: random.Random) -> Iterator[tuple[str, Iterator[str]]]:
    public = [_identity(number) for number in chance.sample(range(sessions), min(sessions, _EACH)) if number % 10]
    lists = ["", "?page=2", "?sort=popular", "?sort=longest&per_page=50", "?time_range=all&page=10"]
    lists += [f"?tool={tool}" for tool in _TOOLS] + [f"?repository=project-{n}" for n in range(5)]
    yield "empty", iter(["/api/health"])
    yield "list", (f"/api/sessions{query}" for query in lists)
    yield "detail", (f"/api/sessions/{identity}" for identity in public)
    # From words that are in every tenth event to such that nobody wrote, as people search for them.
    yield "search", (f"/api/sessions?search={word}" for word in prose.words[100 :: len(prose.words) // _EACH])
    yield (
        "search for one",
        (f"/api/sessions?search=event{n}x3" for n in chance.sample(range(sessions), _EACH) if n % 10),
    )
    # They fill a page also where there are few sessions.
    yield "search for many", (f"/api/sessions?search={word}" for word in prose.words[:_EACH])


def _settle() -> None:
    """Let PostgreSQL count what is there, as it does by itself after a minute."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _session_file(prose: Prose, chance: random.Random) -> Path:
    """Write a session of about 1 MiB, whose id is SESSION-ID, as it is uploaded."""
    size, events = 0, list[Event]()
    while size < 1 << 20:
        events += events_of(len(events), prose, chance, 100)
        size = sum(len(jsonl.event_line(event)) for event in events)
    context = Context(created_at=events[0].timestamp, updated_at=events[-1].timestamp, title="Uploaded under load")
    header = Header(
        session_id="SESSION-ID", agent=Agent(provider="bench", model="bench", tool="codex"), context=context
    )
    file = settings.OPENSESSION_DATA_DIR / "load.json"
    file.write_bytes(b'{"session": ' + jsonl.to_json(hail.Session(header=header, events=tuple(events))) + b"}")
    return Path(file)


@transaction.atomic
def _store(numbers: Sequence[int], people: Sequence[User], prose: Prose, chance: random.Random) -> None:
    told = {number: events_of(number, prose, chance, EVENTS) for number in numbers}
    upsert(Session, [_session_row(number, people) for number in numbers])
    upsert(Upload, [_upload_row(number) for number in numbers])
    upsert(Strand, [strand_row(_identity(number), number, EVENTS) for number in numbers])
    upsert(Frame, [row for number in numbers for row in frame_rows(_identity(number), told[number])])
    links = [{"session_id": _identity(n), "target": str(_identity(n - 1)), "created_at": _START} for n in numbers[1::3]]
    upsert(SessionLink, links)
    _index(told)


def _index(told: dict[int, list[Event]]) -> None:
    counter, _ = SearchCounter.objects.get_or_create(pk=1)
    first = counter.next_row
    starts = {number: first + at * EVENTS for at, number in enumerate(told)}
    blocks = [
        {"first": start, "count": EVENTS, "strand_id": _identity(number), "first_event": 0}
        for number, start in starts.items()
    ]
    upsert(SearchBlock, blocks)
    with connection.cursor() as cursor:
        texts = [(starts[number] + n, words(event)) for number, own in told.items() for n, event in enumerate(own)]
        fulltext.engine().add(cursor, texts)
        fulltext.engine().add_parts(cursor, ((start, map(words, told[number])) for number, start in starts.items()))
    SearchCounter.objects.filter(pk=1).update(next_row=first + EVENTS * len(told))


def _identity(number: int) -> UUID:
    return session_uuid("load", str(number))


def _session_row(number: int, people: Sequence[User]) -> dict[str, Any]:
    moment = _START + timedelta(minutes=number * 10)
    return {
        "id": _identity(number),
        "hail_id": str(number),
        "origin": "uploaded",
        "owner_id": people[number % len(people)].pk,
        "visibility": "public" if number % 10 else "private",
        "tool": _TOOLS[number % len(_TOOLS)],
        "title": f"Session number {number}",
        "description": f"What was asked for in session {number}, in a sentence or two. " * 3,
        "repo": f"project-{number % 200}",
        "model": "bench",
        "created_at": moment,
        "updated_at": moment + timedelta(seconds=EVENTS),
        "indexed_at": timezone.now(),
        "event_count": EVENTS,
        # Many sessions are equally long, as real ones are.
        "message_count": number % 97,
        "duration_seconds": number % 797,
    }


def _upload_row(number: int) -> dict[str, Any]:
    return {
        "session_id": _identity(number),
        "uploaded_at": _START + timedelta(minutes=number * 10),
        "content_sha256": f"{number:064}",
        "git_repo_name": f"project-{number % 200}",
        "files_modified": json.dumps([f"src/module_{n}.py" for n in range(3)]),
        "score": 100,
    }
