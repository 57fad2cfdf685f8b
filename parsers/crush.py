"""Crush: `.crush/crush.db` in each project, where a message is a list of typed parts (`spec/parsers.md` 2.20)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from opensession.hail.actions import ShellCommand
from parsers.base import Match, Sample
from parsers.common import strip_reminders
from parsers.database import Database, Row
from parsers.diffs import hunks, unified
from parsers.fields import amount, decoded, mapping, moment, number, placeholder, text
from parsers.manysessions import ManySessions
from parsers.transcript import At, Transcript, Usage

TOOL = "crush"
SESSION = (
    "id",
    "parent_session_id",
    "title",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "created_at",
    "updated_at",
)
MESSAGE = ("id", "role", "parts", "model", "provider", "is_summary_message", "created_at")
TYPED = frozenset({"text", "image_url", "binary"})

_EXIT_CODE = re.compile(r"^Exit code (-?\d{1,9})$", re.MULTILINE)
"""The last line of what a failed command wrote, before the tag with the folder that it ran in."""


class CrushParser(ManySessions):
    tool, schema = TOOL, "crush-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the columns of its two tables. The first OpenCode, which it stems from, has no `provider`."""
        sessions, messages = sample.columns("sessions"), sample.columns("messages")
        is_ours = sessions >= {"prompt_tokens", "completion_tokens"} and messages >= {"parts", "provider"}
        return Match(96, "the session database of Crush") if is_ours else None

    def cwd(self, path: Path) -> str:
        """Return the project in whose folder `.crush` the database lies."""
        return str(path.parent.parent) if path.parent.name == ".crush" else ""

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Leave out sessions without a message: they were opened and left again."""
        messages = database.marks("messages", "session_id", "updated_at", "finished_at")
        for row in database.rows("sessions", *SESSION):
            if (session := text(row, "id")) in messages:
                yield session, ":".join(map(str, (messages[session], *row.values())))

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        session = database.row("sessions", *SESSION, where="id = ?", given=(id,))
        to.out.document(session)
        to.facts.learn(
            title=text(session, "title"),
            created=moment(session, "created_at"),
            updated=moment(session, "updated_at"),
            parent_session_id=text(session, "parent_session_id"),
        )
        for row in database.rows("messages", *MESSAGE, where="session_id = ?", by="created_at, rowid", given=(id,)):
            to.out.record(f"message:{text(row, 'role')}", row)
            _message(row, to)
        _totals(session, to)


def _totals(session: Row, to: Transcript) -> None:
    usage = Usage(
        input_tokens=number(session, "prompt_tokens") or 0,
        output_tokens=number(session, "completion_tokens") or 0,
        cost_usd=amount(session, "cost"),
    )
    to.totals(usage, At(time=to.facts.last, raw="session"), "tokens")


def _message(row: Row, to: Transcript) -> None:
    packed = row["parts"]
    parts = decoded(packed) if isinstance(packed, str | bytes) else None
    if not isinstance(parts, list):
        to.out.skip("broken parts")
        return
    message = _Message(row)
    if message.role == "assistant":
        to.facts.learn(model=text(row, "model"), provider=text(row, "provider"))
    if message.role == "user":
        _typed(parts, message, to)
    for part in parts:
        kind = text(part, "type")
        handler = PARTS.get(kind)
        if handler is None:
            to.out.skip(f"part:{kind or 'no type'}")
        elif message.role != "user" or kind not in TYPED:
            handler(mapping(part, "data"), message, message.at(kind), to)


def _typed(parts: list[Any], message: _Message, to: Transcript) -> None:
    """Write what the user typed, with the files that came along: one message, whose words make the title."""
    told = [(text(part, "type"), mapping(part, "data")) for part in parts if text(part, "type") in TYPED]
    words = "\n".join(text(data, "text") for kind, data in told if kind == "text").strip()
    files = [_file(data) for kind, data in told if kind != "text"]
    if any(data.get("hidden") is True for _, data in told):
        to.system(words, message.at("text"), message.part("text"))
        words = ""
    to.facts.learn(said=strip_reminders(words))
    to.user("\n".join(filter(None, (words, *files))), message.at("text"), message.part("text"))


class _Message:
    """A row of the table of messages."""

    def __init__(self, row: Row) -> None:
        self.id, self.role = text(row, "id"), text(row, "role")
        self.model = text(row, "model")
        self.is_summary = bool(row["is_summary_message"])
        self.time = moment(row, "created_at") or ""

    def at(self, kind: str) -> At:
        return At(time=self.time, raw=f"{self.role}:{kind}", group=self.id)

    def part(self, kind: str) -> str:
        """Return the id of the event that a part becomes."""
        return f"{self.id}-{kind}" if self.id else ""


def _text(data: dict[str, Any], message: _Message, at: At, to: Transcript) -> None:
    words, native = text(data, "text"), message.part("text")
    if message.is_summary:
        to.compacted(words, at, native)
    elif message.role == "assistant":
        to.agent(words, at, native, model=message.model)
    else:
        to.system(words, at, native)


def _reasoning(data: dict[str, Any], message: _Message, at: At, to: Transcript) -> None:
    to.thinking(text(data, "thinking"), at, message.part("thinking"))


def _call(data: dict[str, Any], message: _Message, at: At, to: Transcript) -> None:
    told = data.get("input")
    arguments = decoded(told) if isinstance(told, str) else told
    to.call(text(data, "name"), told if arguments is None and told else arguments, at, text(data, "id"))


def _result(data: dict[str, Any], message: _Message, at: At, to: Transcript) -> None:
    words = text(data, "content")
    facts = decoded(text(data, "metadata"))
    if picture := text(data, "data"):
        words = "\n".join(filter(None, (words, _picture(picture, text(data, "mime_type")))))
    code = number(facts, "exit_code")
    to.result(
        words,
        at,
        text(data, "tool_call_id"),
        name=text(data, "name"),
        is_error=data.get("is_error") is True,
        exit_code=_exit_code(words) if code is None else code,
        diff=_diff(mapping(facts)),
        duration_ms=_duration(mapping(facts)),
    )


def _exit_code(words: str) -> int | None:
    found = _EXIT_CODE.findall(words[-400:])
    return int(found[-1]) if found else None


def _diff(facts: dict[str, Any]) -> str:
    old, new = facts.get("old_content", ""), facts.get("new_content")
    if isinstance(old, str) and isinstance(new, str):
        return unified(old, new)
    return hunks(text(facts, "diff"))


def _duration(facts: dict[str, Any]) -> int | None:
    """Return how long a command ran; its times are milliseconds."""
    start, end = number(facts, "start_time"), number(facts, "end_time")
    return end - start if start and end and end > start else None


def _picture(data: str, mime: str) -> str:
    kind = mime.partition("/")[0]
    return placeholder({"type": kind if kind in ("image", "audio", "video") else "file", "data": data, "mime": mime})


def _command(data: dict[str, Any], message: _Message, at: At, to: Transcript) -> None:
    """Write a command that the user ran from the prompt."""
    made = ShellCommand(command=text(data, "command"))
    to.call("shell_command", data, at, id=message.part("command"), action=made)
    to.result(
        text(data, "output"), at, id=message.part("output"), name="shell_command", exit_code=number(data, "exit_code")
    )


def _attachment(data: dict[str, Any], message: _Message, at: At, to: Transcript) -> None:
    to.system(_file(data), at, message.part("file"))


def _file(data: dict[str, Any]) -> str:
    """Return what stands for a file. The keys of binary data are those of the program's own fields."""
    address, packed = text(data, "url"), text(data, "Data", "data")
    mime, path = text(data, "MIMEType", "mime_type"), text(data, "Path", "path")
    words = placeholder({"type": "image", "url": address}) if address else _picture(packed, mime)
    return f"{words} {path}" if path else words


def _finish(data: dict[str, Any], message: _Message, at: At, to: Transcript) -> None:
    reason = text(data, "reason")
    words = ": ".join(filter(None, (text(data, "message"), text(data, "details"))))
    time = moment(data, "time") or at.time
    if reason == "canceled":
        to.custom("turn_aborted", words, At(time=time, raw=at.raw, group=at.group), message.part("finish"))
    elif reason in ("error", "content_filter"):
        marks = {"error": True}
        to.system(words or reason, At(time=time, raw=at.raw, group=at.group, marks=marks), message.part("finish"))


PARTS: Mapping[str, Callable[[dict[str, Any], _Message, At, Transcript], None]] = {
    "text": _text,
    "reasoning": _reasoning,
    "tool_call": _call,
    "tool_result": _result,
    "shell_command": _command,
    "image_url": _attachment,
    "binary": _attachment,
    "finish": _finish,
}
