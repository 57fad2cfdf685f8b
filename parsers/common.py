"""Small pure helpers that the parsers share (`spec/parsers.md` 1.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from opensession.hail.model import EMPTY, Code, Content, Text

ROLES: Mapping[str, str] = {
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "agent", "model", "gemini"), "assistant"),
    "system": "system",
    **dict.fromkeys(("thinking", "reasoning", "thought"), "thinking"),
}

TOOL_KINDS: Mapping[str, str] = {
    kind_name: kind
    for kind, names in {
        "file_read": "read read_file view cat open fileread readfile list_dir ls",
        "file_write": "edit write create delete apply_patch str_replace_editor edit_file reapply write_file fileedit",
        "shell": "bash shell exec_command run_terminal_cmd execute_command",
        "search": "grep search code_search grep_search file_search glob find",
        "web": "fetch browser",
    }.items()
    for kind_name in names.split()
}

LANGUAGES: Mapping[str, str] = {
    ending: language
    for language, endings in {
        "typescript": "ts tsx",
        "javascript": "js jsx",
        "python": "py",
        "rust": "rs",
        "go": "go",
        "java": "java",
        "kotlin": "kt gradle kts",
        "swift": "swift",
        "ruby": "rb",
        "cpp": "cpp c h hpp",
        "csharp": "cs",
        "css": "css scss",
        "html": "html svelte vue",
        "xml": "xml",
        "json": "json",
        "yaml": "yaml yml",
        "toml": "toml",
        "markdown": "md",
        "sql": "sql",
        "bash": "sh bash zsh",
        "diff": "diff",
        "properties": "properties",
    }.items()
    for ending in endings.split()
}
LANGUAGES_BY_NAME: Mapping[str, str] = {
    "Dockerfile": "bash",
    "Makefile": "bash",
    "Cargo.toml": "toml",
    "pyproject.toml": "toml",
}

MAX_TITLE = 80

NUMBERED_TOOLS = frozenset({"Read", "read_file", "read", "view"})
"""Tools whose result shows a file with a number before each line."""

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_ARROWS = re.compile(r"\n *[0-9]+→")
_NUMBERED = re.compile(r"\s*(\d+)(?:→|\| ?)(.*)", re.DOTALL)


def role(label: str) -> str | None:
    """Return `user`, `assistant`, `system` or `thinking` for any spelling in use."""
    return ROLES.get(label.strip().lower())


@cache
def tool_kind(name: str) -> str:
    """Return the `semantic.tool_kind` of a native tool name."""
    word = name.strip().lower()
    if kind := TOOL_KINDS.get(word):
        return kind
    if word.startswith("web"):
        return "web"
    return "task" if "task" in word or "subagent" in word else "other"


def language_of(path: str) -> str | None:
    """Return the language to highlight a file in, told by its name alone."""
    name = path.rsplit("/", 1)[-1]
    return LANGUAGES_BY_NAME.get(name) or LANGUAGES.get(name.rsplit(".", 1)[-1].lower())


def strip_reminders(text: str) -> str:
    """Return the trimmed text without what the harness put in for the model's eyes only."""
    if "<system-reminder>" in text:
        # Behind the last end nothing can match, and looking for it from each beginning would take forever.
        head, end, tail = text.rpartition("</system-reminder>")
        text = _REMINDER.sub("", head + end) + tail
    return text.strip()


def result_content(name: str, path: str | None, text: str) -> Content:
    """Return what a tool gave back: the file's code for a numbered reading, plain text else, nothing if blank."""
    words = strip_reminders(text)
    if not words:
        return EMPTY
    if name in NUMBERED_TOOLS and is_numbered(words):
        code, start = unnumbered(words)
        return Content(blocks=(Code(code=code, language=language_of(path) if path else None, start_line=start),))
    return Content(blocks=(Text(text=words),))


def is_numbered(text: str) -> bool:
    """Tell whether most of the first five lines carry a line number."""
    head = text.split("\n", 5)[:5]
    hits = sum(1 for line in head if not line.strip() or _NUMBERED.match(line))
    return hits >= 0.6 * len(head)


def unnumbered(text: str) -> tuple[str, int | None]:
    """Return the code without its line numbers, and the first number. Lines without a number are notes: dropped."""
    code, numbered = _ARROWS.subn("\n", f"\n{text}")
    if numbered > text.count("\n"):
        return code[1:].rstrip(), int(text[: text.index("→")])
    kept: list[str] = []
    start: int | None = None
    for line in text.split("\n"):
        if match := _NUMBERED.match(line):
            start = int(match[1]) if not kept else start
            kept.append(match[2])
        elif not line.strip():
            kept.append("")
    return "\n".join(kept).rstrip(), start


def short_title(text: str) -> str:
    """Return a user's words as a title: at most 80 characters, line breaks kept."""
    return text if len(text) <= MAX_TITLE else f"{text[: MAX_TITLE - 3]}..."
