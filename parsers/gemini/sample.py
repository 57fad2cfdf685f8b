"""Tell whose log of the family a file is."""

from __future__ import annotations

from typing import Any

from parsers.base import Match, Sample
from parsers.fields import items, objects, text
from parsers.gemini.fold import SPOKEN

VOICES = frozenset({"gemini", "tabnine", "qwen"})
HOMES = {"tabnine": frozenset({".tabnine", "tabnine"}), "qwen": frozenset({".qwen", "qwen", "qwen-code"})}
_ABOUT = frozenset({"projectHash", "startTime"})


def recognised(sample: Sample, voice: str, home: str) -> Match | None:
    """Tell whether the tool whose model is called `voice`, and whose folder `home`, wrote a file."""
    messages = messages_of(sample)
    if messages is None:
        return _recognised_turns(sample) if voice == "gemini" else None
    voices = VOICES & {text(message, "type") for message in messages}
    if voices:
        return Match(97, f"messages of {voice} in a session of the Gemini CLI kind") if voice in voices else None
    owner = next((name for name, homes in HOMES.items() if not homes.isdisjoint(sample.path.parts)), "gemini")
    return Match(90, f"a session of the Gemini CLI kind, by its path below {home}") if owner == voice else None


def messages_of(sample: Sample) -> list[dict[str, Any]] | None:
    """Return the messages that a file of this family holds, None when it is none."""
    records = sample.records
    if records and is_head(records[0]):
        nested = [message for record in records for message in objects(record, "$set", "messages")]
        return [record for record in records if "type" in record] + nested
    document = sample.document
    is_ours = isinstance(document, dict) and "sessionId" in document and not _ABOUT.isdisjoint(document)
    return objects(document, "messages") if is_ours and isinstance(document.get("messages"), list) else None


def is_head(record: dict[str, Any]) -> bool:
    """Tell whether a line is the first one of such a log: the facts of the session."""
    if not text(record, "sessionId"):
        return False
    if record.get("type") == "session_metadata":
        return True
    return not {"type", "uuid", "messages", "role"} & record.keys() and not _ABOUT.isdisjoint(record)


def _recognised_turns(sample: Sample) -> Match | None:
    """Tell a saved history, which has turns as the API has them and no facts of a session."""
    document = sample.document
    turns = document if isinstance(document, list) else items(document, "history")
    is_ours = bool(turns) and all(isinstance(turn, dict) and _is_turn(turn) for turn in turns[:20])
    return Match(70, "turns with parts, as the Gemini API has them") if is_ours else None


def _is_turn(turn: dict[str, Any]) -> bool:
    return text(turn, "role") in SPOKEN and isinstance(turn.get("parts"), list)
