"""QwenPaw, once CoPaw: the state of AgentScope's agent in a JSON document per session, below each agent's workspace.

Up to version 1 that is `memory`, pairs of a message and its marks, where results of tools are messages of the system;
since version 2 `state`, whose messages hold all of a reply. The facts are from QwenPaw's and AgentScope's sources:
`app/chats/session.py` and `models.py`, `agents/tools`, `agents/context/scroll`, `message/_base.py` and `_block.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from opensession.hail.actions import Action
from parsers.base import Match, ParseError, Sample
from parsers.documents import OneThread, beside, load_object
from parsers.fields import items, joined, mapping, moment, number, objects, placeholder, text, unquoted
from parsers.qwenpaw.history import earlier
from parsers.toolcalls import usual
from parsers.transcript import At, Facts, Transcript, Usage

Record = dict[str, Any]
Say = Callable[[str, At, str], object]

MEMORY, STATE = "qwenpaw-memory-v1", "qwenpaw-state-v2"
CHATS = "chats.json"
ALIASES: Mapping[str, str] = {
    "execute_shell_command": "bash",
    "append_file": "edit_file",
    "glob_search": "glob",
    "view_text_file": "read_file",
    "write_text_file": "write_file",
    "insert_text_file": "edit_file",
}
"""What tools of QwenPaw and AgentScope are called elsewhere."""

TYPED = frozenset({"", "external_user_query"})
"""Tags of messages that the user typed. With any other tag the runtime wrote them."""

FAILED = frozenset({"error", "denied", "interrupted"})

_UNSAFE = re.compile(r'[\\/:*?"<>|]')
_EXIT_CODE = re.compile(r"Command failed with exit code (-?[0-9]{1,10})\.").match
_HEADLINE = ("⟦〚", "⟧〛")
"""What the line begins and ends with that sums a reply up for the index. QwenPaw never shows it."""


class QwenPawParser(OneThread):
    tool, schema = "qwenpaw", STATE

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the state of AgentScope's agent, under the name that QwenPaw saves it."""
        agent = mapping(sample.document, "agent")
        memory, state = mapping(agent, "memory"), mapping(agent, "state")
        if isinstance(memory.get("content"), list) and (agent.keys() & {"_sys_prompt", "toolkit"} or _pairs(memory)):
            return Match(90, "the memory of an agent of QwenPaw")
        if isinstance(state.get("context"), list) and state.keys() & {"session_id", "summary"}:
            return Match(90, "the state of an agent of QwenPaw")
        return None

    def fill(self, path: Path, to: Transcript) -> None:
        """Write the messages of a session; see `OneThread.fill`."""
        agent = mapping(load_object(path), "agent")
        if not isinstance(agent.get("state") or agent.get("memory"), dict):
            raise ParseError(path, 0, "holds neither the state nor the memory of an agent")
        workspace = _workspace(path)
        session = _learn(path, workspace, to.facts) if workspace else ""
        if state := mapping(agent, "state"):
            moved = _moved(state, workspace, session, to) if workspace else []
            entries = [*(_Entry(message, True) for message in moved), *map(_live, items(state, "context"))]
            _Replies(to).write(entries, _words(state.get("summary")))
        else:
            to.schema = MEMORY
            memory = mapping(agent, "memory")
            entries = [_entry(each) for each in items(memory, "content")]
            _Replies(to).write(entries, text(memory, "_compressed_summary"))


def _pairs(memory: Record) -> bool:
    head = items(memory, "content")[:4]
    return bool(head) and all(isinstance(each, list) and text(each and each[0], "role") for each in head)


class _Entry(NamedTuple):
    """A message, and whether a summary stands for it by now."""

    message: Any
    is_compressed: bool


def _live(message: Any) -> _Entry:
    return _Entry(message, False)


def _entry(value: Any) -> _Entry:
    if not isinstance(value, list):
        return _live(value)
    marks = value[1] if len(value) > 1 and isinstance(value[1], list) else []
    return _Entry(value[0] if value else None, "compressed" in marks)


def _moved(state: Record, workspace: Path, session: str, to: Transcript) -> list[Record]:
    """Return the messages that are no longer in the state, where that still holds any to come before."""
    began = next((time for message in items(state, "context") if (time := text(message, "created_at"))), "")
    return earlier(workspace, session or text(state, "session_id"), began, to.out) if began else []


def _workspace(path: Path) -> Path | None:
    """Return the folder of the agent whose session it is; none where the session was put elsewhere."""
    return next((folder.parent for folder in path.parents[:2] if folder.name == "sessions"), None)


def _learn(path: Path, workspace: Path, facts: Facts) -> str:
    """Take what the list of the workspace's chats tells of the session, and return what it is called there.

    Its own name begins with its agent and channel: many agents have a `main_main`.
    """
    agent = workspace.name
    facts.session_id = ":".join((agent, *path.relative_to(workspace / "sessions").with_suffix("").parts))
    # The list changes with each message of any chat, so its change is none of the sessions in it.
    chats = objects(beside(workspace / CHATS, CHATS), "chats")
    chat = next((chat for chat in chats if path.name in _files(chat)), {})
    name, parent = text(chat, "name"), text(chat, "parent_session_id")
    facts.learn(
        title=name if name != "New Chat" else "",
        created=moment(chat, "created_at"),
        parent_session_id=next((_id(agent, each) for each in chats if parent == text(each, "session_id")), parent),
    )
    facts.is_auxiliary = text(chat, "source") == "subagent"
    if channel := text(chat, "channel"):
        facts.attributes["platform"] = channel
    return text(chat, "session_id")


def _files(chat: Record) -> tuple[str, ...]:
    """Return what the file of a chat may be called: after the session, before which most versions put the user."""
    user, session = (_safe(text(chat, key)) for key in ("user_id", "session_id"))
    names = (f"{session}.json", f"{user}_{session}.json")
    return names if user and user != session else names[::-1] if user else names[:1]


def _id(agent: str, chat: Record) -> str:
    stem = _files(chat)[-1].removesuffix(".json")
    return ":".join(filter(None, (agent, _safe(text(chat, "channel")), stem)))


def _safe(name: str) -> str:
    return _UNSAFE.sub("--", name)


class _Replies:
    """Writes the messages of one session."""

    def __init__(self, to: Transcript) -> None:
        self.to = to

    def write(self, entries: list[_Entry], summary: str) -> None:
        """Write the messages, and the summary of earlier ones where those end that it stands for."""
        for message, is_compressed in entries:
            role = text(message, "role")
            self.to.out.record(f"message:{role or 'no role'}", message)
            if not isinstance(message, dict):
                self.to.out.skip("no message")
                continue
            at = At(time=moment(message, "created_at", "timestamp") or "", raw=role, group=text(message, "id"))
            if summary and not is_compressed:
                self.to.compacted(summary, replace(at, raw="summary", marks={"timestamp.estimated": True}))
                summary = ""
            self._message(message, role, at)
        if summary:
            self.to.compacted(summary, At(raw="summary"))

    def _message(self, message: Record, role: str, at: At) -> None:
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objects(message, "content")
        if role == "user":
            self._prompt(message, joined([_shown(block) for block in blocks]), at)
        elif role == "assistant":
            self._reply(message, blocks, at)
        elif role == "system":
            for block in blocks:
                self._block(block, at, self.to.system)
        else:
            self.to.out.skip(f"role:{role or 'none'}")

    def _prompt(self, message: Record, words: str, at: At) -> None:
        is_typed = text(mapping(message, "metadata"), "qwenpaw_tag") in TYPED
        (self.to.user if is_typed else self.to.system)(words, at, at.group)

    def _reply(self, message: Record, blocks: list[Record], at: At) -> None:
        usage = _usage(message)

        def say(words: str, at: At, id: str) -> None:
            nonlocal usage
            if self.to.agent(_without_headline(words), at, id, usage):
                usage = None

        for block in blocks:
            self._block(block, at, say)
        if usage:
            self.to.tokens(usage, at, f"{at.group}-tokens")
        if text(message, "finished_reason") == "interrupted":
            self.to.custom("turn_aborted", "", at, f"{at.group}-end")
        if words := text(mapping(message, "error"), "message", "detail", "code", "type"):
            self.to.system(f"error: {words}", at, f"{at.group}-end")

    def _block(self, block: Record, at: At, say: Say) -> None:
        kind = text(block, "type")
        began = replace(at, raw=f"{at.raw}:{kind}", time=moment(block, "created_at") or at.time)
        if kind == "text":
            say(text(block, "text"), began, at.group)
        elif kind == "thinking":
            self.to.thinking(text(block, "thinking"), began, f"{at.group}-thinking")
        elif kind == "hint":
            self.to.system(_words(block.get("hint")), began, text(block, "id"))
        elif kind in ("tool_use", "tool_call"):
            self._call(block, began)
        elif kind == "tool_result":
            self._result(block, replace(began, time=moment(block, "finished_at") or began.time))
        elif shown := placeholder(_shown(block)):
            say(shown, began, at.group)
        else:
            self.to.out.skip(f"block:{kind or 'none'}")

    def _call(self, block: Record, at: At) -> None:
        name, arguments = text(block, "name"), unquoted(block.get("input") or text(block, "raw_input"))
        self.to.call(name, arguments, at, text(block, "id"), action=_action(name, arguments))

    def _result(self, block: Record, at: At) -> None:
        name, words, state = text(block, "name"), _words(block.get("output")), text(block, "state")
        failed = state in FAILED or (not state and words.startswith("Error: "))
        code = _EXIT_CODE(words)
        exit_code = int(code[1]) if code else None if failed else 0
        self.to.result(words, at, text(block, "id"), name=name, is_error=failed, exit_code=exit_code)


def _action(name: str, arguments: Any) -> Action | None:
    return usual(ALIASES[name], arguments) if name in ALIASES else None


def _usage(message: Record) -> Usage | None:
    """Return the tokens of a reply: AgentScope's own count, else that of the turn, unless it is a guess."""
    told = mapping(message, "usage")
    turn = mapping(message, "metadata", "qwenpaw_turn_usage", "usage")
    counts = told if number(told, "input_tokens") else turn if turn.get("estimated") is not True else {}
    usage = Usage(
        input_tokens=number(counts, "input_tokens", "prompt_tokens") or 0,
        output_tokens=number(counts, "output_tokens", "completion_tokens") or 0,
        cache_read_tokens=number(counts, "cache_input_tokens") or 0,
        cache_write_tokens=number(counts, "cache_creation_input_tokens") or 0,
    )
    return usage if usage.attributes() else None


def _words(value: Any) -> str:
    return joined([_shown(block) for block in objects({"": value}, "")]) if isinstance(value, list) else joined(value)


def _shown(block: Record) -> Record:
    """Return a block of bytes under the name that says what they are."""
    if text(block, "type") != "data":
        return block
    kind = text(mapping(block, "source"), "media_type").partition("/")[0]
    return block | {"type": kind if kind in ("image", "audio", "video") else "file"}


def _without_headline(words: str) -> str:
    return "\n".join(_lines(words)) if any(mark in words for mark in _HEADLINE[0]) else words


def _lines(words: str) -> Iterator[str]:
    for line in words.split("\n"):
        bare = line.strip().removeprefix("<!--").removesuffix("-->").strip()
        if len(bare) < 2 or bare[0] not in _HEADLINE[0] or bare[-1] not in _HEADLINE[1]:
            yield line
