"""The tools of Kiro, which have other names in each of its versions, and what they give back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from opensession.hail.actions import Action, CodeSearch, FileCreate, FileEdit, FileRead, FileSearch, ShellCommand
from parsers.diffs import unified
from parsers.fields import mapping, objects, text
from parsers.toolcalls import usual

Record = dict[str, Any]

PURPOSE = "__tool_use_purpose"
"""An argument of all tools that is a note for the screen."""
SHELLS = frozenset({"execute_bash", "execute_cmd", "execute_pwsh", "shell"})
READERS = frozenset({"fs_read", "read"})
WRITERS = frozenset({"fs_write", "write"})
USUAL: Mapping[str, str] = {
    "delete_file": "delete",
    "editCode": "edit",
    "file_search": "glob",
    "fs_append": "edit",
    "fs_ls": "ls",
    "list_directory": "ls",
    "readCode": "read_file",
    "readFile": "read_file",
    "readMultipleFiles": "read_file",
    "read_multiple_files": "read_file",
}
"""Tools by the names that most agents have for them."""
SAME: Mapping[str, str] = {"oldStr": "old_str", "newStr": "new_str", "targetFile": "path", "file": "path"}
_EXIT = re.compile(r"-?\d{1,9}").search


class Told(NamedTuple):
    """What a tool gave back."""

    words: str
    exit_code: int | None = None


def arguments(given: Any) -> Any:
    """Return the arguments of a call without the note for the screen."""
    return {key: value for key, value in given.items() if key != PURPOSE} if isinstance(given, dict) else given


def action(name: str, given: Any) -> Action:
    """Return what a call does; some tools do another thing with each command or mode."""
    told = {SAME.get(key, key): value for key, value in given.items()} if isinstance(given, dict) else {}
    if name in SHELLS:
        return ShellCommand(command=text(told, "command"))
    if name in READERS:
        return _reading(told)
    if name in WRITERS:
        return _writing(told)
    paths = told.get("paths")
    if isinstance(paths, list) and paths and isinstance(paths[0], str):
        told["path"] = told.get("path") or paths[0]
    return usual(USUAL.get(name, name), told or given)


def _reading(told: Record) -> Action:
    """Return what the first of several readings is."""
    operation = next(iter(objects(told, "operations")), told)
    path, mode = text(operation, "path"), text(operation, "mode").lower()
    if mode == "directory":
        return FileSearch(pattern=path or "*")
    if mode == "search":
        return CodeSearch(query=text(operation, "pattern"))
    images = operation.get("image_paths")
    if not path and isinstance(images, list) and images and isinstance(images[0], str):
        path = images[0]
    return FileRead(path=path or "unknown")


def _writing(told: Record) -> Action:
    command, path = text(told, "command"), text(told, "path") or "unknown"
    if command in ("", "create"):
        return FileCreate(path=path)
    new = text(told, "new_str", "content", "text", "file_text")
    return FileEdit(path=path, diff=unified(text(told, "old_str"), new) or None)


def result(content: Any) -> Told:
    """Return what the blocks of a result say. A shell's is an object of its outputs and how it ended."""
    blocks = content if isinstance(content, list) else [content]
    told = [_block(block) for block in blocks]
    codes = [each.exit_code for each in told if each.exit_code is not None]
    return Told("\n".join(each.words for each in told if each.words), codes[0] if codes else None)


def _block(block: Any) -> Told:
    if isinstance(block, str):
        return Told(block)
    if not isinstance(block, dict):
        return Told("")
    value = next((block[key] for key in ("Text", "text", "Json", "json", "data") if key in block), block)
    return Told(value) if isinstance(value, str) else _value(value)


def _value(value: Any) -> Told:
    """Return what a result says that is data: a shell's outputs, or the data itself."""
    if not isinstance(value, dict) or not value.keys() & {"stdout", "stderr", "exit_status"}:
        return Told(json.dumps(value, ensure_ascii=False) if value not in (None, {}, []) else "")
    found = _EXIT(str(value.get("exit_status", "")))
    words = "\n".join(filter(None, (text(value, "stdout").rstrip("\n"), text(value, "stderr").rstrip("\n"))))
    return Told(words, int(found[0]) if found else None)


def images(message: Any) -> str:
    """Return what stands for the pictures of a message, whose bytes stand in the log."""
    return "\n".join(f"[image {text(image, 'format') or 'file'}]" for image in objects(message, "images"))


def model_of(state: Any) -> str:
    """Return the model that a description of it names; none where Kiro chooses one for each request."""
    told = mapping(state, "model_info")
    name = text(told, "model_id", "modelId", "model_name")
    return "" if name == "auto" else name
