"""From the messages of a session to its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from parsers import genai
from parsers.fields import mapping, moment, number, objects, text
from parsers.gemini.fold import COMPACTED, Message, is_command
from parsers.transcript import At, Transcript, Usage

JSON_SCHEMAS = ("json-v1", "json-v2-parts", "json-v3-toolcalls")

INJECTED = ("<session_context>", "<hook_context>", "<environment_context>")
SNAPSHOT = "<state_snapshot>"
REFERENCED = "\n--- Content from referenced files ---"

OVER = frozenset({"success", "error", "cancelled"})
"""States of a call that will not change any more."""


class Teller:
    """Tells the messages of a session. A call, or its result, that a later message repeats is told once."""

    def __init__(self, to: Transcript, is_lines: bool) -> None:
        self._to = to
        self._is_lines = is_lines
        self._called: set[str] = set()
        self._answered: set[str] = set()

    def tell(self, messages: Iterable[Message]) -> None:
        """Write the events of all messages. One of a type that is not known is counted as skipped."""
        out = self._to.out
        for message in messages:
            kind = text(message, "type") or "no type"
            handler = _HANDLERS.get(kind)
            if handler is None:
                out.skip(kind)
                continue
            made = self._to.facts.made
            handler(self, message, self._at(message, kind))
            if self._to.facts.made == made:
                out.ignore(kind)

    def _at(self, message: Message, kind: str) -> At:
        marks = {} if self._is_lines else {"source.schema_version": f"{self._to.tool}-{_schema(message)}"}
        return At(moment(message, "timestamp") or "", kind, text(message, "id"), marks)

    def _user(self, message: Message, at: At) -> None:
        listed = genai.parts(_content(message))
        for part in listed:
            if response := genai.response(part):
                self._responded(part, response, at)
        told = [words for part in listed if (words := genai.words(part))]
        injected = [words for words in told if words.lstrip().startswith(INJECTED)]
        for words in injected:
            self._to.system(words, at, _id(at, "context"))
        typed = "\n".join(words for words in told if words not in injected)
        self._typed(typed, genai.said(genai.parts(message.get("displayContent"))), at)

    def _typed(self, words: str, shown: str, at: At) -> None:
        """Tell what the user typed. What the tool put behind it, files that it names, nobody typed."""
        if shown and words.startswith(shown):
            typed, more = shown, words[len(shown) :]
        else:
            typed, mark, more = words.partition(REFERENCED)
            typed, more = shown or typed, f"{mark}{more}"
        if typed.lstrip().startswith(SNAPSHOT):
            self._to.compacted(typed, at, at.group)
        elif is_command(typed):
            self._to.system(typed, at, at.group)
        else:
            self._to.user(typed.strip(), at, at.group)
        self._to.system(more, at, _id(at, "files"))

    def _responded(self, part: Message, response: Message, at: At) -> None:
        """Tell the result of a call that stands in the turn of the user, unless its call told it."""
        call_id = text(response, "id")
        if call_id and call_id in self._answered:
            return
        self._answered.add(call_id)
        answer = genai.answer(part)
        self._to.result(
            answer.words,
            at,
            call_id,
            name=text(response, "name"),
            is_error=answer.is_error,
            exit_code=answer.exit_code,
            content=answer.content,
        )

    def _model(self, message: Message, at: At) -> None:
        model = text(message, "model")
        self._to.facts.learn(model=model)
        thoughts = objects(message, "thoughts")
        for thought in thoughts:
            self._to.thinking(_thought(thought), at, _id(at, "thinking"))
        calls = objects(message, "toolCalls")
        for count, call in enumerate(calls, 1):
            self._call(call, text(call, "id") or _id(at, f"call-{count}"), at)
        usage = self._speak(message, at, bool(thoughts), bool(calls))
        self._to.tokens(usage, at, _id(at, "usage"))

    def _speak(self, message: Message, at: At, has_thoughts: bool, has_calls: bool) -> Usage:
        """Tell the parts of an answer in order. Return its tokens if no words carry them."""
        usage, words = _usage(message), list[str]()
        for part in genai.parts(_content(message)):
            if genai.is_thought(part):
                self._to.thinking("" if has_thoughts else genai.words(part), at, _id(at, "thinking"))
            elif call := genai.call(part):
                usage = self._say(words, message, at, usage)
                words = []
                if not has_calls:
                    self._call(call, text(call, "id"), at)
            elif response := genai.response(part):
                self._responded(part, response, at)
            else:
                words.append(genai.words(part))
        return self._say(words, message, at, usage)

    def _say(self, words: list[str], message: Message, at: At, usage: Usage) -> Usage:
        joined = "\n".join(each for each in words if each)
        is_said = self._to.agent(joined, at, _id(at, "text"), usage, text(message, "model"))
        return Usage() if is_said else usage

    def _call(self, call: Message, call_id: str, at: At) -> None:
        name, arguments, display = text(call, "name"), call.get("args"), call.get("resultDisplay")
        answer = genai.answer(call.get("result"), display)
        status = text(call, "status")
        is_error = status != "success" if status in OVER else answer.is_error
        if not call_id or call_id not in self._called:
            self._called.add(call_id)
            self._to.call(name, arguments, at, call_id, action=genai.made(name, arguments, display, is_error))
        is_over = status in OVER or call.get("result") is not None
        if is_over and not (call_id and call_id in self._answered):
            self._answered.add(call_id)
            self._to.result(
                answer.words,
                at,
                call_id,
                name=name,
                is_error=is_error,
                exit_code=answer.exit_code,
                diff=text(mapping(display), "fileDiff"),
                content=answer.content,
            )

    def _notice(self, message: Message, at: At) -> None:
        self._to.system(genai.said(genai.parts(_content(message))), at, at.group)

    def _error(self, message: Message, at: At) -> None:
        if words := genai.said(genai.parts(_content(message))):
            self._to.custom("error", words, at, at.group)

    def _compacted(self, message: Message, at: At) -> None:
        self._to.compacted(text(message, "content"), at, at.group)


_HANDLERS: Mapping[str, Callable[[Teller, Message, At], None]] = {
    "user": Teller._user,
    **dict.fromkeys(("gemini", "tabnine", "qwen", "model", "assistant"), Teller._model),
    **dict.fromkeys(("info", "warning"), Teller._notice),
    "error": Teller._error,
    COMPACTED: Teller._compacted,
}


def _content(message: Message) -> Any:
    return message.get("content", message.get("parts"))


def _schema(message: Message) -> str:
    has_parts = isinstance(_content(message), list | dict)
    return JSON_SCHEMAS[2 if objects(message, "toolCalls") else 1 if has_parts else 0]


def _id(at: At, part: str) -> str:
    return f"{at.group}-{part}" if at.group else ""


def _thought(thought: Message) -> str:
    subject, words = text(thought, "subject"), text(thought, "description")
    return f"**{subject}**\n{words}" if subject and words else subject or words


def _usage(message: Message) -> Usage:
    tokens = mapping(message, "tokens")
    return Usage(
        input_tokens=number(tokens, "input", "input_tokens") or 0,
        output_tokens=number(tokens, "output", "output_tokens") or 0,
        cache_read_tokens=number(tokens, "cached") or 0,
        reasoning_tokens=number(tokens, "thoughts") or 0,
    )
