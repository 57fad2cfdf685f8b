"""The tools of Visual Studio's Copilot, and what they give back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensession.hail.actions import Action, FileCreate, FileDelete, FileEdit
from parsers.codex.patches import FilePatch, files
from parsers.fields import decoded, text
from parsers.toolcalls import usual

USUAL: Mapping[str, str] = {
    "get_file": "read_file",
    "get_web_pages": "fetch",
    "run_command_in_terminal": "run_command",
}
"""Tools by the names that most agents have for them."""
SAME: Mapping[str, str] = {"glob": "pattern", "queries": "query", "searchQueries": "query", "urls": "url"}
_WRAPPERS = frozenset({"content", "text", "output", "result", "value"})


def actions(name: str, given: Any) -> list[Action]:
    """Return what a call does: one action, or one for each file of a patch."""
    told = given if isinstance(given, dict) else {}
    if name == "apply_patch" and (parts := files(given if isinstance(given, str) else text(told, "patch", "input"))):
        return [_patched(part) for part in parts]
    named = {SAME[key]: _first(value) for key, value in told.items() if key in SAME}
    return [usual(USUAL.get(name, name), named | told if named else given)]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _patched(part: FilePatch) -> Action:
    if part.verb == "Add":
        return FileCreate(path=part.path)
    if part.verb == "Delete":
        return FileDelete(path=part.path)
    return FileEdit(path=part.path, diff=part.diff() or None)


def shown(result: Any) -> str:
    """Return the words that a tool gave back, out of the objects that they are wrapped into."""
    told = result if isinstance(result, str) else ""
    value = decoded(told) if told.lstrip()[:1] in ("{", "[") else result
    return told if isinstance(value, str) else _unwrapped(value, 8) or told


def _unwrapped(value: Any, depth: int) -> str:
    """Return the text inside of objects and lists that hold nothing else; else an empty string."""
    if isinstance(value, str) or not depth:
        return value if isinstance(value, str) else ""
    if isinstance(value, list):
        found = [_unwrapped(each, depth - 1) for each in value]
        return "\n".join(found) if all(found) else ""
    filled = {key.lower(): inner for key, inner in value.items() if inner} if isinstance(value, dict) else {}
    filled.pop("type", None)
    (key, inner) = next(iter(filled.items())) if len(filled) == 1 else ("", None)
    return _unwrapped(inner, depth - 1) if key in _WRAPPERS else ""
