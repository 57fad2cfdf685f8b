"""Calls and results that stand as text in the messages of Cline and its kin (`spec/parsers.md` 2.6).

Until they used the tool calls of the model's maker, they had the model write calls as tags, and told the results to it
in the words of the user. What the user did type stands in tags as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers.diffs import unified

_NAMES = (
    "access_mcp_resource act_mode_respond apply_diff apply_patch ask_followup_question attempt_completion "
    "browser_action codebase_search condense custom_tool delete_file edit edit_file execute_command "
    "fetch_instructions find_references focus_chain generate_explanation generate_image insert_content "
    "list_code_definition_names list_files load_mcp_documentation new_rule new_task plan_mode_respond "
    "read_command_output read_file replace_in_file report_bug run_slash_command search_and_replace search_files "
    "search_replace simple_read_file skill spawn_process summarize_task switch_mode update_todo_list use_mcp_tool "
    "use_skill use_subagents web_fetch web_search write_to_file"
)
TOOLS = frozenset(_NAMES.split())
MAX_CALLS, MAX_FIELDS, MAX_HEAD = 64, 32, 100_000
"""Calls in one text, fields of one call, characters of the heading of a result (it may repeat a command)."""

_OPENS = re.compile(rf"(?:\A|(?<=\n))[ \t]*<({'|'.join(sorted(TOOLS))})>")
_FIELD = re.compile(r"<([a-z_]+)>")
_LONG = frozenset({"args", "content", "diff", "result", "replace", "search"})
"""Fields that may hold tags of their own, so that the last closing tag is theirs."""
_HEADING = re.compile(r"\[([\w-]+)(?=\]| for |\.)")
_RESULT = "] Result:"
_CUT = "\n\n[Response interrupted by "
"""How the notice begins that is put behind what was cut off."""


class Call(NamedTuple):
    name: str
    arguments: dict[str, Any]


class Result(NamedTuple):
    """The heading of a result: the tool, and what stands behind the heading already."""

    name: str
    words: str


def parted(text: str) -> tuple[str, str, list[Call]]:
    """Return what the model thought, said and called in one text."""
    thought, text = _thought(text)
    said: list[str] = []
    calls: list[Call] = []
    at = 0
    while (found := _OPENS.search(text, at)) and len(calls) < MAX_CALLS:
        body, end = _body(text, found[1], found.end())
        said.append(text[at : found.start()])
        calls.append(Call(found[1], _fields(body)))
        at = end
    said.append(text[at:])
    return thought, "\n\n".join(part for each in said if (part := each.strip())), calls


def _thought(text: str) -> tuple[str, str]:
    head = text.lstrip()
    if not head.startswith("<thinking>"):
        return "", text
    thought, _, rest = head.removeprefix("<thinking>").partition("</thinking>")
    return thought, rest


def _body(text: str, name: str, start: int) -> tuple[str, int]:
    """Return what stands inside of a call's tags, and where it ends; a call that was cut off ends with the text."""
    close = f"</{name}>"
    end = text.find(close, start) if text.find(f"<{name}>", start) >= 0 else text.rfind(close, start)
    if end >= 0:
        return text[start:end], end + len(close)
    cut = text.find(_CUT, start)
    return (text[start:], len(text)) if cut < 0 else (text[start:cut], cut)


def _fields(body: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    at = 0
    while (found := _FIELD.search(body, at)) and len(fields) < MAX_FIELDS:
        close = f"</{found[1]}>"
        end = (body.rfind if found[1] in _LONG else body.find)(close, found.end())
        end = len(body) if end < 0 else end
        fields[found[1]] = body[found.end() : end].removeprefix("\n").removesuffix("\n")
        at = end + len(close)
    return fields


def tagged(text: str, tag: str) -> list[str]:
    """Return what stands between each pair of such tags, trimmed."""
    return [inner.strip() for inner in _between(text, tag)]


def without(text: str, tag: str) -> str:
    """Return the text without such tags and all that stands between them."""
    kept: list[str] = []
    at = 0
    while (start := text.find(f"<{tag}>", at)) >= 0 and (end := text.find(f"</{tag}>", start)) >= 0:
        kept.append(text[at:start])
        at = end + len(tag) + 3
    return "".join(kept) + text[at:] if kept else text


def _between(text: str, tag: str) -> Iterator[str]:
    at = 0
    while (start := text.find(f"<{tag}>", at)) >= 0 and (end := text.find(f"</{tag}>", start)) >= 0:
        yield text[start + len(tag) + 2 : end]
        at = end


def heading(text: str) -> Result | None:
    """Return what `[read_file for 'a.py'] Result:` tells; None when the text does not begin so."""
    found = _HEADING.match(text)
    end = text.find(_RESULT, found.end(), MAX_HEAD) if found else -1
    return Result(found[1], text[end + len(_RESULT) :].strip()) if found and end >= 0 else None


_SEARCH = re.compile(r"(?:<{7}|-{7}) SEARCH>?\s*")
_REPLACE = re.compile(r"(?:>{7}|\+{7}) REPLACE>?\s*")
_PLACE = re.compile(r":(?:start|end)_line:.*|-{7}")


def replaced(blocks: str) -> str:
    """Return the diff of blocks of text to search and to put in its place; what is none of these is a diff itself."""
    parts = [unified("\n".join(old), "\n".join(new)) for old, new in _blocks(blocks)]
    return "".join(parts) if parts else blocks


def _blocks(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the lines of each block. A `=======` parts old from new; one more belongs to the new ones."""
    old: list[str] = []
    new: list[str] = []
    lines: list[str] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        if _SEARCH.fullmatch(line):
            old, new = [], []
            lines = old
        elif lines is old and line.rstrip() == "=======":
            lines = new
        elif lines is new and _REPLACE.fullmatch(line):
            yield old, new
            lines = None
        elif lines is not None and (lines is new or lines or not _PLACE.fullmatch(line)):
            lines.append(line)
