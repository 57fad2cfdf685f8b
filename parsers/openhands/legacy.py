"""The events of OpenHands before its SDK, as in a trajectory that a user downloads: actions and observations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opensession.hail.actions import Action
from parsers.fields import decoded, mapping, moment, number, objects, text
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]

SCHEMA = "openhands-trajectory-v1"
NOISE = ("thought", "translated_ipython_code", "impl_source", "confirmation_state", "blocking", "hidden", "is_input")
"""Arguments that the tool adds itself."""


def kind_of(event: Record) -> str:
    return text(event, "action", "observation") or "no action"


class Trajectory:
    """Writes the events of a session."""

    def __init__(self, to: Transcript) -> None:
        self.to = to
        self._paid: set[str] = set()

    def write(self, events: Iterable[Record]) -> None:
        """Write what happened, and count the events."""
        for event in events:
            kind = kind_of(event)
            self.to.out.record(kind, event)
            made = self.to.facts.made
            at = At(time=moment(event, "timestamp") or "", raw=kind, group=_response_id(event))
            if "action" in event:
                self._action(event, kind, at)
            else:
                self._observation(event, kind, at)
            if self.to.facts.made == made:
                (self.to.out.skip if kind == "no action" else self.to.out.ignore)(kind)

    def _action(self, event: Record, kind: str, at: At) -> None:
        args, native = mapping(event, "args"), _id(event)
        if kind in _SILENT:
            return
        if kind == "message":
            self._message(event, args, at, native)
        elif kind == "finish":
            self._say(text(args, "final_thought", "thought") or text(event, "message"), event, at, native)
        elif kind == "think":
            self.to.thinking(text(args, "thought"), at, native)
        elif kind == "condensation":
            self.to.compacted(text(args, "summary"), at, native)
        elif kind != "no action":
            self._say(text(args, "thought"), event, at, f"{native}-text")
            self._call(event, args, kind, at)

    def _message(self, event: Record, args: Record, at: At, native: str) -> None:
        words = text(args, "content") or text(event, "message")
        source = text(event, "source")
        if source == "user":
            self.to.user(words, at, native)
        elif source == "agent":
            self._say(words, event, at, native)
        else:
            self.to.system(words, at, native)

    def _say(self, words: str, event: Record, at: At, native: str) -> None:
        """Write what the agent said, with the tokens of its response, which may have led to several actions."""
        response = mapping(event, "tool_call_metadata", "model_response")
        key, usage = text(response, "id"), _usage(mapping(response, "usage"))
        if key in self._paid:
            usage = None
        elif key:
            self._paid.add(key)
        if not self.to.agent(words, at, native, usage, text(response, "model")) and usage:
            self.to.facts.learn(model=text(response, "model"))
            self.to.tokens(usage, at, f"{native}-tokens")

    def _call(self, event: Record, args: Record, kind: str, at: At) -> None:
        meta = mapping(event, "tool_call_metadata")
        call_id = text(meta, "tool_call_id") or _id(event)
        given = _arguments(meta) or {key: value for key, value in args.items() if key not in NOISE}
        self.to.call(text(meta, "function_name") or kind, given, at, call_id, action=_made(meta, kind, given))

    def _observation(self, event: Record, kind: str, at: At) -> None:
        cause = number(event, "cause")
        call_id = text(mapping(event, "tool_call_metadata"), "tool_call_id") or ("" if cause is None else str(cause))
        if kind == "agent_state_changed":
            self.to.system(text(mapping(event, "extras"), "reason"), at, _id(event))
        elif kind not in _SILENT and call_id in self.to.facts.calls:
            self._result(event, kind, text(event, "content"), at, call_id)
        elif kind == "error":
            self.to.system(f"error: {text(event, 'content', 'message')}", at, _id(event))

    def _result(self, event: Record, kind: str, words: str, at: At, call_id: str) -> None:
        extras = mapping(event, "extras")
        self.to.facts.learn(cwd=text(mapping(extras, "metadata"), "working_dir"))
        code = number(mapping(extras, "metadata"), "exit_code")
        code = number(extras, "exit_code") if code is None else code
        failed = kind in ("error", "user_rejected") or event.get("success") is False
        self.to.result(
            words,
            at,
            call_id,
            is_error=failed,
            exit_code=code if code is not None and code >= 0 else None,
            diff=_hunks(words) if kind == "edit" else "",
        )


def _made(meta: Record, kind: str, given: Any) -> Action | None:
    """Return what an action does that was not asked for by a tool call: its own name tells."""
    name = {"run": "bash", "browse": "fetch"}.get(kind, kind)
    return None if text(meta, "function_name") else usual(name, given)


def _arguments(meta: Record) -> Record:
    """Return the arguments as the model gave them."""
    choices = objects(meta, "model_response", "choices")
    calls = (call for choice in choices for call in objects(choice, "message", "tool_calls"))
    own = (call for call in calls if text(call, "id") == text(meta, "tool_call_id"))
    told = mapping(next(own, {}), "function").get("arguments")
    return mapping(decoded(told) if isinstance(told, str) else told)


def _usage(told: Record) -> Usage | None:
    usage = Usage(
        input_tokens=number(told, "prompt_tokens") or 0,
        output_tokens=number(told, "completion_tokens") or 0,
        cache_read_tokens=number(mapping(told, "prompt_tokens_details"), "cached_tokens") or 0,
        cache_write_tokens=number(told, "cache_creation_input_tokens") or 0,
        reasoning_tokens=number(mapping(told, "completion_tokens_details"), "reasoning_tokens") or 0,
    )
    return usage if usage.attributes() else None


def _response_id(event: Record) -> str:
    return text(mapping(event, "tool_call_metadata", "model_response"), "id")


def _id(event: Record) -> str:
    own = number(event, "id")
    return "" if own is None else str(own)


def _hunks(words: str) -> str:
    """Return a diff without the names of its files; nothing when the words are none."""
    at = words.find("\n@@ ")
    return f"{words[at + 1 :].rstrip()}\n" if words.startswith("--- ") and at >= 0 else ""


_SILENT = frozenset({"null", "recall", "system", "change_agent_state", "agent_condensation"})
