"""What a call of Cline's or its kin's tools does: mostly one thing, with some tools several (`spec/parsers.md` 1.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensession.hail.actions import (
    Action,
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ImageGenerate,
    ShellCommand,
    WebFetch,
)
from parsers.cline.markup import replaced, tagged
from parsers.codex import patches
from parsers.diffs import unified
from parsers.fields import decoded, items, mapping, objects, text
from parsers.toolcalls import usual

WORDS: Mapping[str, tuple[str, ...]] = {
    "ask_followup_question": ("question",),
    "ask_question": ("question",),
    "attempt_completion": ("result",),
    "plan_mode_respond": ("response",),
    "act_mode_respond": ("response",),
    "submit_and_exit": ("summary", "result"),
}
"""Tools that the model uses to speak to the user, and where its words stand."""

SUMMARIES = frozenset({"condense", "summarize_task"})
"""Tools that put a summary, their `context`, in the place of the conversation."""

MAX_ACTIONS = 64


def spoken(name: str, arguments: Any) -> str:
    """Return what a call says to the user, with the answers that it offers."""
    return "\n".join(part for part in (text(arguments, *WORDS[name]), *_offers(arguments)) if part)


def _offers(arguments: Any) -> list[str]:
    given = arguments.get("options", arguments.get("follow_up")) if isinstance(arguments, dict) else None
    if isinstance(given, str):
        found = decoded(given) if given.lstrip().startswith("[") else None
        given = found if isinstance(found, list) else tagged(given, "suggest")
    offers = [offer if isinstance(offer, str) else text(offer, "text", "answer") for offer in items(given)]
    return [f"- {offer}" for offer in offers if offer.strip()]


def actions(name: str, arguments: Any) -> list[Action]:
    """Return what a call does, in order; never nothing."""
    special = SPECIAL.get(name)
    found = special(arguments)[:MAX_ACTIONS] if special else []
    return found or [usual("bash" if name == "spawn_process" else name, arguments)]


def _reads(arguments: Any) -> list[Action]:
    """Return the files that are read. They may stand in tags, in an object, or in a list of either."""
    return [FileRead(path=path) for path in _paths(arguments)]


def _paths(arguments: Any) -> list[str]:
    if isinstance(arguments, str):
        return [arguments] if arguments.strip() else []
    if isinstance(arguments, list):
        return [path for each in arguments[:MAX_ACTIONS] for path in _path(each)]
    if path := _path(arguments):
        return path
    if in_tags := text(arguments, "args"):
        return [path for path in tagged(in_tags, "path") if path]
    fields = mapping(arguments)
    given = next((fields[key] for key in ("files", "file_paths", "paths") if key in fields), None)
    return _paths(given) if isinstance(given, str | list) else _path(given)


def _path(each: Any) -> list[str]:
    path = each if isinstance(each, str) else text(each, "path", "file_path")
    return [path] if path.strip() else []


def _edits(arguments: Any) -> list[Action]:
    """Return the files that blocks of search and replace change."""
    if in_tags := text(arguments, "args"):
        files = [{"path": _first(file, "path"), "diff": _first(file, "content")} for file in tagged(in_tags, "file")]
        return [edit for file in files for edit in _edits(file)]
    path, blocks = text(arguments, "path", "file_path"), text(arguments, "diff")
    return [FileEdit(path=path or "unknown", diff=replaced(blocks) or None)] if path or blocks else []


def _first(words: str, tag: str) -> str:
    return next(iter(tagged(words, tag)), "")


def _insertion(arguments: Any) -> list[Action]:
    path, words = text(arguments, "path"), text(arguments, "content")
    return [FileEdit(path=path, diff=unified("", words) or None)] if path else []


def _editor(arguments: Any) -> list[Action]:
    """Return what the one tool of the new Cline that writes files does: it replaces, inserts, or makes a file."""
    path = text(arguments, "path")
    if not path:
        return []
    old, new = mapping(arguments).get("old_text"), text(arguments, "new_text")
    if not isinstance(old, str) and mapping(arguments).get("insert_line") is None:
        return [FileCreate(path=path)]
    return [FileEdit(path=path, diff=unified(old if isinstance(old, str) else "", new) or None)]


def _patch(arguments: Any) -> list[Action]:
    given = arguments if isinstance(arguments, str) else text(arguments, "input", "patch")
    return [action for part in patches.files(given) for action in _patched(part)]


def _patched(part: patches.FilePatch) -> list[Action]:
    if part.verb == "Add":
        return [FileCreate(path=part.path)]
    if part.verb == "Delete":
        return [FileDelete(path=part.path)]
    edit = FileEdit(path=part.path, diff=part.diff() or None)
    return [edit, FileCreate(path=part.moved)] if part.moved else [edit]


def _commands(arguments: Any) -> list[Action]:
    given = arguments.get("commands", arguments) if isinstance(arguments, dict) else arguments
    every = given if isinstance(given, list) else [given]
    return [ShellCommand(command=line) for each in every if (line := _command(each)).strip()]


def _command(each: Any) -> str:
    if isinstance(each, str):
        return each
    words = [text(each, "command", "cmd"), *(word for word in items(each, "args") if isinstance(word, str))]
    return " ".join(words).strip()


def _searches(arguments: Any) -> list[Action]:
    given = arguments.get("queries", arguments) if isinstance(arguments, dict) else arguments
    every = given if isinstance(given, list) else [given]
    return [CodeSearch(query=each) for each in every if isinstance(each, str) and each.strip()]


def _references(arguments: Any) -> list[Action]:
    return [CodeSearch(query=text(arguments, "regex", "content_pattern", "symbol", "query"))]


def _fetches(arguments: Any) -> list[Action]:
    return [WebFetch(url=url) for each in objects(arguments, "requests") if (url := text(each, "url"))]


def _image(arguments: Any) -> list[Action]:
    return [ImageGenerate(prompt=text(arguments, "prompt"))]


SPECIAL: Mapping[str, Callable[[Any], list[Action]]] = {
    **dict.fromkeys(("read_file", "simple_read_file", "read_files"), _reads),
    **dict.fromkeys(("apply_diff", "replace_in_file"), _edits),
    "insert_content": _insertion,
    "editor": _editor,
    "apply_patch": _patch,
    "run_commands": _commands,
    "search_codebase": _searches,
    "find_references": _references,
    "fetch_web_content": _fetches,
    "generate_image": _image,
}
