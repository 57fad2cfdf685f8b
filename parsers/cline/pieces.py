"""What one message of a task's history says: the words, calls and results that its blocks hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from parsers.cline.markup import heading, parted, tagged, without
from parsers.cline.tools import WORDS
from parsers.fields import items, joined, objects, placeholder, text
from parsers.transcript import Facts

USER, AGENT, THINKING, SYSTEM, SUMMARY = "user", "agent", "thinking", "system", "summary"
CALL, RESULT = "call", "result"

TYPED = ("task", "user_message", "feedback", "answer")
"""Tags around what the user typed."""
HIDDEN = ("environment_details",)
"""Tags around what the tool tells the model with every message, and shows nobody."""
RESUMED = "[TASK RESUMPTION]"
INJECTED = (
    RESUMED,
    "[ERROR]",
    "<explicit_instructions",
    "<file_content",
    "<folder_content",
    "<git_",
    "<hook_context",
    "<terminal_output",
    "<url_content",
    "<workspace_diagnostics",
    "The tool execution failed",
    "The user denied this operation",
    "We're inside a new task",
)
"""How text begins that the tool wrote in the name of the user."""
FAILED = ("The tool execution failed with the following error", '{"status":"error"', "[ERROR]")
SILENT = frozenset({"redacted_thinking", "thoughtSignature", "cache_control"})
"""Blocks that hold nothing to be read."""

_CWD = re.compile(r"# Current (?:Working|Workspace) Directory \(([^\n]{1,1000}?)\) Files")
_MODEL = re.compile(r"<model>([^<\n]{1,200})</model>")


class Piece(NamedTuple):
    """A part of a message. A call or result in tags has no `id`."""

    kind: str
    words: str = ""
    name: str = ""
    arguments: Any = None
    id: str = ""
    is_error: bool = False


def learn_surroundings(words: str, facts: Facts) -> None:
    """Take from what is told to the model with every message where it works, and as which model."""
    if not facts.cwd and (cwd := _CWD.search(words)):
        facts.cwd = cwd[1]
    if not facts.model and (model := _MODEL.search(words)):
        facts.learn(model=model[1])


def blocks_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [{"type": "text", "text": each} if isinstance(each, str) else each for each in _told(items(content))]


def _told(blocks: list[Any]) -> list[Any]:
    return [block for block in blocks if isinstance(block, str | dict)]


def read(message: Mapping[str, Any]) -> tuple[list[Piece], list[str]]:
    """Return what a message says, and the types of blocks that are not understood."""
    blocks = blocks_of(message)
    if text(message, "type") == "reasoning":
        return _thought(message), []
    if message.get("isSummary") is True or message.get("isTruncationMarker") is True:
        return [Piece(SUMMARY, joined([each for each in blocks if text(each, "text")]))], []
    if message.get("role") in ("user", "tool"):
        heard = _Heard()
        return heard.pieces(blocks), heard.unknown
    return _said(message, blocks)


def _thought(block: Mapping[str, Any]) -> list[Piece]:
    words = text(block, "thinking", "text", "reasoning") or joined(items(block, "summary"))
    return [Piece(THINKING, words)] if words.strip() else []


def _said(message: Mapping[str, Any], blocks: list[dict[str, Any]]) -> tuple[list[Piece], list[str]]:
    """Return what the model says. It writes its calls as tags only where it has no other way to make them."""
    unknown: list[str] = []
    pieces = _thought({"text": message.get("reasoning_content")})
    has_calls = any(block.get("type") in ("tool_use", "tool-call") for block in blocks)
    for block in blocks:
        kind = text(block, "type")
        if kind == "text":
            pieces += [Piece(AGENT, text(block, "text"))] if has_calls else _in_tags(text(block, "text"))
        elif reader := _BLOCKS.get(kind):
            pieces += reader(block)
        elif words := placeholder(block):
            pieces.append(Piece(AGENT, words))
        elif kind not in SILENT:
            unknown.append(kind or "no type")
    if not any(piece.kind == THINKING for piece in pieces):
        pieces = _details(blocks) + pieces
    return pieces, unknown


def _details(blocks: list[dict[str, Any]]) -> list[Piece]:
    """Return what the model thought as one of the ways of asking for it, OpenRouter, keeps it."""
    details = [detail for block in blocks for detail in objects(block, "reasoning_details")]
    return _thought({"text": "".join(text(detail, "text", "summary") for detail in details)})


def _in_tags(words: str) -> list[Piece]:
    thought, said, calls = parted(words)
    told = [Piece(THINKING, thought), Piece(AGENT, said)]
    return [*(each for each in told if each.words.strip()), *(Piece(CALL, "", *call) for call in calls)]


def _call(block: Mapping[str, Any]) -> list[Piece]:
    arguments = block.get("input", block.get("args"))
    return [Piece(CALL, "", text(block, "name", "toolName"), arguments, text(block, "id", "toolCallId"))]


def result_words(given: Any) -> str:
    """Return what a tool gave back: its text, the results of each of its requests, or else all of it as JSON."""
    if given is None or isinstance(given, str):
        return given or ""
    if words := joined(given, "text", "result", "error"):
        return words
    return msgspec.json.encode(given).decode() if given else ""


def _result(block: Mapping[str, Any]) -> list[Piece]:
    given = block.get("content", block.get("output", block.get("result")))
    words = result_words(given.get("value", given) if isinstance(given, dict) else given)
    is_error = block.get("is_error") is True or block.get("isError") is True or words.lstrip().startswith(FAILED)
    call = text(block, "tool_use_id", "toolCallId")
    return [Piece(RESULT, words, text(block, "toolName", "name"), None, call, is_error)]


_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], list[Piece]]] = {
    **dict.fromkeys(("thinking", "reasoning"), _thought),
    **dict.fromkeys(("tool_use", "tool-call"), _call),
    **dict.fromkeys(("tool_result", "tool-result"), _result),
}


class _Heard:
    """Reads a message in the name of the user. Of a result in tags, the heading and the words are blocks apart."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._name = ""
        self._words: list[str] = []
        self.unknown: list[str] = []

    def pieces(self, blocks: list[dict[str, Any]]) -> list[Piece]:
        for block in blocks:
            self._take(block)
        self._close()
        return self._pieces

    def _take(self, block: dict[str, Any]) -> None:
        kind = text(block, "type")
        if kind == "text":
            self._take_text(text(block, "text"))
        elif kind in ("tool_result", "tool-result"):
            self._close()
            for piece in _result(block):
                self._add_result(piece)
        elif kind == "file" and text(block, "path"):
            self._pieces.append(Piece(SYSTEM, f"{text(block, 'path')}\n{joined(block.get('content'))}"))
        elif words := placeholder(block):
            self._take_picture(words)
        elif kind not in SILENT:
            self.unknown.append(kind or "no type")

    def _take_text(self, words: str) -> None:
        for tag in HIDDEN:
            words = without(words, tag)
        words = words.strip()
        if not words or "# task_progress" in words:
            return
        if told := heading(words):
            self._close()
            self._name, self._words = told.name, [told.words]
        elif self._name and not words.startswith(("<task>", RESUMED, "New instructions for")):
            self._words.append(words)
        else:
            self._close()
            self._pieces += _typed(words)

    def _take_picture(self, words: str) -> None:
        if self._name:
            self._words.append(words)
        elif self._pieces and self._pieces[-1].kind == USER:
            self._pieces[-1] = Piece(USER, f"{self._pieces[-1].words}\n{words}")
        else:
            self._pieces.append(Piece(USER, words))

    def _close(self) -> None:
        """End the result in tags that is open."""
        if self._name:
            words = "\n".join(part for part in self._words if part)
            self._add_result(Piece(RESULT, words, self._name, is_error=words.startswith(FAILED)))
        self._name, self._words = "", []

    def _add_result(self, piece: Piece) -> None:
        said = [Piece(USER, words) for tag in TYPED[1:] for words in tagged(piece.words, tag) if words]
        if piece.name not in WORDS:
            self._pieces.append(piece)
        elif not said and piece.words.strip():
            self._pieces.append(Piece(SYSTEM, piece.words))
        self._pieces += said


def _typed(words: str) -> list[Piece]:
    """Return what the user typed, and apart from it what the tool added; all is typed where no tag says."""
    if words.startswith("<user_input"):  # The new Cline's tag tells its mode too.
        words = words.partition(">")[2].removesuffix("</user_input>")
    said = [Piece(USER, inner) for tag in TYPED for inner in tagged(words, tag) if inner]
    if not said:
        return [Piece(SYSTEM if words.startswith(INJECTED) else USER, words)]
    for tag in TYPED:
        words = without(words, tag)
    added = words.strip()
    if not added.startswith(INJECTED):
        return said
    return [Piece(SYSTEM, added), *said] if added.startswith(RESUMED) else [*said, Piece(SYSTEM, added)]
