"""From the records of Qwen Code to events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parsers import genai
from parsers.fields import joined, mapping, moment, number, objects, text
from parsers.qwen_code.branch import TYPES, Record
from parsers.transcript import At, Transcript, Usage

INJECTED = ("<qwen:", "<session_context>", "<hook_context>", "<environment_context>")
REFERENCED = "\n--- Content from referenced files ---"

NOT_TYPED = frozenset({"notification", "background_task_completed", "cron", "goal_runtime", "agent_launch_prompt"})
"""Kinds of user records that the tool wrote itself."""

NOT_A_USER = frozenset({"system", "goal_control", "goal_runtime"})

SILENT = frozenset(
    [
        "agent_bootstrap",
        "agent_retry",
        "agent_session_ready",
        "at_command",
        "attribution_snapshot",
        "branch_checkpoint",
        "custom_title",
        "file_history_snapshot",
        "goal_state",
        "goal_turn_end",
        "omni_recall",
        "parent_session",
        "rewind",
        "session_approval_mode",
        "session_artifact_event",
        "session_artifact_snapshot",
        "session_execution_engine",
        "session_model",
        "session_notes",
        "session_source",
        "session_sources_snapshot",
        "turn_result",
        "ui_telemetry",
        "user_text_elements",
    ]
)
"""Kinds of system records that are understood and tell nothing that happened: settings, titles, snapshots."""

SUBAGENTS = "subagents"


class Teller:
    """Tells the records of a log. What is known of the session is learnt from those that stand."""

    def __init__(self, to: Transcript, path: Path, records: Sequence[Record]) -> None:
        self._to = to
        self._records = records
        self._results = {text(told, "callId"): told for each in records if (told := mapping(each, "toolCallResult"))}
        first = next((record for record in records if text(record, "type") in TYPES), {})
        self._learn_whose(first, path)

    def _learn_whose(self, first: Record, path: Path) -> None:
        """Learn whose log it is: a subagent's has the session of its parent in each record."""
        facts, session = self._to.facts, text(first, "sessionId")
        if first.get("isSidechain") is True or path.parent.parent.name == SUBAGENTS:
            facts.session_id = text(first, "agentId") or path.stem
            facts.parent_session_id = session
            facts.is_auxiliary = True
        else:
            facts.session_id = session

    def tell(self, standing: Iterable[bool]) -> None:
        """Write the events of the records that stand, and count the others."""
        out = self._to.out
        for record, stands in zip(self._records, standing, strict=True):
            kind = _kind(record)
            out.record(kind, record)
            if not stands:
                out.ignore(kind)
                continue
            made, skipped = self._to.facts.made, len(out.skipped)
            self._record(record, kind)
            if self._to.facts.made == made and len(out.skipped) == skipped and kind not in out.skipped:
                out.ignore(kind)

    def _record(self, record: Record, kind: str) -> None:
        self._learn(record)
        handler = _HANDLERS.get(text(record, "type"))
        if handler is None:
            self._to.out.skip(kind)
        else:
            marks = {"sidechain": True} if record.get("isSidechain") is True else {}
            handler(self, record, At(moment(record, "timestamp") or "", kind, text(record, "uuid"), marks))

    def _learn(self, record: Record) -> None:
        payload, facts = mapping(record, "systemPayload"), self._to.facts
        facts.learn(
            cwd=text(record, "cwd"),
            git_branch=text(record, "gitBranch"),
            version=text(record, "version"),
            parent_session_id=text(payload, "parentSessionId"),
            model=text(record, "model"),
        )
        if record.get("subtype") == "custom_title":
            facts.title = text(payload, "customTitle") or facts.title

    def _user(self, record: Record, at: At) -> None:
        payload = mapping(record, "systemPayload")
        if text(record, "subtype") in NOT_TYPED or text(record, "provenance") in NOT_A_USER:
            self._to.system(text(payload, "displayText") or genai.said(parts(record)), at, at.group)
            return
        found = [words for part in parts(record) if (words := genai.words(part))]
        injected = [words for words in found if words.lstrip().startswith(INJECTED)]
        typed, mark, more = "\n".join(words for words in found if words not in injected).partition(REFERENCED)
        self._to.user(text(payload, "displayText") or typed, at, at.group)
        for words in (f"{mark}{more}", *injected):
            self._to.system(words, at, _id(at, "context"))

    def _assistant(self, record: Record, at: At) -> None:
        usage, model = _usage(mapping(record, "usageMetadata")), text(record, "model")
        for part in parts(record):
            if genai.is_thought(part):
                self._to.thinking(genai.words(part), at, _id(at, "thinking"))
            elif call := genai.call(part):
                self._call(call, at)
            elif self._to.agent(genai.words(part), at, _id(at, "text"), usage, model):
                usage = Usage()
        self._to.tokens(usage, at, _id(at, "usage"))

    def _call(self, call: Record, at: At) -> None:
        name, arguments, call_id = text(call, "name"), call.get("args"), text(call, "id")
        told = mapping(self._results.get(call_id))
        action = genai.made(name, arguments, told.get("resultDisplay"), _has_failed(told))
        self._to.call(name, arguments, at, call_id, action=action)

    def _result(self, record: Record, at: At) -> None:
        told = mapping(record, "toolCallResult")
        answers = [part for part in parts(record) if genai.response(part)]
        more = [part for part in parts(record) if not genai.response(part)]
        for part in answers:
            answer = genai.answer([part, *more], told.get("resultDisplay"))
            self._to.result(
                answer.words,
                at,
                text(genai.response(part), "id") or text(told, "callId"),
                name=text(genai.response(part), "name"),
                is_error=_has_failed(told) or answer.is_error,
                exit_code=answer.exit_code,
                content=answer.content,
            )

    def _system(self, record: Record, at: At) -> None:
        subtype, payload = text(record, "subtype"), mapping(record, "systemPayload")
        event = mapping(payload, "uiEvent")
        if subtype == "chat_compression":
            history = objects(payload, "compressedHistory")
            self._to.compacted(genai.said(genai.parts(history[0].get("parts"))) if history else "", at, at.group)
        elif subtype == "slash_command":
            self._to.system(_of_command(payload), at, at.group)
        elif subtype == "notification":
            self._to.system(text(payload, "displayText"), at, at.group)
        elif text(event, "event.name").endswith("api_error"):
            words = text(event, "error_message", "error.message", "error") or "the model could not be reached"
            self._to.custom("error", words, at, at.group)
        elif subtype not in SILENT:
            self._to.out.skip(at.raw)


_HANDLERS: Mapping[str, Callable[[Teller, Record, At], None]] = {
    "user": Teller._user,
    "assistant": Teller._assistant,
    "tool_result": Teller._result,
    "system": Teller._system,
}


def parts(record: Record) -> list[genai.Part]:
    """Return the parts of a record's message. Some logs have blocks in their place, as Anthropic's API does."""
    message = mapping(record, "message")
    if isinstance(message.get("parts"), list):
        return genai.parts(message["parts"])
    return [_part(block) for block in genai.parts(message.get("content", ""))]


def _part(block: genai.Part) -> genai.Part:
    match block.get("type"):
        case "tool_use":
            return {"functionCall": {"id": block.get("id"), "name": block.get("name"), "args": block.get("input")}}
        case "tool_result":
            output: dict[str, Any] = {"output": joined(block.get("content"))}
            return {"functionResponse": {"id": block.get("tool_use_id"), "response": output}}
    return block


def _kind(record: Record) -> str:
    kind, subtype = text(record, "type") or "no type", text(record, "subtype")
    return f"{kind}:{subtype}" if subtype else kind


def _id(at: At, part: str) -> str:
    return f"{at.group}-{part}" if at.group else ""


def _has_failed(told: Record) -> bool:
    return text(told, "status") in ("error", "cancelled")


def _of_command(payload: Record) -> str:
    """Return a command that the user gave the tool, or what it showed for it."""
    if payload.get("phase") != "result":
        return text(payload, "rawCommand")
    return "\n".join(words for item in objects(payload, "outputHistoryItems") if (words := text(item, "text")))


def _usage(told: Record) -> Usage:
    """Return the tokens of an answer. Some providers count the thoughts among those of the answer, some apart."""
    given, made = number(told, "promptTokenCount", "inputTokens") or 0, number(told, "candidatesTokenCount") or 0
    thoughts = number(told, "thoughtsTokenCount") or 0
    made = made or number(told, "outputTokens") or 0
    is_apart = number(told, "totalTokenCount") != given + made
    return Usage(
        input_tokens=given,
        output_tokens=made + thoughts if is_apart else made,
        cache_read_tokens=number(told, "cachedContentTokenCount") or 0,
        reasoning_tokens=thoughts,
    )
