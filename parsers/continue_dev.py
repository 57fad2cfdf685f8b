"""Continue: a JSON document per session, with a list of all beside them (`spec/parsers.md` 2.16).

No message has a time of its own: the list tells when the session began, the file when it went on last.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from opensession.hail import times
from parsers.base import Match, Sample
from parsers.documents import OneThread, beside, load_object
from parsers.fields import amount, decoded, joined, mapping, moment, number, objects, text
from parsers.models import provider_of
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]

TOOL = "continue"
INDEX = "sessions.json"
KEYS = frozenset({"history", "sessionId", "workspaceDirectory"})
MOST_ATTACHED = 64

_EXIT_CODE = re.compile(r"exit code:? (-?[0-9]{1,9})\b").search


class ContinueParser(OneThread):
    tool, schema = TOOL, "continue-json-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the keys of a session."""
        return Match(90, "the keys of a Continue session") if sample.keys >= KEYS else None

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what happened in the session; see `OneThread.fill`."""
        session = load_object(path)
        to.out.document(session)
        _learn(session, path, to)
        items = [_Item(item, to) for item in objects(session, "history")]
        covered = {call for item in items for call in item.covered}
        for item in items:
            item.write(covered)
        if not any(item.usage for item in items) and (usage := _usage(mapping(session, "usage"))):
            to.tokens(usage, At(raw="usage"), "usage")
        to.facts.last = max(to.facts.last, to.facts.born, key=times.key)
        to.facts.learn(model=text(session, "chatModelTitle"))


def _learn(session: Record, path: Path, to: Transcript) -> None:
    native = text(session, "sessionId")
    listed = next((entry for entry in _index(path) if text(entry, "sessionId") == native), {})
    to.facts.learn(
        session_id=native,
        title=text(session, "title"),
        cwd=_folder(text(session, "workspaceDirectory")),
        created=moment(session, "dateCreated") or moment(listed, "dateCreated"),
    )


def _index(path: Path) -> list[Record]:
    return objects({"sessions": beside(path, INDEX)}, "sessions")


def _folder(told: str) -> str:
    return unquote(told.removeprefix("file://")) if told.startswith("file://") else told


class _Item:
    """An entry of the history: a message, with the calls that it made and what these gave back."""

    def __init__(self, item: Record, to: Transcript) -> None:
        self.item, self.to = item, to
        self.message = mapping(item, "message")
        self.role = text(self.message, "role") or "no role"
        self.id = text(self.message, "id")
        self.at = At(raw=self.role, group=self.id)
        self.states = objects(item, "toolCallStates")
        self.covered = [text(state, "toolCallId") for state in self.states]
        self.usage = _usage(mapping(self.message, "usage"))

    def write(self, covered: set[str]) -> None:
        """Write what the entry says. `covered` are the calls whose results stand elsewhere than in a message."""
        self.to.out.record(self.role, self.message)
        made = self.to.facts.made
        self._say(covered)
        if summary := text(self.item, "conversationSummary"):
            self.to.compacted(summary, self.at)
        if self.to.facts.made == made:
            is_known = self.role in ("user", "assistant", "thinking", "system", "tool")
            (self.to.out.ignore if is_known else self.to.out.skip)(self.role)

    def _say(self, covered: set[str]) -> None:
        words = _words(self.message.get("content"))
        if self.role == "user":
            self.to.user("\n".join([words, *self._attached()]), self.at, self.id)
        elif self.role == "thinking":
            self.to.thinking(words, self.at, self.id)
        elif self.role == "assistant":
            self._answer(words)
        elif self.role == "tool" and text(self.message, "toolCallId") not in covered:
            self.to.result(words, self.at, text(self.message, "toolCallId"))

    def _attached(self) -> list[str]:
        found = objects(self.item, "contextItems")[:MOST_ATTACHED]
        return [f"Attached file: {name}" for item in found if (name := text(item, "description", "name"))]

    def _answer(self, words: str) -> None:
        reasoning = mapping(self.item, "reasoning")
        self.to.thinking(text(reasoning, "text"), self.at, self.id and f"{self.id}-thinking")
        model = self._model()
        if not self.to.agent(words, self.at, self.id, self.usage, model) and self.usage:
            self.to.tokens(self.usage, self.at, self.id and f"{self.id}-tokens")
        for state in self.states:
            self._call(mapping(state, "toolCall"), state.get("parsedArgs"), text(state, "toolCallId"))
            self._result(state)
        for call in objects(self.message, "toolCalls"):
            if text(call, "id") not in self.covered:
                self._call(call, None, text(call, "id"))

    def _model(self) -> str:
        log: Record = next(iter(objects(self.item, "promptLogs")), {})
        model = text(log, "modelTitle") or text(mapping(log, "completionOptions"), "model")
        if model and provider_of(model) == "unknown":
            self.to.facts.learn(provider=text(log, "modelProvider"))
        return model

    def _call(self, call: Record, parsed: Any, call_id: str) -> None:
        function = mapping(call, "function")
        name, told = text(function, "name"), function.get("arguments")
        arguments = parsed or (decoded(told) if isinstance(told, str) else told) or told
        self.to.call(name, arguments, self.at, call_id, action=usual(name, _renamed(arguments)))

    def _result(self, state: Record) -> None:
        status, output = text(state, "status"), objects(state, "output")
        if status not in ("done", "errored"):
            return
        words = "\n".join(part for item in output if (part := text(item, "content")))
        told = "\n".join(text(item, "status") for item in output)
        code = _EXIT_CODE(told)
        exit_code = int(code[1]) if code else 0 if "Command completed" in told else None
        call_id = text(state, "toolCallId")
        self.to.result(words, self.at, call_id, is_error=status == "errored", exit_code=exit_code)


def _words(content: Any) -> str:
    """Return the words of a message; its pictures are called as nowhere else."""
    parts = content if isinstance(content, list) else [content]
    return joined([_image(part) if text(part, "type") == "imageUrl" else part for part in parts])


def _image(part: Record) -> Record:
    return {"type": "image", "source": {"url": text(mapping(part, "imageUrl"), "url")}}


def _renamed(arguments: Any) -> Any:
    """Return arguments with paths called as elsewhere."""
    if path := text(arguments, "filepath", "dirPath"):
        return {"path": path, **arguments}
    return arguments


def _usage(told: Record) -> Usage | None:
    details = mapping(told, "promptTokensDetails")
    usage = Usage(
        input_tokens=number(told, "promptTokens") or 0,
        output_tokens=number(told, "completionTokens") or 0,
        cache_read_tokens=number(details, "cachedTokens") or 0,
        cache_write_tokens=number(details, "cacheWriteTokens") or 0,
        cost_usd=amount(told, "totalCost", "cost"),
    )
    return usage if usage.attributes() else None
