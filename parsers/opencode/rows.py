"""Messages of the table `session_message`, a row each, in the shape of the messages and parts before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from parsers.fields import joined, mapping, objects, text
from parsers.opencode.model import Message, Part, natural

SWITCHED = {"agent-switched": "agent", "model-switched": "model", "location-switched": "location"}


def message(id: str, kind: str, data: dict[str, Any], written: int) -> Message | None:
    """Return the message that a row of this kind is; None for one that is unknown."""
    reshaped = KINDS.get(kind)
    if reshaped is None:
        return None
    role, parts = reshaped(kind, data)
    numbered = [Part(f"{id}-{n}", part, natural(mapping(part, "time"), "start")) for n, part in enumerate(parts, 1)]
    return Message(id, data | {"role": role, "summary": None}, numbered, written, kind)


Reshaped = tuple[str, list[dict[str, Any]]]


def _user(kind: str, data: dict[str, Any]) -> Reshaped:
    files = [{**file, "type": "file"} for file in objects(data, "files")]
    return "user", [{"type": "text", "text": text(data, "text")}, *files]


def _assistant(kind: str, data: dict[str, Any]) -> Reshaped:
    return "assistant", [_content(each) for each in objects(data, "content")] + list(_retried(data))


def _content(content: dict[str, Any]) -> dict[str, Any]:
    times = _span(content)
    if text(content, "type") != "tool":
        return content | {"time": times}
    state = mapping(content, "state")
    output = joined(state.get("content")) if "content" in state else state.get("output")
    return {
        "type": "tool",
        "tool": text(content, "name"),
        "callID": text(content, "id"),
        "state": state | {"output": output},
        "time": times,
    }


def _span(record: dict[str, Any]) -> dict[str, int]:
    times = mapping(record, "time")
    return {"start": natural(times, "ran") or natural(times, "created"), "end": natural(times, "completed")}


def _retried(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if retry := mapping(data, "retry"):
        yield {"type": "retry", "error": retry.get("error"), "time": {"start": natural(retry, "at")}}


def _notice(kind: str, data: dict[str, Any]) -> Reshaped:
    return "system", [{"type": "text", "text": text(data, "text", "description")}]


def _switched(kind: str, data: dict[str, Any]) -> Reshaped:
    named = data.get(SWITCHED[kind])
    words = named if isinstance(named, str) else text(named, "id", "modelID", "directory", "path")
    return "system", [{"type": "text", "text": f"{SWITCHED[kind]} switched to {words}" if words else ""}]


def _shell(kind: str, data: dict[str, Any]) -> Reshaped:
    """Reshape a command that the user ran from the prompt."""
    output = data.get("output")
    told = {
        "status": "completed" if natural(mapping(data, "time"), "completed") else "running",
        "input": {"command": text(data, "command")},
        "output": output if isinstance(output, str) else text(output, "output", "text"),
        "metadata": {"exit": data.get("exit")},
    }
    call = {"type": "tool", "tool": "bash", "callID": text(data, "shellID", "callID"), "state": told}
    return "user", [call | {"time": _span(data)}]


def _compaction(kind: str, data: dict[str, Any]) -> Reshaped:
    summary = text(data, "summary")
    is_done = summary and text(data, "status") in ("", "completed")
    return "assistant", [{"type": "compaction", "summary": summary}] if is_done else []


def _idle(kind: str, data: dict[str, Any]) -> Reshaped:
    return "system", []


KINDS: Mapping[str, Callable[[str, dict[str, Any]], Reshaped]] = {
    "user": _user,
    "assistant": _assistant,
    "synthetic": _notice,
    "system": _notice,
    "skill": _notice,
    **dict.fromkeys(SWITCHED, _switched),
    "shell": _shell,
    "compaction": _compaction,
    "idle": _idle,
}
