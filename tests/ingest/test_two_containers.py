"""A session that its agent keeps in two places is one session: that of the place which tells more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parsers.base import MAIN
from sessions.models import Session
from tests.base import write_log
from tests.golden import laid_out
from tests.ingest.world import World, texts

CHATS = ".gemini/tmp/shop/chats"
SESSION = "0199b000-0000-4000-8000-000000000009"

Message = dict[str, Any]


def typed(number: int) -> Message:
    at = f"2026-01-01T00:00:{number:02}.000Z"
    return {"id": f"m{number}", "timestamp": at, "type": "user", "content": f"message {number}"}


def old_gemini(world: World, *messages: Message) -> None:
    """Write the JSON file of Gemini CLI until 0.39."""
    session = {"sessionId": SESSION, "startTime": messages[0]["timestamp"], "messages": messages}
    write_log(world.home, f"{CHATS}/session-1.json", json.dumps(session).encode())


def new_gemini(world: World, *messages: Message) -> None:
    """Write the log beside it, which Gemini CLI begins when it goes on with that session."""
    about = {"sessionId": SESSION, "startTime": "2026-01-01T00:00:01.000Z", "kind": "main"}
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in (about, *messages))
    write_log(world.home, f"{CHATS}/session-1.jsonl", lines)


def old(world: World) -> None:
    old_gemini(world, typed(1), typed(2))


def new(world: World) -> None:
    new_gemini(world, typed(1), typed(2), typed(3))


def live() -> str:
    """Return the path of the log that speaks for the only session."""
    source = Session.objects.get().strands.get(is_live=True, key=MAIN).source
    assert source is not None
    return source.path


@pytest.mark.parametrize("writes", [(old, new), (new, old)])
def test_a_resumed_session_of_gemini_is_one(world: World, writes: tuple[Callable[[World], None], ...]) -> None:
    for write in writes:
        write(world)
        world.index()
    assert texts(Session.objects.get()) == ["message 1", "message 2", "message 3"]


def test_gemini_has_both_at_first_sight(world: World) -> None:
    old(world)
    new(world)
    assert len(world.index().new) == 1
    assert Session.objects.get().user_message_count == 3


def test_one_that_was_resumed_and_not_gone_on_with_loses_nothing(world: World) -> None:
    old_gemini(world, typed(1), typed(2))
    new_gemini(world)
    world.index()
    assert texts(Session.objects.get()) == ["message 1", "message 2"]
    new_gemini(world, typed(2))
    world.index()
    assert texts(Session.objects.get()) == ["message 1", "message 2"]


def test_the_richer_one_wins_where_both_go_on_equally_long(world: World) -> None:
    old_gemini(world, typed(1), typed(2))
    new_gemini(world, typed(2))
    world.index()
    assert live().endswith(".json")


@pytest.fixture
def cursor(world: World) -> Path:
    """Return the fixtures of Cursor, from which its stores are put into their places."""
    return laid_out("cursor", world.home / "made")


def transcribe(world: World, native: str) -> None:
    """Write a transcript of a conversation: later than all that happened, and without what the tools gave back."""
    said = {"role": "user", "message": {"content": [{"type": "text", "text": "only the words"}]}}
    folder = f".cursor/projects/code-shop/agent-transcripts/{native}"
    write_log(world.home, f"{folder}/{native}.jsonl", json.dumps(said).encode() + b"\n")


def test_a_conversation_of_cursors_editor_and_its_transcript_are_one(world: World, cursor: Path) -> None:
    target = world.home / ".config" / "Cursor" / "User" / "globalStorage"
    target.parent.mkdir(parents=True)
    shutil.move(cursor / "User" / "globalStorage", target)
    world.index()
    before = dict(Session.objects.values_list("hail_id", "event_count"))
    for native in before:
        transcribe(world, native)
    report = world.index()
    assert report.files_opened == len(before) > 1
    assert dict(Session.objects.values_list("hail_id", "event_count")) == before


def test_of_two_without_times_the_richer_one_wins(world: World, cursor: Path) -> None:
    shutil.move(cursor / ".cursor" / "chats", world.home / ".cursor" / "chats")
    world.index()
    (before,) = Session.objects.values_list("hail_id", "event_count")
    transcribe(world, before[0])
    assert world.index().files_opened == 1
    assert Session.objects.values_list("hail_id", "event_count").get() == before
    assert live().endswith("store.db")
