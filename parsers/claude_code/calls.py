"""From a `tool_use` block to its event, and to the note that waits for the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensession.hail.actions import Action, FileCreate, FileEdit, FileRead
from opensession.hail.model import Code, Content, Event, Json, Text
from parsers.claude_code.records import Block
from parsers.claude_code.state import Call, Turn
from parsers.common import language_of, tool_kind
from parsers.diffs import unified
from parsers.toolcalls import CLAUDE_CODE, action, first_text

SCHEMA = "claude-code-jsonl-v1"

EXIT, PATCH, AGENT = "exit", "patch", "agent"
"""What the result of a call may add to its event."""

WANTS: Mapping[str, str] = {"Bash": EXIT, "NotebookEdit": PATCH, "Task": AGENT, "Agent": AGENT}

PATHS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Read", "Write", "Edit", "NotebookEdit"), ("file_path", "notebook_path")),
    "Grep": ("path",),
}

TASK_WORDS: Mapping[str, str] = {"name": "agent", "subagent_type": "type", "team_name": "team", "mode": "mode"}


def call_event(block: Block, turn: Turn, model: str | None) -> Event:
    """Return the event of a tool call."""
    name = block.name or "unknown"
    return Event(
        event_id=block.id or f"{turn.uuid}-tool",
        timestamp=turn.at,
        action=_action(name, block.input),
        content=Content(blocks=CONTENT.get(name, _json)(block.input)),
        attributes=_attributes(block, name, turn, model),
    )


def pending(block: Block, made: Action, turn: Turn) -> Call:
    """Return what the result of this call will need; the number of the event is not known yet."""
    name = block.name or "unknown"
    wants = PATCH if name == "Edit" and isinstance(made, FileEdit) and made.diff is None else WANTS.get(name, "")
    path = first_text(block.input, PATHS[name]) or None if name in PATHS else None
    return Call(name, path, -1, wants, turn.is_replayed)


def file_path(made: Action) -> str | None:
    return made.path if isinstance(made, FileRead | FileEdit | FileCreate) else None


def _action(name: str, arguments: Any) -> Action:
    if name == "Edit" and isinstance(arguments, dict):
        return FileEdit(path=first_text(arguments, PATHS[name], "unknown"), diff=_diff(arguments))
    return action(CLAUDE_CODE, name, arguments)


def _diff(arguments: dict[str, Any]) -> str | None:
    old, new = arguments.get("old_string"), arguments.get("new_string")
    return unified(old, new) or None if isinstance(old, str) and isinstance(new, str) else None


def _attributes(block: Block, name: str, turn: Turn, model: str | None) -> dict[str, Any]:
    attributes = {
        **turn.marks,
        "source.schema_version": SCHEMA,
        "source.raw_type": "tool_use",
        "semantic.group_id": turn.uuid,
        "semantic.tool_kind": tool_kind(name),
        "tool_use_name": name,
    }
    if model:
        attributes["model"] = model
    if block.id:
        attributes["semantic.call_id"] = attributes["tool_use_id"] = block.id
    return attributes


def _json(arguments: Any) -> tuple[Json]:
    return (Json(data=arguments),)


def _path(arguments: Any) -> tuple[Text]:
    return (Text(text=first_text(arguments, ("file_path",), "unknown")),)


def _written(arguments: Any) -> tuple[Text | Code, ...]:
    path, words = first_text(arguments, ("file_path",), "unknown"), first_text(arguments, ("content",))
    return (Text(text=path), Code(code=words, language=language_of(path))) if words else (Text(text=path),)


def _command(arguments: Any) -> tuple[Text | Code, ...]:
    code = Code(code=first_text(arguments, ("command",)), language="bash")
    said = first_text(arguments, ("description",))
    return (Text(text=said), code) if said else (code,)


def _glob(arguments: Any) -> tuple[Text]:
    return (Text(text=first_text(arguments, ("pattern",), "*")),)


def _grep(arguments: Any) -> tuple[Text]:
    return (Text(text=first_text(arguments, ("pattern",))),)


def _task(arguments: Any) -> tuple[Text | Json, ...]:
    words = [f"{word}: {said}" for key, word in TASK_WORDS.items() if (said := first_text(arguments, (key,)))]
    if isinstance(arguments, dict) and arguments.get("run_in_background") is True:
        words.append("background")
    texts = [f"[{', '.join(words)}]"] if words else []
    texts += [said for key in ("description", "prompt") if (said := first_text(arguments, (key,)))]
    return tuple(Text(text=said) for said in texts) or _json(arguments)


CONTENT: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    **dict.fromkeys(("Read", "Edit"), _path),
    "Write": _written,
    "Bash": _command,
    "Glob": _glob,
    "Grep": _grep,
    "Task": _task,
}
