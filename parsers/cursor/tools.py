"""The tools of Cursor's agent: what their calls do, and what their results say. They had several names over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from opensession.hail.actions import (
    Action,
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ShellCommand,
    WebFetch,
    WebSearch,
)
from opensession.hail.model import EMPTY, Content, Json, Text
from parsers.codex.patches import files
from parsers.diffs import Hunk, patch, unified
from parsers.fields import decoded, mapping, number, objects, text
from parsers.toolcalls import Rule, action, diff_of, usual

_NUMBERED: Mapping[int, str] = {
    3: "grep_search",
    5: "read_file",
    6: "list_dir",
    7: "edit_file",
    8: "file_search",
    9: "codebase_search",
    11: "delete_file",
    12: "reapply",
    15: "run_terminal_cmd",
    16: "fetch_rules",
    18: "web_search",
    19: "mcp",
    30: "read_lints",
    35: "todo_write",
    38: "apply_patch",
    40: "read_file",
    41: "grep",
    42: "glob_file_search",
}
"""What a tool is called that is logged with its number only (`spec/parsers.md` 2.7)."""

_PATH = (
    "target_file",
    "file_path",
    "path",
    "targetFile",
    "relativeWorkspacePath",
    "relative_workspace_path",
    "filePath",
)
_QUERY = ("pattern", "query", "search_term", "searchTerm", "search_query")
_GLOB = (
    "glob_pattern",
    "globPattern",
    "query",
    "pattern",
    "target_directory",
    "targetDirectory",
    "directoryPath",
    *_PATH,
)
_RULES: Mapping[str, Rule] = {
    name: rule
    for names, rule in (
        ("read readfile", Rule(FileRead, "path", _PATH, "unknown")),
        ("edit editfile reapply searchreplace strreplace applypatch multistrreplace", Rule(FileEdit, "path", _PATH)),
        ("editnotebook", Rule(FileEdit, "path", ("target_notebook", "targetNotebook", *_PATH), "unknown")),
        ("write createfile", Rule(FileCreate, "path", _PATH, "unknown")),
        ("delete deletefile", Rule(FileDelete, "path", _PATH, "unknown")),
        ("shell bash runterminalcmd runterminalcommand", Rule(ShellCommand, "command", ("command",))),
        ("grep grepsearch ripgreprawsearch ripgrepsearch search", Rule(CodeSearch, "query", _QUERY)),
        ("codebasesearch semanticsearch semanticsearchfull", Rule(CodeSearch, "query", _QUERY)),
        ("glob globfilesearch filesearch ls listdir", Rule(FileSearch, "pattern", _GLOB, "*")),
        ("websearch", Rule(WebSearch, "query", _QUERY)),
        ("webfetch", Rule(WebFetch, "url", ("url",))),
    )
    for name in names.split()
}
_EXIT_CODES = ("exitCodeV2", "exitCode", "exit_code")
_SHOWN = ("output", "contents", "content", "text", "message")
"""Where the result of a tool is words."""


def name_of(tool: Mapping[str, Any]) -> str:
    """Return what a tool is called, by its number where it has no name."""
    known = number(tool, "tool")
    return text(tool, "name") or ("unknown_tool" if known is None else _NUMBERED.get(known, f"tool_{known}"))


def made_by(name: str, arguments: Any) -> Action:
    """Return what a call does."""
    word = name.removesuffix("_v2").replace("_", "").replace("-", "").lower()
    if word not in _RULES:
        return usual(name, arguments)
    made = action(_RULES, word, arguments)
    if not isinstance(made, FileEdit):
        return made
    patched = files(arguments if isinstance(arguments, str) else text(arguments, "patch", "input"))
    path = made.path or (patched[0].path if patched else "unknown")
    if len(patched) == 1 and patched[0].verb != "Update":
        return FileCreate(path=path) if patched[0].verb == "Add" else FileDelete(path=path)
    asked = "".join(part.diff() for part in patched) or diff_of(arguments)
    return FileEdit(path=path, diff=asked or None)


def arguments_of(tool: Mapping[str, Any]) -> Any:
    """Return the arguments of a call: as the model gave them, else as Cursor understood them."""
    for key in ("rawArgs", "params"):
        told = tool.get(key)
        if isinstance(told, dict) and told:
            return told
        if isinstance(told, str) and told.strip() and (value := decoded(told)) not in (None, {}):
            return value
    return text(tool, "rawArgs") or None


def all_arguments(tool: Mapping[str, Any]) -> Any:
    """Return the arguments with those that only Cursor's own form of them has."""
    told = arguments_of(tool)
    understood = tool.get("params")
    more = decoded(understood) if isinstance(understood, str) else understood
    return {**more, **told} if isinstance(told, dict) and isinstance(more, dict) else told


class Told(NamedTuple):
    """What the result of a tool says. `content` stands where it is no words."""

    words: str = ""
    content: Content | None = None
    exit_code: int | None = None
    diff: str = ""


def told_by(result: Any, look_up: Callable[[str], str]) -> Told:
    """Return what a result says. `look_up` gives the content of a file that was logged apart, by its id."""
    value = decoded(result) if isinstance(result, str) and result.lstrip()[:1] in ("{", "[") else result
    if isinstance(value, str) or value is None:
        return Told(value or "")
    if not isinstance(value, dict):
        return Told(content=Content(blocks=(Json(data=value),)) if value else EMPTY)
    if (diff := _diff(value, look_up)) or "diff" in value:
        return Told(content=_text("Applied" if value.get("isApplied") is not False else "Not applied"), diff=diff)
    exit_code = next((code for key in _EXIT_CODES if (code := number(value, key)) is not None), None)
    if any(isinstance(value.get(key), str) for key in _SHOWN):
        return Told(text(value, *_SHOWN), exit_code=exit_code)
    return Told(content=Content(blocks=(Json(data=value),)) if value else EMPTY, exit_code=exit_code)


def _diff(result: dict[str, Any], look_up: Callable[[str], str]) -> str:
    if chunks := objects(mapping(result, "diff"), "chunks"):
        return patch(_hunk(chunk) for chunk in chunks)
    if after := text(result, "afterContentId"):
        before = text(result, "beforeContentId")
        return unified(look_up(before) if before else "", look_up(after))
    return ""


def _hunk(chunk: dict[str, Any]) -> Hunk:
    old, old_lines, new, new_lines = (
        number(chunk, key) or 0 for key in ("oldStart", "oldLines", "newStart", "newLines")
    )
    lines = text(chunk, "diffString").split("\n")
    return Hunk(old_start=old, old_lines=old_lines, new_start=new, new_lines=new_lines, lines=lines)


def _text(words: str) -> Content:
    return Content(blocks=(Text(text=words),))
