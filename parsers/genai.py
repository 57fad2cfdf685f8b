"""Messages as Google's API has them: a text, a part, or a list of parts. Gemini CLI and what grew out of it log these
(`spec/parsers.md` 2.4 and 2.13)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from opensession.hail.actions import Action, FileCreate, FileEdit, FileRead, FileSearch
from opensession.hail.model import Content, Json
from parsers.diffs import hunks
from parsers.fields import items, mapping, number, placeholder, text
from parsers.toolcalls import usual

Part = dict[str, Any]

_NOTHING = "(none)"
"""What a shell's answer has where it has nothing to tell."""

# Some logs hold the line breaks of the answer as backslash and n.
_EXIT = re.compile(r"(?:^|\\n)Exit Code: (-?\d{1,9})(?!\d)", re.MULTILINE)


class Answer(NamedTuple):
    """What a tool gave back. `content` is set where it is data and no text."""

    words: str = ""
    is_error: bool = False
    exit_code: int | None = None
    content: Content | None = None


def parts(content: Any) -> list[Part]:
    """Return the parts of a message; a text is one part."""
    listed = content if isinstance(content, list) else [content]
    return [{"text": part} if isinstance(part, str) else part for part in listed if isinstance(part, str | dict)]


def is_thought(part: Part) -> bool:
    return part.get("thought") is True or part.get("type") == "thinking"


def call(part: Part) -> Part:
    """Return the call that a part is, an empty one when it is none."""
    return _typed(part, "functionCall", "function_call")


def response(part: Part) -> Part:
    """Return the answer of a tool that a part is, an empty one when it is none."""
    return _typed(part, "functionResponse", "function_response")


def _typed(part: Part, *kinds: str) -> Part:
    for kind in kinds:
        if kind in part and (inner := mapping(part[kind])):
            return inner
    return part if part.get("type") in kinds else {}


def words(part: Part) -> str:
    """Return the text of a part, or what stands for its picture or file; nothing for a call or an answer."""
    if said := text(part, "text", "thinking"):
        return said
    blob = mapping(part, "inlineData") or mapping(part, "inline_data")
    if blob:
        kind = text(blob, "mimeType", "mime_type").partition("/")[0]
        known = kind if kind in ("image", "audio", "video") else "file"
        return placeholder({"type": known, "mime_type": text(blob, "mimeType", "mime_type"), "data": blob.get("data")})
    if address := text(mapping(part, "fileData") or mapping(part, "file_data"), "fileUri", "file_uri"):
        return f"[file {address}]"
    return text(mapping(part, "executableCode"), "code") or text(mapping(part, "codeExecutionResult"), "output")


def said(listed: Iterable[Part]) -> str:
    """Return the words of some parts, one below the other."""
    return "\n".join(found for part in listed if (found := words(part)))


def answer(result: Any, display: Any = None) -> Answer:
    """Return what stands in the `result` of a call, else what was shown of it."""
    given = [_given(part) for part in parts(result)]
    texts = [each.words for each in given if each.words]
    data = [block for each in given if each.content for block in each.content.blocks]
    shown = display if isinstance(display, str) and not given else ""
    said_all = "\n".join(texts) or shown
    return Answer(
        said_all,
        any(each.is_error for each in given),
        next((each.exit_code for each in given if each.exit_code is not None), None) or _exit_code(said_all),
        Content(blocks=tuple(data)) if data and not texts else None,
    )


def _given(part: Part) -> Answer:
    """Return what one part of a result tells."""
    told = response(part)
    if not told:
        return Answer(words(part))
    given = told.get("response")
    error = text(given, "error")
    error = "" if error.strip() == _NOTHING else error
    texts = [text(given, "output", "content", "result", "llmContent"), error, *map(words, parts(told.get("parts")))]
    joined = "\n".join(each for each in texts if each)
    if not joined and isinstance(given, str):
        joined = given
    is_empty = given in (None, {}, "") or "output" in mapping(given)
    content = None if joined or is_empty else Content(blocks=(Json(data=given),))
    return Answer(joined, bool(error), number(given, "exitCode", "exit_code"), content)


def _exit_code(words: str) -> int | None:
    found = _EXIT.findall(words)
    return int(found[-1]) if found else None


def made(name: str, arguments: Any, display: Any = None, is_error: bool = False) -> Action:
    """Return what a call did. `display` is what the screen showed of its result: it has the true diff of an edit.

    One that failed changed nothing, so it has no diff.
    """
    action = usual(name, arguments)
    match action:
        case FileEdit() | FileCreate():
            return _changed(action, mapping(display), is_error)
        case FileSearch(pattern="*"):
            folder = text(arguments, "dir_path", "DirectoryPath", "directory")
            return FileSearch(pattern=folder) if folder else action
        case FileRead(path="unknown"):
            return FileRead(path=_paths(arguments) or "unknown")
    return action


def _changed(action: FileEdit | FileCreate, display: Mapping[str, Any], is_error: bool) -> Action:
    if is_error:
        return replace(action, diff=None) if isinstance(action, FileEdit) else action
    if display.get("isNewFile") is True:
        return FileCreate(path=action.path)
    told = text(display, "fileDiff")
    diff = hunks(told) if "@@" in told and display.get("fileDiffTruncated") is not True else None
    if isinstance(action, FileEdit):
        return replace(action, diff=diff or action.diff)
    was_there = display.get("isNewFile") is False or bool(text(display, "originalContent"))
    return FileEdit(path=action.path, diff=diff) if was_there else action


def _paths(arguments: Any) -> str:
    """Return the files that a call names which reads several."""
    listed = items(arguments, "paths") or items(arguments, "include") or items(arguments, "file_paths")
    return ", ".join(path for path in listed if isinstance(path, str))
