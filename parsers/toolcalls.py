"""Which HAIL action a tool call is: a table for an agent with tools of its own, and one that fits most others
(`spec/parsers.md` 1.7 and 1.8)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
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
    ToolCall,
    WebFetch,
    WebSearch,
)
from parsers.diffs import unified


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
    found = _told(arguments, keys) if isinstance(arguments, dict) else None
    return default if found is None else found


_PATHS = ("file_path", "filePath", "path", "absolute_path", "target_file", "TargetFile", "AbsolutePath", "filename")
_KEYS: Mapping[type[Action], tuple[str, tuple[str, ...], str]] = {
    FileRead: ("path", _PATHS, "unknown"),
    FileEdit: ("path", _PATHS, "unknown"),
    FileCreate: ("path", _PATHS, "unknown"),
    FileDelete: ("path", _PATHS, "unknown"),
    ShellCommand: ("command", ("command", "cmd", "CommandLine", "script"), ""),
    CodeSearch: ("query", ("pattern", "query", "regex", "Query"), ""),
    FileSearch: ("pattern", ("pattern", "glob_pattern", "query", "path"), "*"),
    WebSearch: ("query", ("query", "q"), ""),
    WebFetch: ("url", ("url", "Url", "prompt"), ""),
}
_NAMES: Mapping[type[Action], str] = {
    FileRead: "read readfile readfilerange readmanyfiles readfiles view viewfile viewimage lookat readmediafile "
    "open cat",
    FileEdit: "edit editfile multiedit replace replaceinfile strreplace strreplacefile strreplaceeditor searchreplace "
    "searchandreplace applydiff applypatch insertcontent replacestring replacestringinfile multireplacefilecontent "
    "replacefilecontent multireplacestring multireplacestringinfile insertedit inserteditintofile editexistingfile "
    "singlefindandreplace patch notebookedit",
    FileCreate: "write writefile writetofile create createfile createnewfile newfile",
    FileDelete: "delete deletefile deletepath removefile rm",
    ShellCommand: "bash shell terminal execute exec execcommand shellcommand shellexec runcommand runshellcommand "
    "executecommand runinterminal runterminal runterminalcmd runterminalcommand executebash powershell",
    CodeSearch: "grep grepsearch search searchfiles searchfilecontent codesearch codebasesearch searchcodebase "
    "findtextinfiles finder ripgrep rg",
    FileSearch: "glob find findfiles findpath filesearch fileglobsearch listfiles ls listdir listdirectory",
    WebSearch: "websearch googlewebsearch searchweb",
    WebFetch: "webfetch fetch fetchurl fetchurlcontent fetchwebpage readurl readurlcontent browse readwebpage",
}
_ADDED: Mapping[str, type[Action]] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_EDITORS = frozenset({"strreplaceeditor", "fileeditor", "texteditor"})
_EDITOR_COMMANDS: Mapping[str, type[Action]] = {
    "view": FileRead,
    "read": FileRead,
    "create": FileCreate,
    "write": FileCreate,
    **dict.fromkeys(("str_replace", "insert", "undo_edit", "edit"), FileEdit),
}
_NAMESPACES = ("developer__", "functions.", "copilot_", "builtin_", "default_api:")

KIND_WORDS: Mapping[type[Action], str] = {
    FileRead: "file_read",
    **dict.fromkeys((FileEdit, FileCreate, FileDelete), "file_write"),
    ShellCommand: "shell",
    **dict.fromkeys((CodeSearch, FileSearch), "search"),
    **dict.fromkeys((WebSearch, WebFetch), "web"),
}


def usual(name: str, arguments: Any) -> Action:
    """Return what a call does, told by the names that most agents use for their tools (`spec/parsers.md` 1.8)."""
    kind = _usual_kind(name, arguments)
    if kind is None:
        return ToolCall(name=name)
    if kind is ShellCommand:
        return ShellCommand(command=command_of(arguments))
    if kind is FileEdit:
        diff = diff_of(arguments)
        return FileEdit(path=_path_of(arguments), diff=diff or None)
    field, keys, default = _KEYS[kind]
    payload: dict[str, Any] = {field: _first_words(arguments, keys) or default}
    return kind(**payload)


def usual_kind(name: str, made: Action) -> str:
    """Return the `semantic.tool_kind` of a call that was read by `usual`."""
    return KIND_WORDS.get(type(made)) or _kind_word(name)


@lru_cache(maxsize=1024)
def _kind_word(name: str) -> str:
    word = name.lower()
    return "task" if any(part in word for part in ("task", "agent", "delegate")) else "other"


def command_of(arguments: Any) -> str:
    """Return the command line of a shell call; that of `["bash", "-lc", X]` is X."""
    value = arguments.get("command", arguments.get("cmd")) if isinstance(arguments, dict) else arguments
    if isinstance(value, list):
        words = [word for word in value if isinstance(word, str)]
        return " ".join(words[2:] if len(words) > 2 else words)
    return value if isinstance(value, str) else _first_words(arguments, _KEYS[ShellCommand][1])


_WRITTEN = (
    "content",
    "contents",
    "file_text",
    "text",
    "code",
    "file_content",
    "new_content",
    "CodeContent",
    "code_edit",
)


def written(arguments: Any) -> str:
    """Return what a call writes into a new file."""
    return _first_words(arguments, _WRITTEN)


def diff_of(arguments: Any) -> str:
    """Return the diff that an editing call asks for: of old and new text, of several such edits, or of a patch."""
    if not isinstance(arguments, dict):
        return ""
    edits = [arguments, *(edit for key in _EDITS for edit in _objects(arguments.get(key)))]
    diffs = [_replaced(edit) for edit in edits]
    return "".join(diffs) or _first_words(arguments, ("diff", "patch"))


_EDITS = ("edits", "replacements", "ReplacementChunks", "replacement_chunks")
_OLD = ("old_string", "old_str", "oldText", "old_text", "oldString", "old_content", "search", "TargetContent")
_NEW = ("new_string", "new_str", "newText", "new_text", "newString", "new_content", "replace", "ReplacementContent")


def _replaced(edit: Mapping[str, Any]) -> str:
    old, new = _told(edit, _OLD), _told(edit, _NEW)
    return unified(old, new) if old is not None and new is not None else ""


def _told(arguments: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        if isinstance(value := arguments.get(key), str):
            return value
    return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _usual_kind(name: str, arguments: Any) -> type[Action] | None:
    word = _plain(name)
    if word in _EDITORS and isinstance(arguments, dict):
        command = arguments.get("command")
        return _EDITOR_COMMANDS.get(command, FileEdit) if isinstance(command, str) else FileEdit
    return _ADDED.get(word)


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """Return the name of a tool without the ways in which agents spell it; an empty one for that of an MCP server."""
    word = name.lower()
    if word.startswith(("mcp__", "mcp_")):
        return ""
    for namespace in _NAMESPACES:
        word = word.removeprefix(namespace)
    return word.replace("-", "").replace("_", "").replace(" ", "")


def _path_of(arguments: Any) -> str:
    if found := _first_words(arguments, _PATHS):
        return found
    patch = (
        arguments
        if isinstance(arguments, str)
        else _first_words(arguments, ("patch", "input", "diff", "patch_text", "patchText"))
    )
    return next((path for line in patch.split("\n") if (path := _patched(line))), "unknown")


def _patched(line: str) -> str:
    """Return the path that a line of a patch names."""
    for start in ("*** Update File:", "*** Add File:", "*** Delete File:", "+++ "):
        if line.startswith(start):
            return line.removeprefix(start).strip().strip("\"'").removeprefix("b/")
    return ""


def _first_words(arguments: Any, keys: tuple[str, ...]) -> str:
    """Return the first of the named arguments that is text and not blank."""
    if isinstance(arguments, dict):
        for key in keys:
            if (value := arguments.get(key)) and isinstance(value, str) and not value.isspace():
                return value
    return ""
