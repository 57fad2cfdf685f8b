"""What a conversation in Cursor's editor is made of: bubbles of the user and of the agent (`spec/parsers.md` 2.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from opensession.hail.actions import FileEdit, Thinking
from opensession.hail.model import Content, Text
from parsers.cursor.tools import all_arguments, arguments_of, made_by, name_of, told_by
from parsers.fields import decoded, mapping, moment, number, objects, stamp, text
from parsers.transcript import At, Transcript, Usage

USER, AGENT = ("user", 1), ("ai", "assistant", 2)
TOOL_CAPABILITY = 15
_EPOCH = 10**12
"""Timing may be told by a clock that began with the program. A real time in milliseconds is greater than this."""

_STARTS = ("clientRpcSendTime", "clientStartTime", "startTime")
_ENDS = ("clientEndTime", "clientSettleTime", "endTime")
_ENDED = frozenset({"completed", "done", "error", "failed", "cancelled"})
_FAILED = frozenset({"error", "failed"})
AUTO = frozenset({"default", "auto"})
"""What the model is called when Cursor chooses it and does not tell."""

Bubble = dict[str, Any]
LookUp = Callable[[str], str]


def model_of(bubble: Mapping[str, Any]) -> str:
    """Return the model that answered; empty where Cursor chose one and did not tell which."""
    name = text(mapping(bubble, "modelInfo"), "modelName") or text(bubble, "modelType")
    return name if name not in AUTO else ""


def path_of(uri: Any) -> str:
    """Return the path in the form of an address that VS Code uses."""
    return text(uri, "fsPath", "_fsPath", "path")


def old_tools(composer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tools by their bubble, where Cursor kept them apart from it (until spring 2025)."""
    found: dict[str, Any] = {}
    for capability in objects(composer, "capabilities"):
        if number(capability, "type") == TOOL_CAPABILITY:
            told = mapping(capability, "data").get("bubbleDataMap")
            found |= mapping(decoded(told) if isinstance(told, str) else told)
    return found


class Conversation:
    """Writes bubbles to a transcript. `look_up` gives the content of a file that was logged apart, by its id."""

    def __init__(self, to: Transcript, look_up: LookUp) -> None:
        self._to, self._look_up = to, look_up

    def write(self, bubbles: Iterable[Bubble | None]) -> None:
        """Write a conversation. The last bubble, if it tells no time, was written when the conversation was."""
        held: Bubble | None = None
        is_first = True
        for bubble in bubbles:
            if not is_first:
                self._write(held, "")
            held, is_first = bubble, False
        if not is_first:
            self._write(held, self._to.facts.updated)

    def _write(self, bubble: Bubble | None, latest: str) -> None:
        out, kind = self._to.out, _author(bubble)
        out.record(f"bubble:{kind}", bubble)
        if bubble is None:
            out.ignore("bubble:empty")
            return
        told = moment(bubble, "createdAt") or _began(bubble)
        marks = {"timestamp.estimated": True} if latest and not told else {}
        at = partial(At, time=told or latest, group=text(bubble, "bubbleId", "id"), marks=marks)
        made = self._to.facts.made
        if kind == "user":
            self._user(bubble, at)
        elif kind == "agent":
            self._agent(bubble, at)
        else:
            out.skip(f"bubble:{kind}")
            return
        if self._to.facts.made == made:
            out.ignore("bubble:empty")

    def _user(self, bubble: Bubble, at: Callable[..., At]) -> None:
        words = text(bubble, "text")
        self._to.facts.learn(model=model_of(bubble), said=words.strip())
        shown = "\n".join(filter(None, (words, *(_picture(image) for image in _pictures(bubble)))))
        if shown.strip():
            self._to.user(shown, at(raw="bubble:user"), _id(bubble, "user"))
            # Without words it is what the user was about to send.
            self._to.system(_attached(bubble), at(raw="bubble:context"), _id(bubble, "context"))

    def _agent(self, bubble: Bubble, at: Callable[..., At]) -> None:
        self._thought(bubble, at(raw="bubble:thinking"))
        usage = _usage(mapping(bubble, "tokenCount"))
        words = text(bubble, "text", "rawText")
        is_said = self._to.agent(words, at(raw="bubble:agent"), _id(bubble, "agent"), usage, model_of(bubble))
        if tool := mapping(bubble, "toolFormerData"):
            self._tool(tool, bubble, at)
        if failure := _failure(bubble.get("errorDetails")):
            self._to.custom("error", failure, at(raw="bubble:error"), _id(bubble, "error"))
        if summary := text(mapping(bubble, "conversationSummary"), "summary"):
            self._to.compacted(summary, at(raw="bubble:summary"), _id(bubble, "summary"))
        if not is_said:
            self._to.tokens(usage, at(raw="bubble:tokens"), _id(bubble, "tokens"))

    def _thought(self, bubble: Bubble, at: At) -> None:
        blocks = [text(block, "text", "thinking") for block in objects(bubble, "allThinkingBlocks")]
        words = (text(mapping(bubble, "thinking"), "text") or "\n".join(blocks)).strip()
        if words:
            lasted = number(bubble, "thinkingDurationMs")
            shown = Content(blocks=(Text(text=words),))
            self._to.emit(Thinking(), shown, at, _id(bubble, "thinking"), duration_ms=lasted)

    def _tool(self, tool: dict[str, Any], bubble: Bubble, at: Callable[..., At]) -> None:
        """Write a call and, when it has ended, its result; Cursor keeps both in one place."""
        name, status, failure = name_of(tool), text(tool, "status"), _failure(tool.get("error"))
        call_id = text(tool, "toolCallId").split("\n")[0] or text(bubble, "bubbleId", "id")
        told = told_by(tool.get("result"), self._look_up)
        is_error = status in _FAILED or bool(failure)
        made = made_by(name, all_arguments(tool))
        if isinstance(made, FileEdit) and (told.diff or is_error):
            made = FileEdit(path=made.path, diff=None if is_error else told.diff)
        known = {"status": status, "user_decision": text(tool, "userDecision")}
        marks = {name: value for name, value in known.items() if value}
        self._to.call(name, arguments_of(tool), at(raw="bubble:tool"), call_id, _id(bubble, "call"), made, marks=marks)
        if is_error or status in _ENDED or told.words.strip() or (told.content and told.content.blocks):
            self._to.result(
                "\n".join(filter(None, (told.words, failure))),
                at(raw="bubble:tool-result"),
                call_id,
                _id(bubble, "result"),
                is_error=is_error,
                exit_code=told.exit_code,
                duration_ms=_lasted(bubble),
                content=None if failure else told.content,
            )


def _author(bubble: Bubble | None) -> str:
    kind = bubble.get("type") if bubble else None
    if isinstance(kind, str | int):
        return "user" if kind in USER else "agent" if kind in AGENT else f"type {kind}"
    return "no type"


def _id(bubble: Bubble, part: str) -> str:
    native = text(bubble, "bubbleId", "id")
    return native and f"{native}-{part}"


def _began(bubble: Bubble) -> str | None:
    return next((stamp(value) for value in _times(bubble, _STARTS)), None)


def _lasted(bubble: Bubble) -> int | None:
    starts, ends = _times(bubble, _STARTS), _times(bubble, _ENDS)
    return ends[0] - starts[0] if starts and ends else None


def _times(bubble: Bubble, keys: tuple[str, ...]) -> list[int]:
    timing = mapping(bubble, "timingInfo")
    return [value for key in keys if (value := number(timing, key) or 0) > _EPOCH]


def _pictures(bubble: Bubble) -> list[dict[str, Any]]:
    holders = ((bubble, "images"), (bubble, "selectedImages"), (mapping(bubble, "context"), "selectedImages"))
    return next(filter(None, (objects(holder, key) for holder, key in holders)), [])


def _picture(image: dict[str, Any]) -> str:
    path = text(image, "path", "url")
    return "[image]" if not path or path.startswith("data:") else f"[image {path}]"


def _attached(bubble: Bubble) -> str:
    """Return what the user attached by hand: files and folders by name, a selection as it is."""
    lines = []
    for holder in (bubble, mapping(bubble, "context")):
        for key in ("fileSelections", "folderSelections"):
            by_hand = (each for each in objects(holder, key) if each.get("addedWithoutMention") is not True)
            lines += [f"@{path}" for each in by_hand if (path := path_of(each.get("uri")))]
        for key in ("selections", "terminalSelections"):
            lines += [words for each in objects(holder, key) if (words := text(each, "text", "rawText"))]
    return "\n".join(dict.fromkeys(lines))


def _usage(counted: dict[str, Any]) -> Usage:
    given, made = number(counted, "inputTokens"), number(counted, "outputTokens")
    return Usage(input_tokens=given or 0, output_tokens=made or 0)


def _failure(error: Any) -> str:
    """Return the words of an error, which may be JSON in text."""
    told = decoded(error) if isinstance(error, str) and error.startswith("{") else error
    words = text(told, "clientVisibleErrorMessage", "modelVisibleErrorMessage", "message", "error", "rawError")
    return words or (error if isinstance(error, str) else "")
