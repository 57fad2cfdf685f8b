"""Tool uses as SpecStory's Markdown shows them: made for people, differently for each agent and tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from parsers.transcript import At, Transcript

_NAMED = re.compile(r'<tool-use data-tool-type="([^"]*)" data-tool-name="([^"]*)">')
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_FIELD = re.compile(r"(?<!\S)(\w+):? `([^`\n]*)`")
_INPUT = re.compile(r"- ([\w.-]+): `(.*)`")
_LONG_INPUT = re.compile(r"- ([\w.-]+):")
_PATCHED = re.compile(r"\*\*(?:Add|Update|Edit|Delete|Move|Modify): `(.+)`\*\*")
_EDITED = re.compile(r"The file (.+?) has been (?:updated|created)")
_EXIT = re.compile(r"^(?:Process exited with code|Exit Code:) (-?\d{1,9})$", re.MULTILINE)

MAX_SUMMARY = 20_000
"""Characters in which the summary of a tool use ends."""

NO_SHELL = frozenset({"LS"})
"""Tools that are shown as a shell's, and that are given a path."""

IN_CODE = ("bash", "sh", "diff")
"""Languages of what a tool was given. What it gave back is in `text`, or in none."""


class Use(NamedTuple):
    """What is shown of one use of a tool. `result` is None where nothing is shown of it."""

    arguments: dict[str, str]
    result: str | None
    is_error: bool = False


def take_tool(words: str, at: At, to: Transcript) -> None:
    """Take the use of a tool; `words` end before the tag that closes it."""
    named = _NAMED.match(words)
    kind, name = (named[1], named[2]) if named else ("", "unknown")
    summary = _SUMMARY.search(words[:MAX_SUMMARY])
    lines = words[summary.end() if summary else 0 :].strip("\n").split("\n")
    shown = _CODE.findall(summary[1]) if summary else []
    uses = list(
        _generic(lines) if "**Input:**" in lines else _formatted(lines, kind == "shell" and name not in NO_SHELL, shown)
    )
    for use in uses:
        _write(name, use, at, to)


def _write(name: str, use: Use, at: At, to: Transcript) -> None:
    arguments = dict(use.arguments)
    if use.result and (edited := _EDITED.match(use.result)):
        arguments.setdefault("file_path", edited[1])
    to.call(name, arguments or None, at, id=at.group and f"{at.group}-call")
    if use.result is not None:
        ended = _EXIT.search(use.result)
        code = int(ended[1]) if ended else None
        part = at.group and f"{at.group}-result"
        to.result(use.result, at, id=part, name=name, is_error=use.is_error, exit_code=code)
    # A use without a result must not wait for that of another one.
    to.facts.calls.clear()


def _generic(lines: Sequence[str]) -> Iterator[Use]:
    """Yield a use that is shown as a list of inputs, and a result or an error below it."""
    end = next((at for at, line in enumerate(lines) if line in ("**Result:**", "**Error:**")), len(lines))
    result = _fenced(lines[end + 1 :]) if end < len(lines) else None
    yield Use(_inputs(lines[:end]), result, end < len(lines) and lines[end] == "**Error:**")


def _inputs(lines: Sequence[str]) -> dict[str, str]:
    """Return the inputs of a list: each on its line, or in a fence below its name."""
    found: dict[str, str] = {}
    name = ""
    fenced: list[str] | None = None
    for line in lines:
        if fenced is not None and line != "```":
            fenced.append(line)
        elif fenced is not None:
            found[name] = "\n".join(fenced)
            name, fenced = "", None
        elif name and line == "```":
            fenced = []
        elif short := _INPUT.fullmatch(line):
            found[short[1]] = short[2]
        elif long := _LONG_INPUT.fullmatch(line):
            name = long[1]
    return found


def _formatted(lines: Sequence[str], is_shell: bool, shown: Sequence[str]) -> Iterator[Use]:
    """Yield the uses that are shown in an agent's own way: one as a rule, one for each file of a patch."""
    start = _result_at(lines)
    given = lines[:start]
    result = _fenced(lines[start:]) if start < len(lines) else None
    patched = [at for at, line in enumerate(given) if _PATCHED.fullmatch(line)]
    for at, end in pairwise([*patched, len(given)]):
        yield Use({"path": _CODE.findall(given[at])[0], "diff": _code(given[at:end])}, result if end == start else None)
    if not patched:
        yield Use(_arguments(given, is_shell, shown), result)


def _result_at(lines: Sequence[str]) -> int:
    """Return the place of the fence that what a tool gave back begins with; the number of lines when there is none."""
    is_inside = False
    for at, line in enumerate(lines):
        if is_inside:
            is_inside = line != "```"
        elif line.startswith("```"):
            if line[3:].strip() not in IN_CODE:
                return at
            is_inside = True
    return len(lines)


def _arguments(lines: Sequence[str], is_shell: bool, shown: Sequence[str]) -> dict[str, str]:
    """Return what a tool was given: a command, a path, or the fields that are named before their values."""
    code = _code(lines)
    text = [line.strip() for line in lines if line.strip()]
    inline = next((line[1:-1] for line in text if len(line) > 2 and line[0] == line[-1] == "`"), "")
    fields = {name: value for line in text[:4] for name, value in _FIELD.findall(line) if name != "file"}
    if is_shell and (command := code or inline or next(iter(shown), "")):
        words = text[0] if text and not text[0].startswith("`") else ""
        return {"command": command} | ({"description": words} if words else {})
    if fields:
        return fields
    path = next(iter([*shown, *(found for line in text[:2] for found in _CODE.findall(line))]), "")
    return {"path": path} if path else {}


def _code(lines: Sequence[str]) -> str:
    """Return what stands in the first fence."""
    start = next((at for at, line in enumerate(lines) if line.startswith("```")), None)
    if start is None:
        return ""
    rest = list(lines[start + 1 :])
    return "\n".join(rest[: rest.index("```")] if "```" in rest else rest)


def _fenced(lines: Sequence[str]) -> str:
    """Return what stands between the first fence and the last one: there may be others in it."""
    fences = [at for at, line in enumerate(lines) if line.startswith("```")]
    if not fences:
        return "\n".join(lines).strip()
    last = fences[-1] if len(fences) > 1 else len(lines)
    return "\n".join(lines[fences[0] + 1 : last])
