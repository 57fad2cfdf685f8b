"""Write a conversation: its messages in order, each part an event or more (`spec/parsers.md` 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Any

from opensession.hail.actions import Action, AgentMessage, Custom, FileEdit, SystemMessage, Thinking, UserMessage
from opensession.hail.model import EMPTY, Content, Json
from opensession.hail.model import text as one_text
from parsers.common import strip_reminders
from parsers.fields import amount, items, mapping, placeholder, text
from parsers.opencode.model import PARENTS, Message, Part, moment, natural, timed
from parsers.opencode.tools import Tool
from parsers.transcript import At, Transcript, Usage

MOST_PATCHED = 8
"""Files of a patch that become an event each."""

SILENT = frozenset({"snapshot", "step-start", "step-finish", "agent", "checkpoint"})
"""Marks of the agent's own, and the mention of an agent, which stands in the text as well."""

ROLES: Mapping[str, type[Action]] = {"user": UserMessage, "assistant": AgentMessage}


class Conversation:
    """Writes the messages of one thread as they are given. `reverted` is where the session was taken back to."""

    def __init__(self, to: Transcript, reverted: Mapping[str, Any]) -> None:
        self.to = to
        self._undone_from = text(reverted, "messageID"), text(reverted, "partID")
        self._is_undone = False
        self.has_usage = False
        self._compaction: tuple[At, str] | None = None
        self._open: dict[str, Tool] = {}
        self._due: list[tuple[int, int, Tool]] = []

    def take(self, message: Message) -> None:
        self._learn(message)
        self._summarised(message)
        usage = _usage(message)
        self.has_usage = self.has_usage or usage is not None
        for start, part in timed(message):
            self._finish(start)
            self.to.out.record(f"part:{part.kind or 'no type'}", part.data)
            if self._hides(message, part):
                self.to.out.ignore("undone")
                continue
            turn = _Turn(message, part, start, self.to.schema, usage)
            self._write(turn)
            usage = turn.usage
        self._finish()
        if not self._hides(message, None):
            self._end(message, usage)

    def close(self) -> None:
        """Say what is still open at the end: a summary that never came, and tools that run."""
        self._summarised(None)
        for task in sorted(self._open):
            self._open[task].abandon(self.to)

    def _learn(self, message: Message) -> None:
        self.to.facts.learn(
            model=message.model, provider=message.provider, cwd=text(mapping(message.data, "path"), "cwd")
        )
        if message.role not in (*ROLES, "system"):
            self.to.out.skip(f"message:{message.role or 'no role'}")

    def _hides(self, message: Message, part: Part | None) -> bool:
        """Tell whether a part was taken back; all that follows it was, too."""
        undone, undone_part = self._undone_from
        if undone and not self._is_undone:
            self._is_undone = message.id == undone and (part is None or undone_part in ("", part.id))
        return self._is_undone

    def _summarised(self, message: Message | None) -> None:
        """Tell of a compaction, unless the message that follows it is the summary."""
        if self._compaction and not (message and message.data.get("summary") is True):
            self.to.compacted("", *self._compaction)
        self._compaction = None

    def _write(self, turn: _Turn) -> None:
        kind = turn.part.kind
        if kind == "tool":
            self._call(turn)
        elif kind == "compaction":
            self._compact(turn)
        elif handler := HANDLERS.get(kind):
            handler(turn, self.to)
        else:
            (self.to.out.ignore if kind in SILENT else self.to.out.skip)(f"part:{kind or 'no type'}")

    def _compact(self, turn: _Turn) -> None:
        """Tell of a compaction. Where the user's side asks for it, the next message may be the summary."""
        if turn.message.role == "user":
            self._compaction = turn.at(), turn.part.id
        else:
            self.to.compacted(text(turn.part.data, "summary"), turn.at(), turn.part.id)

    def _call(self, turn: _Turn) -> None:
        """Write a call now, and its result when its time has come: calls run side by side."""
        tool = Tool(turn.message, turn.part, turn.start)
        tool.begin(self.to)
        self._open[tool.task] = tool
        if tool.is_over:
            heappush(self._due, (tool.end, len(self.to.out.events), tool))
            self._finish(turn.start)

    def _finish(self, now: int | None = None) -> None:
        """Write the results that had come by `now`, or all of them."""
        while self._due and (now is None or self._due[0][0] <= now):
            tool = heappop(self._due)[2]
            tool.finish(self.to)
            self._open.pop(tool.task, None)

    def _end(self, message: Message, usage: Usage | None) -> None:
        """Say what concerns a message as a whole: how it failed, and tokens that none of its words could carry."""
        end = max((message.end, *(max(part.start, part.end) for part in message.parts)))
        at = At(time=moment(end), raw="message", group=message.id)
        if error := mapping(message.data, "error"):
            kind = "turn_aborted" if "abort" in text(error, "name", "type").lower() else "error"
            self.to.custom(kind, _failure(error), at, f"{message.id}-error")
        if usage:
            self.to.tokens(usage, at, f"{message.id}-tokens")


class _Turn:
    """A part in its place. `usage` is what the message used, until an event carries it."""

    def __init__(self, message: Message, part: Part, start: int, schema: str, usage: Usage | None) -> None:
        self.message, self.part, self.start, self.schema, self.usage = message, part, start, schema, usage

    @property
    def duration_ms(self) -> int | None:
        return max(0, self.part.end - self.part.start) if self.part.end else None

    def at(self, detail: str = "", marks: Mapping[str, Any] | None = None) -> At:
        raw = f"{self.message.record}:{self.part.kind}{detail}"
        return At(time=moment(self.start), raw=raw, group=self.message.id, marks=marks or {})

    def say(self, action: Action, words: str, to: Transcript) -> None:
        to.emit(action, one_text(words), self.at(), self.part.id, self._marks(action), duration_ms=self.duration_ms)

    def _marks(self, action: Action) -> dict[str, Any]:
        if not isinstance(action, AgentMessage):
            return {}
        marks = self.usage.attributes() if self.usage else {}
        self.usage = None
        return marks | ({"model": self.message.model} if self.message.model else {})


def _text(turn: _Turn, to: Transcript) -> None:
    data, message = turn.part.data, turn.message
    is_injected = data.get("synthetic") is True or data.get("ignored") is True
    words = strip_reminders(text(data, "text"))
    if not words:
        to.out.ignore("part:text")
    elif is_injected or message.role not in ROLES:
        turn.say(SystemMessage(), words, to)
    elif message.role == "assistant" and message.data.get("summary") is True:
        turn.say(Custom(kind="context_compacted"), words, to)
    else:
        if message.role == "user":
            to.facts.learn(said=words)
        turn.say(ROLES[message.role](), words, to)


def _reasoning(turn: _Turn, to: Transcript) -> None:
    words = text(turn.part.data, "text").strip()
    if not words and text(mapping(turn.part.data, "metadata", "openai"), "reasoningEncryptedContent"):
        words = "Encrypted reasoning"
    if words:
        turn.say(Thinking(), words, to)
    else:
        to.out.ignore("part:reasoning")


def _file(turn: _Turn, to: Transcript) -> None:
    action = ROLES.get(turn.message.role, SystemMessage)()
    turn.say(action, f"Attached file: {label(turn.part.data)}", to)


def label(data: dict[str, Any]) -> str:
    """Return what a file is called. Its address may be its content, which has no place among the words."""
    address = text(data, "url", "uri")
    if address.startswith("data:"):
        address = placeholder({"type": "file", "url": address})
    return text(data, "filename", "name") or address or text(data, "text") or "attached file"


def _patch(turn: _Turn, to: Transcript) -> None:
    """Write the files that a step changed. The snapshots that tell how are not in the log."""
    part = turn.part
    files = [path.strip() for path in items(part.data, "files") if isinstance(path, str) and path.strip()]
    told = {"patch.hash": text(part.data, "hash")} if text(part.data, "hash") else {}
    marks = {"semantic.tool_kind": "file_write"} | told
    if not 0 < len(files) <= MOST_PATCHED:
        to.emit(Custom(kind="patch"), _listed(files), turn.at(":summary", marks), f"{part.id}-patch")
        return
    for n, path in enumerate(files, 1):
        to.emit(FileEdit(path=path), EMPTY, turn.at(":file", marks), f"{part.id}-patch-{n}")


def _listed(files: list[str]) -> Content:
    rest = {"truncated": len(files) - MOST_PATCHED} if len(files) > MOST_PATCHED else {}
    preview = {"files_preview": files[:MOST_PATCHED]} if files else {}
    return Content(blocks=(Json(data={"file_count": len(files)} | preview | rest),))


def _subtask(turn: _Turn, to: Transcript) -> None:
    """Write a command of the user's that an agent of its own carries out."""
    data = turn.part.data
    words = "\n".join(filter(None, (text(data, "description"), text(data, "prompt"))))
    to.custom("subtask", words, turn.at(), turn.part.id, {"agent": text(data, "agent")} if text(data, "agent") else {})


def _retry(turn: _Turn, to: Transcript) -> None:
    to.custom("error", _failure(mapping(turn.part.data, "error")), turn.at(), turn.part.id)


def _failure(error: dict[str, Any]) -> str:
    name, words = text(error, "name", "type"), text(mapping(error, "data"), "message") or text(error, "message")
    return ": ".join(filter(None, (name, words)))


def _usage(message: Message) -> Usage | None:
    """Return what a message used: the sum of its steps, which early versions did several of for one message."""
    steps = [part.data for part in message.parts if part.kind == "step-finish"]
    if message.role != "assistant":
        return None
    told = [_counted(step) for step in steps or [message.data]]
    whole = Usage(*(sum(counts) for counts in zip(*told, strict=True)))
    return whole if whole.attributes() else None


def _counted(record: dict[str, Any]) -> tuple[Any, ...]:
    tokens = mapping(record, "tokens")
    cache = mapping(tokens, "cache")
    counts = (natural(tokens, "input"), natural(tokens, "output"), natural(cache, "read"), natural(cache, "write"))
    return (*counts, natural(tokens, "reasoning"), max(0.0, amount(record, "cost")))


def parent_of(session: Mapping[str, Any], id: str) -> str:
    """Return the id of the session that a session was started from, unless it is its own."""
    parent = text(dict(session), *PARENTS).strip()
    return parent if parent != id else ""


HANDLERS: Mapping[str, Callable[[_Turn, Transcript], None]] = {
    "text": _text,
    "reasoning": _reasoning,
    "file": _file,
    "patch": _patch,
    "subtask": _subtask,
    "retry": _retry,
}
