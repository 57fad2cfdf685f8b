"""Tables over event types and tools: which group, colour and sign each has. New types land in `tool` and `System`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parsers.registry import TOOLS


@dataclass(frozen=True, slots=True)
class Group:
    """Event types that a reader shows or hides together, with the key that does it."""

    key: str
    label: str
    kinds: frozenset[str]


_MEDIA = ("ImageGenerate", "VideoGenerate", "AudioGenerate")
_FILES = ("FileRead", "FileEdit", "FileCreate", "FileDelete", "FileSearch", "CodeSearch", "ShellCommand")

GROUPS = (
    Group("1", "Messages", frozenset({"UserMessage", "AgentMessage"})),
    Group("2", "Reasoning", frozenset({"Thinking"})),
    Group("3", "Tools", frozenset({"ToolCall", "ToolResult", "WebSearch", "WebFetch", *_MEDIA})),
    Group("4", "Files & shell", frozenset(_FILES)),
    Group("5", "System", frozenset({"SystemMessage", "TaskStart", "TaskEnd", "Custom"})),
)
SYSTEM = GROUPS[4]
_GROUP_OF = {kind: group for group in GROUPS for kind in group.kinds}

FLOWS = ("user", "agent", "tool", "system")
_FLOW_OF = {
    "UserMessage": "user",
    "AgentMessage": "agent",
    "Thinking": "agent",
    "TaskStart": "agent",
    "TaskEnd": "agent",
    "SystemMessage": "system",
    "Custom": "system",
}

ICONS = {
    "FileRead": "file",
    "FileCreate": "file",
    "FileEdit": "edit",
    "FileDelete": "trash",
    "ShellCommand": "prompt",
    "WebSearch": "search",
    "FileSearch": "search",
    "CodeSearch": "search",
    "WebFetch": "globe",
    "ImageGenerate": "picture",
    "TaskStart": "play",
    "TaskEnd": "stop",
    "ToolCall": "bolt",
    "ToolResult": "back",
}

NAMES = {
    "FileRead": "Read",
    "FileCreate": "Create",
    "FileEdit": "Edit",
    "FileDelete": "Delete",
    "ShellCommand": "Shell",
    "WebSearch": "Web search",
    "FileSearch": "Find files",
    "CodeSearch": "Search code",
    "WebFetch": "Fetch",
    "ImageGenerate": "Image",
    "VideoGenerate": "Video",
    "AudioGenerate": "Audio",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """An agent as pages name it; `badge` is its sign in small squares."""

    id: str
    label: str
    badge: str
    style: str


BADGES: Mapping[str, str] = {
    "claude-code": "C",
    "cursor": "Cu",
    "codex": "Cx",
    "opencode": "Oc",
    "cline": "Cl",
    "amp": "Ap",
    "gemini": "Ge",
}
"""The signs of the agents that have a colour of their own. All others have the first letters of their name."""


def group_of(kind: str) -> Group:
    return _GROUP_OF.get(kind, SYSTEM)


def flow_of(kind: str) -> str:
    return _FLOW_OF.get(kind, "tool")


def tool_of(id: str) -> Tool:
    known = TOOLS.get(id)
    label = known.label if known else id or "unknown"
    style = f"tool-{id}" if id in BADGES else "tool-other"
    return Tool(id, label, BADGES.get(id) or label[:2].capitalize(), style)


def grouped(kinds: Mapping[str, int]) -> dict[str, int]:
    """Return the number of events per group key. Results are not counted: they are read inside their calls."""
    totals = dict.fromkeys((group.key for group in GROUPS), 0)
    for kind, count in kinds.items():
        if kind != "ToolResult":
            totals[group_of(kind).key] += count
    return totals
