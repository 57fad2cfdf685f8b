"""AstrBot: the conversations of `data_v4.db`, each with all of its messages in one value.

The facts are those of AstrBotDevs/AstrBot: its tables, its messages, which have the shape of OpenAI's chat API, and how
it shortens them. No message has a time of its own, but a turn ends with a mark, under which copies of what was asked
and answered on the chat platform are kept; these have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from parsers.base import Match, Sample
from parsers.chatcalls import ChatCall, calls
from parsers.database import Database
from parsers.diffs import hunks
from parsers.fields import decoded, items, joined, moment, number, objects, text
from parsers.manysessions import ManySessions
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage

TOOL = "astrbot"
TABLE, CHAT, STATS = "conversations", "platform_message_history", "provider_stats"
ROW = ("content", "title", "platform_id", "created_at", "updated_at")
USAGE = ("provider_model", "token_input_other", "token_input_cached", "token_output")
TURN_END = "_checkpoint"
SUMMARY = ("Our previous history conversation summary:", "History conversation summary:")
ACKNOWLEDGED = "Acknowledged the summary of our previous conversation history."
"""What the program itself answers to a summary, in the name of the model."""

USUAL = {
    "astrbot_execute_shell": "shell",
    "astrbot_file_read_tool": "read_file",
    "astrbot_file_write_tool": "write_file",
    "astrbot_file_edit_tool": "edit_file",
    "astrbot_grep_tool": "grep",
}
"""Tools of AstrBot by the names that most agents have for them."""

_INJECTED = re.compile(r"<system_reminder>.*?</system_reminder>", re.DOTALL)
_INJECTED_END = "</system_reminder>"
_DIFF, _DIFF_END = "```diff\n", "\n```"


class AstrBotParser(ManySessions):
    tool, schema = TOOL, "astrbot-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        ours = {"inner_conversation_id", "conversation_id", "platform_id", "persona_id", "content"}
        return Match(97, "the conversations of AstrBot") if sample.columns(TABLE) >= ours else None

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Leave out conversations in which nothing was said."""
        stats = database.marks(STATS, "conversation_id", "id", "token_output")
        told = ("conversation_id", "updated_at", "title")
        for row in database.rows(TABLE, *told, where="content IS NOT NULL AND content NOT IN ('', 'null', '[]')"):
            session = text(row, "conversation_id")
            yield session, f"{row['updated_at']}:{row['title']}:{stats.get(session, '')}"

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        row = database.row(TABLE, *ROW, where="conversation_id = ?", given=(id,))
        to.facts.learn(title=text(row, "title"), created=moment(row, "created_at"), updated=moment(row, "updated_at"))
        if platform := text(row, "platform_id"):
            to.facts.attributes["platform"] = platform
        messages = decoded(row["content"]) if isinstance(row["content"], str | bytes) else None
        if not isinstance(messages, list):
            to.out.record("content")
            to.out.skip("broken content")
        usage = _used(database, id, to)
        _Turns(_times(database, items(messages)), to).fill(items(messages))
        to.totals(usage, At(time=to.facts.last, raw=STATS), "tokens")


def _used(database: Database, id: str, to: Transcript) -> Usage:
    """Return the tokens of all runs, and learn the model of the first."""
    other = cached = output = 0
    for row in database.rows(STATS, *USAGE, where="conversation_id = ?", by="id", given=(id,)):
        to.facts.learn(model=text(row, "provider_model"))
        other += max(0, number(row, "token_input_other") or 0)
        cached += max(0, number(row, "token_input_cached") or 0)
        output += max(0, number(row, "token_output") or 0)
    return Usage(input_tokens=other + cached, output_tokens=output, cache_read_tokens=cached)


def _times(database: Database, messages: list[Any]) -> dict[str, tuple[str, str]]:
    """Return by its mark when the first and the last copy of each turn were stored."""
    turns = {_mark(message) for message in messages if _kind(message) == TURN_END}
    found: dict[str, tuple[str, str]] = {}
    for row in database.rows(CHAT, "llm_checkpoint_id", "created_at", by="id"):
        mark, time = text(row, "llm_checkpoint_id"), moment(row, "created_at")
        if mark in turns and time:
            found[mark] = found.get(mark, (time, time))[0], time
    return found


class _Turns:
    """Writes the messages of a conversation, turn by turn."""

    def __init__(self, times: Mapping[str, tuple[str, str]], to: Transcript) -> None:
        self._times, self._to = times, to

    def fill(self, messages: list[Any]) -> None:
        turn: list[Any] = []
        for message in messages:
            if _kind(message) == TURN_END:
                self._to.out.record("message:_checkpoint")
                self._to.out.ignore("message:_checkpoint")
                self._turn(turn, _mark(message))
                turn = []
            else:
                turn.append(message)
        self._turn(turn, "")

    def _turn(self, messages: list[Any], mark: str) -> None:
        """Write a turn: the user's words came when the first copy did, the answer with the last."""
        asked, answered = self._times.get(mark, ("", ""))
        for place, message in enumerate(messages, 1):
            role, is_last = _kind(message), place == len(messages)
            self._to.out.record(f"message:{role or 'no role'}", message)
            told = asked if role == "user" else answered if is_last else ""
            guess = answered if mark else self._to.facts.updated if is_last else ""
            marks = {"timestamp.estimated": True} if guess and not told else {}
            _message(message, role, At(time=told or guess, raw=role, group=mark, marks=marks), self._to)


def _kind(message: Any) -> str:
    return text(message, "role", "type")


def _mark(message: dict[str, Any]) -> str:
    return text(message.get("content"), "id") or text(message, "id")


def _message(message: Any, role: str, at: At, to: Transcript) -> None:
    if role == "user":
        _asked(message, at, to)
    elif role == "assistant":
        _answer(message, at, to)
    elif role == "tool":
        words = joined(message.get("content"))
        to.result(words, at, text(message, "tool_call_id"), diff=_diff(words))
    elif role == "system":
        words = joined(message.get("content"))
        if summary := _summary(words):
            to.compacted(summary, at)
        else:
            to.out.ignore("system prompt")
    else:
        to.out.skip(f"message:{role or 'no role'}")


def _asked(message: dict[str, Any], at: At, to: Transcript) -> None:
    words = joined(message.get("content"))
    if summary := _summary(words):
        to.compacted(summary, at)
        return
    # Behind the last end nothing can match, and looking for it from each beginning would take forever.
    head, end, tail = words.rpartition(_INJECTED_END)
    to.user(f"{_INJECTED.sub('', head + end)}{tail}".strip(), at)
    to.system("\n".join(_INJECTED.findall(head + end)), at)


def _diff(words: str) -> str:
    """Return the diff that an editing tool shows."""
    _, opening, rest = words.partition(_DIFF)
    diff, closing, _ = rest.partition(_DIFF_END)
    return hunks(f"{diff}\n") if opening and closing else ""


def _summary(words: str) -> str:
    start = next((start for start in SUMMARY if words.startswith(start)), "")
    return words.removeprefix(start).strip() if start else ""


def _answer(message: Mapping[str, Any], at: At, to: Transcript) -> None:
    content = message.get("content")
    thought = "\n".join(text(part, "think") for part in objects(content) if text(part, "type") == "think")
    to.thinking(thought or text(message, "reasoning_content"), at)
    words = joined([part for part in items(content) if text(part, "type") != "think"] or content)
    if words.strip() == ACKNOWLEDGED:
        to.out.ignore("acknowledged summary")
    else:
        to.agent(words, at)
    for call in calls(message):
        _call(call, At(time=at.time, raw=f"{at.raw}:tool_call", group=at.group, marks=at.marks), to)


def _call(call: ChatCall, at: At, to: Transcript) -> None:
    action = usual(USUAL.get(call.name, call.name), call.arguments)
    to.call(call.name, call.arguments, at, call.id, action=action)
