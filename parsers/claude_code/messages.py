"""From `user` and `assistant` lines to what was said, thought and called."""

from __future__ import annotations

from typing import Any

import msgspec

from opensession.hail.actions import AgentMessage, SystemMessage, Thinking, UserMessage
from opensession.hail.model import Content, Event, Text, text
from parsers.base import Amendment, Output
from parsers.claude_code.calls import call_event, file_path, pending
from parsers.claude_code.records import Block, Line, Message
from parsers.claude_code.results import placeholder, read_result
from parsers.claude_code.state import Bill, Last, State, Turn
from parsers.common import short_title, strip_reminders

USER, AGENT, SYSTEM, THINKING = UserMessage(), AgentMessage(), SystemMessage(), Thinking()

NOT_TYPED = (
    "This session is",
    "Here is the conversation so far",
    "Here's the conversation so far",
    "<command-name>",
    "<command-message>",
    "<local-command-stdout>",
    "<local-command-caveat>",
    "<task-notification>",
    "<bash-input>",
    "<bash-stdout>",
)
"""How text begins that stands in the user's place but that nobody typed as a message."""

EDITOR = "<ide_"
"""How the notes of an editor begin (opened file, selection); a typed message may follow in the same text."""

PICTURES = frozenset({"image", "document"})
SILENT_BLOCKS = frozenset({"redacted_thinking", "fallback", "tool_reference", "tool_result"})
"""Blocks of the assistant that are understood and hold nothing to read."""

RANK = {AgentMessage: 0, Thinking: 1}
"""Which event of a message carries its tokens: the first text, else the first thought, else the first call."""

COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


def read_user(state: State, line: Line, turn: Turn, out: Output) -> None:
    """Emit what the user said and what tools gave back."""
    content = line.message.content if line.message else None
    if content is None:
        out.skip("user without content")
    elif isinstance(content, str):
        _emit_said(state, line, turn, turn.uuid, [content], out)
    else:
        _read_user_blocks(state, line, content, turn, out)


def _read_user_blocks(state: State, line: Line, blocks: list[Block], turn: Turn, out: Output) -> None:
    if len(blocks) == 1 and blocks[0].type == "tool_result":  # As nearly every line is that gives results.
        read_result(state, blocks[0], line.tool_use_result, turn, out)
        return
    pictures = [placeholder(block.type, _decoded(block.source)) for block in blocks if block.type in PICTURES]
    results = sum(1 for block in blocks if block.type == "tool_result")
    for block in blocks:
        if block.type == "tool_result":
            read_result(state, block, line.tool_use_result if results == 1 else None, turn, out)
        elif block.type == "text":
            if _emit_said(state, line, turn, f"{turn.uuid}-text", [block.text or "", *pictures], out):
                pictures = []
        elif block.type not in PICTURES and block.type not in SILENT_BLOCKS:
            out.skip(f"block {block.type[:40]}")
    if pictures:
        _emit_said(state, line, turn, f"{turn.uuid}-image", pictures, out)


def _emit_said(state: State, line: Line, turn: Turn, event_id: str, texts: list[str], out: Output) -> bool:
    """Emit a message of the first text and what was pasted with it, unless the text is blank."""
    words = strip_reminders(texts[0])
    if not words:
        return False
    typed = "" if line.is_meta or line.is_compact_summary else typed_words(words)
    if typed and state.first_text is None and not line.is_sidechain:
        state.first_text = short_title(typed)
    blocks = tuple(Text(text=said) for said in (words, *texts[1:]))
    content, action = Content(blocks=blocks), USER if typed else SYSTEM
    out.emit(Event(event_id=event_id, timestamp=turn.at, action=action, content=content, attributes=turn.marks))
    return True


def typed_words(words: str) -> str:
    """Return what the user typed of a text: all, nothing, or what follows the notes of an editor."""
    if words.startswith(EDITOR):
        words = words.rpartition(f"</{EDITOR[1:]}")[2].partition(">")[2].strip()
    return "" if words.startswith(NOT_TYPED) else words


def read_assistant(state: State, line: Line, turn: Turn, out: Output) -> None:
    """Emit what the agent said, thought and called, and put the tokens of the message on one of these events."""
    message = line.message
    if message is None or message.content is None:
        out.skip("assistant without content")
        return
    content = message.content
    blocks = [Block(type="text", text=content)] if isinstance(content, str) else content
    made = [pair for block in blocks if (pair := _made(block, turn, message.model, out))]
    bill = _bill(state, line, message, turn, out)
    bearer = _bearer(made) if bill and bill.number < 0 else None
    if bill and bearer:
        bearer.attributes.update([pair for pair in zip(COUNTS, bill.counts, strict=True) if pair[1]])
    for block, event in made:
        number = out.emit(event)
        if bill and event is bearer:
            bill.number = number
        if block.type == "tool_use":
            _await_result(state, block, event, number, turn)


def _made(block: Block, turn: Turn, model: str | None, out: Output) -> tuple[Block, Event] | None:
    if block.type == "tool_use":
        return block, call_event(block, turn, model)
    if block.type not in ("text", "thinking"):
        if block.type not in SILENT_BLOCKS:
            out.skip(f"block {block.type[:40]}")
        return None
    words = strip_reminders((block.text if block.type == "text" else block.thinking) or "")
    if not words:
        return None
    marks = {**turn.marks, "model": model} if model else dict(turn.marks)
    action = AGENT if block.type == "text" else THINKING
    event_id = f"{turn.uuid}-{block.type}"
    return block, Event(event_id=event_id, timestamp=turn.at, action=action, content=text(words), attributes=marks)


def _await_result(state: State, block: Block, event: Event, number: int, turn: Turn) -> None:
    state.last = Last(block.name or "unknown", file_path(event.action), block.id)
    if block.id:
        call = pending(block, event.action, turn)
        call.number = number
        state.waits(block.id, call)


def _bearer(made: list[tuple[Block, Event]]) -> Event | None:
    """Return the event that carries the tokens, None when the line gave no event."""
    if len(made) == 1:
        return made[0][1]
    return min((event for _, event in made), key=lambda event: RANK.get(type(event.action), 2), default=None)


def _bill(state: State, line: Line, message: Message, turn: Turn, out: Output) -> Bill | None:
    """Return the bill of the message, brought up to date; None when the line tells no tokens.

    Every line of a message repeats its usage, and the output count grows from snapshot to snapshot.
    """
    usage = message.usage or line.usage
    if usage is None:
        return None
    bill = state.bill(f"{message.id}/{line.request_id}" if message.id else turn.uuid)
    seen, known = usage.counts(), bill.counts
    if seen != known and seen[1] >= known[1]:
        bill.counts = seen
        if bill.number >= 0:
            _amend(bill.number, known, seen, turn, out)
    return bill


def _amend(number: int, known: tuple[int, ...], seen: tuple[int, ...], turn: Turn, out: Output) -> None:
    moved = [(name, now, now - before) for name, before, now in zip(COUNTS, known, seen, strict=True) if now != before]
    totals = {} if turn.is_replayed else {name: by for name, _, by in moved}
    out.amend(Amendment(number, attributes={name: now for name, now, _ in moved}, totals=totals))


def _decoded(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
