"""What earlier versions of the editor kept: a document per session, and a `.chat` per run that says what was sent.

No message has a time. A session's document often has but a placeholder where the model answered.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from opensession.hail import times
from parsers.documents import OneThread, beside, load_object
from parsers.fields import items, joined, mapping, moment, objects, text
from parsers.transcript import At, Transcript

Record = dict[str, Any]

INDEX = "sessions.json"
PLACEHOLDER = "On it."
"""What stands for an answer that is elsewhere."""
PREAMBLE = "I will follow these instructions."
"""What the model is made to answer to the instructions."""
INJECTED = (
    "# Identity",
    "# System Prompt",
    "## Included Rules",
    "<identity>",
    "<implicit-rules>",
    "<kiro-ide-message>",
    "<user-rule",
    "<workflow-definition>",
    "CONTEXT TRANSFER:",
    "You are operating in a workspace",
)
"""How words begin that the user did not type."""
_WRAPPED = re.compile(r"<(EnvironmentContext|steering-reminder)>.*?(?:</\1>|\Z)", re.DOTALL)


class EditorSession(OneThread):
    tool, schema = "kiro", "kiro-editor-json-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        session = load_object(path)
        native, model = text(session, "sessionId"), text(session, "selectedModel", "defaultModelTitle")
        index = objects({"all": beside(path, INDEX)}, "all")
        listed = next((entry for entry in index if text(entry, "sessionId") == native), {})
        to.facts.learn(
            session_id=native,
            title=text(session, "title") or text(listed, "title"),
            cwd=text(session, "workspaceDirectory") or text(listed, "workspaceDirectory"),
            created=moment(session, "dateCreated") or moment(listed, "dateCreated"),
            model="" if model == "auto" else model,
        )
        for entry in items(session, "history"):
            message = mapping(entry, "message")
            at = At(raw=text(message, "role"), group=text(entry, "executionId"))
            _message(message, _completion(entry), at, to)
        to.facts.last = max(to.facts.last, to.facts.born, key=times.key)


def _completion(entry: Any) -> str:
    """Return what the log of the requests says that the model answered."""
    logs = mapping(entry).get("promptLogs")
    told = logs if isinstance(logs, list) else [logs]
    return "\n".join(words for log in told if (words := text(log, "completion")))


class Chat(OneThread):
    tool, schema = "kiro", "kiro-chat-json-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what was sent in a run, and what came. Only when it began and ended is known."""
        run = load_object(path)
        about, model = mapping(run, "metadata"), text(mapping(run, "metadata"), "modelId")
        to.facts.learn(
            session_id=text(run, "executionId") or path.stem,
            created=moment(about, "startTime"),
            updated=moment(about, "endTime"),
            model="" if model == "auto" else model,
        )
        if workflow := text(about, "workflowId"):
            to.facts.attributes["workflow_id"] = workflow
        messages = items(run, "chat")
        for place, message in enumerate(messages, 1):
            latest = to.facts.updated if place == len(messages) else ""
            marks = {"timestamp.estimated": True} if latest else {}
            _message(mapping(message), "", At(time=latest, raw=text(message, "role"), marks=marks), to)


def _message(message: Record, told: str, at: At, to: Transcript) -> None:
    """Read a message. `told` is what the model answered, where the message has a placeholder for it."""
    role, words, made = text(message, "role"), joined(message.get("content")).strip(), to.facts.made
    to.out.record(f"message:{role or 'no role'}", message)
    native = text(message, "id")
    match role:
        case "user" | "human":
            _sent(words, at, native, to)
        case "assistant" | "bot":
            said = told if words in ("", PLACEHOLDER) else words
            to.agent("" if said == PREAMBLE else said or words, at, native)
        case "tool" if words:
            to.result(words, at, id=native, name="tool")
        case "tool" | "system":
            to.system(words, at, native)
        case _:
            to.out.skip(f"role:{role or 'none'}")
            return
    if to.facts.made == made:
        to.out.ignore(f"message:{role}")


def _sent(words: str, at: At, native: str, to: Transcript) -> None:
    """Take what was sent as the user's, which is often the editor's own."""
    typed = _WRAPPED.sub("", words).strip()
    if typed.startswith(INJECTED):
        to.system(typed, at, native)
    else:
        to.user(typed, at, native)
