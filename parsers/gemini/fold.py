"""From the lines of a log to the messages that stand in the end.

A line of a log in JSONL adds a message, writes it anew (whenever a call of it went on), changes the facts of the
session, or takes messages back. The log may also replace all messages by what the model is given from now on: what was
said stays said, so a shorter history is a compaction (`spec/parsers.md` R11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from parsers.base import Output, ParseError
from parsers.documents import json_in, load, objects_in
from parsers.fields import decoded, mapping, objects, text
from parsers.genai import parts, said
from parsers.jsonlines import objects as objects_of

Message = dict[str, Any]

COMPACTED = "compaction"
"""The type of a message that no log has: it stands for a compaction."""

_COMMAND = re.compile(r"/[a-z][\w-]*(?:\s|$)|\?$").match

SPOKEN = frozenset({"user", "gemini", "tabnine", "qwen", "model", "assistant"})
_NOT_ABOUT = frozenset({"messages", "history", "type"})


class Story:
    """What is known of a session, and its messages in order."""

    def __init__(self, out: Output, is_lines: bool) -> None:
        self.is_lines = is_lines
        self.about: dict[str, Any] = {}
        self.is_empty = True
        self._out = out
        self._thread: dict[str, Message] = {}
        self._copies: dict[str, str] = {}
        self._unnamed = 0

    def messages(self) -> Iterable[Message]:
        return self._thread.values()

    def take(self, record: Message) -> None:
        """Take a line of the log, or the whole log where it is one document."""
        kind = kind_of(record)
        whole = objects(record, "messages") or [_of_history(each) for each in objects(record, "history")]
        if kind == "metadata" and whole:
            self._out.document(record)
            self._know(record)
            self._start(whole)
            return
        self._out.record(kind, record)
        handler = _HANDLERS.get(kind)
        if handler:
            self.is_empty = False
            self._out.ignore(kind)
            handler(self, record)
        elif "type" in record:
            self.is_empty = False
            self._put(record)
        else:
            self._out.skip(kind)

    def _know(self, told: Mapping[str, Any]) -> None:
        self.is_empty = False
        self.about.update((name, value) for name, value in told.items() if name not in _NOT_ABOUT and value is not None)

    def _start(self, messages: list[Message]) -> None:
        self._drop("")
        self.is_lines = False
        for message in messages:
            self._out.record(kind_of(message), message)
            name = text(message, "id")
            self._thread[self._name() if not name or name in self._thread else name] = message

    def _set(self, record: Message) -> None:
        told = mapping(record, "$set")
        self._know(told)
        if history := objects(told, "messages"):
            self._sync(history, text(told, "lastUpdated"))

    def _sync(self, history: list[Message], time: str) -> None:
        """Take what the model is given from now on: new messages, or a shorter history."""
        ids = {text(message, "id") for message in history}
        fresh = [each for each in history if text(each, "id") not in self._thread and not self._is_copy(each)]
        lost = any(name not in ids and is_of_history(each) for name, each in self._thread.items())
        if lost and (spoken := [each for each in fresh if _words(each)]):
            self._compact(spoken, time)
        elif not lost:
            for message in fresh:
                self._out.record(kind_of(message), message)
                self._put(message)

    def _is_copy(self, message: Message) -> bool:
        return text(message, "id") in self._copies

    def _compact(self, fresh: list[Message], time: str) -> None:
        first = fresh[0]
        summary = _words(first) if first.get("type") == "user" else ""
        mark = self._name()
        at = text(first, "timestamp") or time
        self._thread[mark] = {"type": COMPACTED, "id": text(first, "id"), "timestamp": at, "content": summary}
        self._copies.update((text(each, "id"), mark) for each in fresh)
        self._out.record(COMPACTED)

    def _rewind(self, record: Message) -> None:
        name = text(record, "$rewindTo")
        if name in self._thread:
            self._drop(name)
        elif self._copies.get(name) in self._thread:
            # The message is a copy that came with a compaction: what was said before that stays.
            mark = self._copies[name]
            kept = self._thread[mark]
            self._drop(mark)
            self._thread[mark] = kept
        else:
            self._drop("")

    def _drop(self, id: str) -> None:
        """Take back the message `id` and all behind it; all there are when there is no such message."""
        while self._thread:
            name, message = self._thread.popitem()
            if message.get("type") != COMPACTED:
                self._out.ignore(kind_of(message))
            if name == id:
                return

    def _put(self, message: Message) -> None:
        name = text(message, "id") or self._name()
        if name in self._thread:
            self._out.ignore(kind_of(message))
        self._thread[name] = message

    def _update(self, record: Message) -> None:
        """Take the tokens that a line tells of an earlier message."""
        name = text(record, "id")
        if name in self._thread:
            self._thread[name] = self._thread[name] | {"tokens": record.get("tokens")}

    def _name(self) -> str:
        self._unnamed += 1
        return f"\0{self._unnamed}"


_HANDLERS = {
    "metadata": Story._know,
    "session_metadata": Story._know,
    "message_update": Story._update,
    "$set": Story._set,
    "$rewindTo": Story._rewind,
}


def is_command(words: str) -> bool:
    """Tell whether the user gave the tool a command; a path that begins with a slash is none."""
    return _COMMAND(words) is not None


def is_of_history(message: Message) -> bool:
    """Tell whether the model is given a message."""
    return text(message, "type") in SPOKEN and not is_command(_words(message))


def _words(message: Message) -> str:
    return said(parts(message.get("content")))


def kind_of(record: Message) -> str:
    """Return what a line is called: the type of its message, or of the change that it makes."""
    for kind in ("$rewindTo", "$set", "type"):
        if kind in record:
            named = text(record, "type") if kind == "type" else kind
            return named or "no type"
    return "metadata" if {"sessionId", "messages", "history"} & record.keys() else "no type"


def _of_history(turn: Message) -> Message:
    """Return a turn of a history, as the API has it, in the form of a message."""
    turned = {"type": turn.get("role"), "content": turn.get("parts"), "timestamp": turn.get("ts")}
    return turned if "role" in turn else turn


def told(path: Path, out: Output) -> Story:
    """Return the story of a log. Raises ParseError when it is none."""
    data = load(path)
    is_lines = _is_lines(data.removeprefix(b"\xef\xbb\xbf").lstrip())
    story = Story(out, is_lines)
    for record in objects_in(data, out) if is_lines else _whole(json_in(data, path)):
        story.take(record)
    if story.is_empty:
        raise ParseError(path, 0, "holds no session; if the agent is writing it just now, read it again")
    return story


def _is_lines(data: bytes) -> bool:
    """Tell whether a log is one object per line, though the first line may be broken."""
    first = data.partition(b"\n")[0]
    return bool(objects_of(first)) or (first.startswith(b'{"') and decoded(data) is None)


def _whole(value: Any) -> Iterator[Message]:
    """Yield a document as one record. A saved checkpoint is a bare list of turns."""
    record = {"history": value} if isinstance(value, list) else value
    if isinstance(record, dict):
        yield record
