"""Which HAIL action a tool call is: one table per agent (`spec/parsers.md` 1.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from opensession.hail.actions import (
    Action,
    CodeSearch,
    FileCreate,
    FileEdit,
    FileRead,
    FileSearch,
    ShellCommand,
    ToolCall,
    WebFetch,
    WebSearch,
)


class Rule(NamedTuple):
    """Makes a `kind` whose `field` comes from the first of `keys` that holds text, else is `default`."""

    kind: type[Action]
    field: str
    keys: tuple[str, ...]
    default: str = ""


CLAUDE_CODE: Mapping[str, Rule] = {
    "Read": Rule(FileRead, "path", ("file_path",), "unknown"),
    "Edit": Rule(FileEdit, "path", ("file_path", "notebook_path"), "unknown"),
    "NotebookEdit": Rule(FileEdit, "path", ("file_path", "notebook_path"), "unknown"),
    "Write": Rule(FileCreate, "path", ("file_path",), "unknown"),
    "Bash": Rule(ShellCommand, "command", ("command",)),
    "Grep": Rule(CodeSearch, "query", ("pattern",)),
    "Glob": Rule(FileSearch, "pattern", ("pattern",), "*"),
    "WebSearch": Rule(WebSearch, "query", ("query",)),
    "WebFetch": Rule(WebFetch, "url", ("url",)),
}


def action(table: Mapping[str, Rule], name: str, arguments: Any) -> Action:
    """Return what the call `name` does; a tool that the table does not list is a plain `ToolCall`."""
    rule = table.get(name)
    if rule is None:
        return ToolCall(name=name)
    payload: dict[str, Any] = {rule.field: first_text(arguments, rule.keys, rule.default)}
    return rule.kind(**payload)


def first_text(arguments: Any, keys: tuple[str, ...], default: str = "") -> str:
    """Return the first of the named arguments that is text."""
    if isinstance(arguments, dict):
        for key in keys:
            value = arguments.get(key)
            if isinstance(value, str):
                return value
    return default
