"""Antigravity: the transcript of its agent, one step per line (`spec/parsers.md` 2.22).

The step that answers the user, `PLANNER_RESPONSE`, lists the calls; each of the steps that follow is the result of the
next of them. Beside `transcript.jsonl`, which shortens what is long, lies one that does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opensession.hail.actions import Action, FileSearch
from parsers import genai
from parsers.base import Match, ParseError, Sample
from parsers.documents import OneThread, load_lines
from parsers.fields import decoded, joined, mapping, moment, number, objects, text
from parsers.transcript import At, Transcript, Usage

Step = dict[str, Any]

BRIEF, FULL = "transcript.jsonl", "transcript_full.jsonl"

PLANNER, REQUEST = "PLANNER_RESPONSE", "USER_INPUT"
HIDDEN = frozenset({"EPHEMERAL_MESSAGE", "KNOWLEDGE_ARTIFACTS"})
"""What the model is given beside the words of the user, and what nobody is shown."""

SYSTEM = frozenset({"CONVERSATION_HISTORY", "SYSTEM_MESSAGE"})
FAILED = frozenset({"error", "failed", "canceled", "cancelled", "invalid"})

_REQUEST = re.compile(r"<USER_REQUEST>(.*?)</USER_REQUEST>", re.DOTALL)
_METADATA = re.compile(r"<ADDITIONAL_METADATA>(.*?)</ADDITIONAL_METADATA>", re.DOTALL)
_MODEL = re.compile(r"changed setting `Model Selection` from .*? to ([^\n]+?)\.(?:\s|$)")
_EXIT = re.compile(r"exit code:? (-?\d{1,9})(?!\d)", re.IGNORECASE)
_DONE = "The command completed successfully."


class AntigravityParser(OneThread):
    tool, schema = "antigravity", "antigravity-jsonl-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the fields of a step."""
        records = sample.records
        if any(_is_step(record) for record in records):
            return Match(97, "steps of an Antigravity transcript")
        is_there = {"brain", "logs"} <= set(sample.path.parts)
        if is_there and any("source" in record and "created_at" in record for record in records):
            return Match(92, "steps without a type, in a folder of Antigravity")
        return None

    def fill(self, path: Path, to: Transcript) -> None:
        """Tell the steps; see `OneThread.fill`."""
        full = path.with_name(FULL)
        steps = list(load_lines(full if path.name == BRIEF and full.is_file() else path, to.out))
        if not any(_is_step(step) or "source" in step for step in steps):
            raise ParseError(path, 0, "holds no step of an Antigravity transcript")
        to.facts.session_id = session_of(path)
        for step in steps:
            _Step(step, to).tell()


def session_of(path: Path) -> str:
    """Return the session whose transcript a file is, told by its folder; nothing when it lies elsewhere."""
    logs = path.parent
    is_there = logs.name == "logs" and logs.parent.name == ".system_generated"
    return logs.parent.parent.name if is_there else ""


def _is_step(record: Step) -> bool:
    is_typed = text(record, "type").isupper() and bool(text(record, "source"))
    return is_typed and "step_index" in record and "created_at" in record


class _Step:
    """One line of a transcript."""

    def __init__(self, step: Step, to: Transcript) -> None:
        self._step, self._to = step, to
        self._source = text(step, "source").upper()
        self._type = text(step, "type") or _TYPES.get(self._source, "no type")
        self._words = joined(step.get("content")) if step.get("content") else ""
        count = number(step, "step_index")
        self._at = At(moment(step, "created_at") or "", self._type, "" if count is None else str(count))

    def tell(self) -> None:
        out, made = self._to.out, self._to.facts.made
        out.record(self._type, self._step)
        if not self._source and "step_index" not in self._step:
            out.skip(self._type)
            return
        (_HANDLERS.get(self._type) or self._handler())(self)
        if self._to.facts.made == made:
            out.ignore(self._type)

    def _handler(self) -> Callable[[_Step], None]:
        """Return what tells a step whose type is not listed: those of the model are what a tool gave back."""
        return _Step._notice if self._source == "SYSTEM" else _Step._tool

    def _request(self) -> None:
        found = _REQUEST.search(self._words)
        typed = _METADATA.sub("", found[1] if found else self._words)
        told = _METADATA.search(self._words)
        self._to.facts.learn(cwd=text(decoded(told[1]), "cwd") if told else "")
        if model := _MODEL.search(self._words):
            self._to.facts.model = model[1]
        self._to.user(typed.strip(), self._at)

    def _planner(self) -> None:
        # The model answers when all tools have ended: a call that has no result now never gets one.
        self._to.facts.calls.clear()
        self._to.thinking(text(self._step, "thinking"), self._at)
        usage = _usage(mapping(self._step, "usage"))
        is_said = self._to.agent(self._words, self._at, usage=usage, model=text(self._step, "model"))
        self._calls()
        if not is_said:
            self._to.tokens(usage, self._at)

    def _calls(self) -> None:
        for call in objects(self._step, "tool_calls"):
            name, arguments = text(call, "name"), plain(call.get("args"))
            self._to.facts.learn(cwd=text(arguments, "Cwd"))
            self._to.call(name, arguments, self._at, action=_action(name, arguments))

    def _tool(self) -> None:
        """Tell what a tool gave back. Some logs have the call in the same step."""
        self._calls()
        is_called = bool(self._to.facts.calls)
        self._to.result(
            self._words,
            self._at,
            name="" if is_called else self._type.lower(),
            is_error=text(self._step, "status").lower() in FAILED,
            exit_code=self._exit_code(),
        )

    def _exit_code(self) -> int | None:
        code = number(self._step, "exit_code")
        found = _EXIT.search(self._words)
        if code is not None or found is None:
            return 0 if code is None and _DONE in self._words else code
        return int(found[1])

    def _notice(self) -> None:
        self._to.system(self._words, self._at)

    def _hidden(self) -> None:
        pass

    def _checkpoint(self) -> None:
        self._to.compacted(self._words, self._at)

    def _error(self) -> None:
        if self._words:
            self._to.custom("error", self._words, self._at)


_TYPES: Mapping[str, str] = {"USER_EXPLICIT": REQUEST, "USER": REQUEST, "MODEL": PLANNER, "SYSTEM": "SYSTEM_MESSAGE"}
"""What a step without a type is, by its source."""

_HANDLERS: Mapping[str, Callable[[_Step], None]] = {
    REQUEST: _Step._request,
    PLANNER: _Step._planner,
    "CHECKPOINT": _Step._checkpoint,
    "ERROR_MESSAGE": _Step._error,
    **dict.fromkeys(SYSTEM, _Step._notice),
    **dict.fromkeys(HIDDEN, _Step._hidden),
}


def _action(name: str, arguments: Any) -> Action:
    if name.endswith("find_by_name"):
        return FileSearch(pattern=text(arguments, "Pattern") or "*")
    return genai.made(name, arguments)


def plain(arguments: Any) -> Any:
    """Return arguments as values. The brief transcript has each as JSON text, the full one as it is."""
    if not isinstance(arguments, dict) or not arguments:
        return arguments
    values = {name: decoded(value) if isinstance(value, str) else None for name, value in arguments.items()}
    is_text = all(value is not None for value in values.values())
    return values if is_text else arguments


def _usage(told: Step) -> Usage:
    return Usage(
        input_tokens=number(told, "input_tokens", "prompt_token_count") or 0,
        output_tokens=number(told, "output_tokens", "candidates_token_count") or 0,
        cache_read_tokens=number(told, "cached_content_token_count") or 0,
    )
