"""Tell the files of Cline, of the agents that were forked from it, and whose of them a file is.

They share one layout and never say which of them wrote it. The folder they store in says so best, then what only one
of them writes; a folder that merely is called after one comes last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from parsers.fields import items, objects
from parsers.sample import Match, Sample

HISTORIES = ("api_conversation_history.json", "claude_messages.json")
"""What the model was sent, under its name and its former one."""
SCREEN, ITEM, METADATA, CONTEXT = "ui_messages.json", "history_item.json", "task_metadata.json", "context_history.json"
TASK_FILES = frozenset({*HISTORIES, SCREEN, ITEM, METADATA, CONTEXT, "_index.json"})

_STORES: Mapping[str, str] = {
    ".cline": "cline",
    "saoudrizwan.claude-dev": "cline",
    ".roocode": "roo-code",
    "rooveterinaryinc.roo-cline": "roo-code",
    "kilocode.kilo-code": "kilo-code",
    "ibm.bob-code": "bob",
}
_NAMES: Mapping[str, str] = {
    "cline": "cline",
    **dict.fromkeys(("roo", "roo-code", "roo-cline"), "roo-code"),
    **dict.fromkeys(("kilo", "kilocode", "kilo-code"), "kilo-code"),
    "bob": "bob",
}
_ROO = re.compile(
    r'"(?:roo_read_date|isProtected|apiProtocol|isSummary|condenseId|condenseParent|truncationParent'
    r'|checkpoint_saved|apiConfigName)"|# Current Mode\\+n<slug>'
)
_CLINE = re.compile(
    r'"(?:cline_read_date|conversationHistoryIndex|checkpoint_created|cwdOnTaskInitialization|modelInfo)"'
    r"|# Current Mode\\+n(?:ACT|PLAN) MODE"
)


class Found(NamedTuple):
    tool: str
    match: Match


def shape(document: Any) -> str:
    """Return what a document is by its form: history, screen, item, metadata or index; empty when none of these."""
    if isinstance(document, dict):
        return _shape_of_object(document)
    records = [record for record in items(document)[:8] if isinstance(record, dict)]
    if any(record.get("role") in ("user", "assistant", "tool") and "content" in record for record in records):
        return "history"
    if any(record.get("type") in ("ask", "say") and ("ask" in record or "say" in record) for record in records):
        return "screen"
    return "index" if any(_is_item(record) for record in records) else ""


def _shape_of_object(document: dict[str, Any]) -> str:
    if isinstance(document.get("files_in_context"), list) or {"taskId", "createdAt"} <= document.keys():
        return "metadata"
    if _is_item(document) or {"id", "createdAt", "lastModified", "model"} <= document.keys():
        return "item"
    if any(_is_item(entry) for entry in objects(document, "entries")[:8]):
        return "index"
    return "history" if document.get("version") == 2 and shape(document.get("messages")) == "history" else ""


def _is_item(record: dict[str, Any]) -> bool:
    return {"id", "task", "ts"} <= record.keys()


def whose(sample: Sample) -> Found | None:
    """Return whose file this is; None when it is of none of them."""
    is_task_file = sample.name in TASK_FILES
    if not (is_task_file or sample.name.endswith(".json")):
        return None
    form = shape(sample.document)
    if not form:
        return _context(sample)
    stored, named = _by_path(sample, _STORES), _by_path(sample, _NAMES)
    written = _by_content(sample, form) or (_by_times(sample, form) if is_task_file else "")
    if stored and is_task_file:
        return Found(stored, Match(96, f"{form} of a task, in the folder where {stored} stores them"))
    if written:
        sure = 95 if is_task_file or form != "history" else 80
        return Found(written, Match(sure, f"{form} of a task, with fields that only {written} writes"))
    if is_task_file or sample.name == "taskHistory.json":
        tool = named or "cline"
        return Found(tool, Match(85 if named else 70, f"{form} of a task, in a file named as {tool} names it"))
    return Found("cline", Match(70, "what the screen of Cline showed")) if form == "screen" else None


def _by_path(sample: Sample, names: Mapping[str, str]) -> str:
    """Return the tool that the folder nearest to the file names."""
    parts = reversed(sample.path.as_posix().lower().split("/")[:-1])
    return next((names[part] for part in parts if part in names), "")


def _by_content(sample: Sample, form: str) -> str:
    """Return the tool that alone writes what stands in the file."""
    if form == "history" and isinstance(sample.document, dict):
        return "roo-code"
    if _ROO.search(sample.text):
        return "roo-code"
    return "cline" if _CLINE.search(sample.text) else ""


def _by_times(sample: Sample, form: str) -> str:
    """Roo gives a time to every message of a history, and Cline none."""
    is_timed = form == "history" and any(isinstance(each.get("ts"), int) for each in objects(sample.document))
    return "roo-code" if is_timed else ""


def _context(sample: Sample) -> Found | None:
    """Return whose a file of changes to the context is: all that tells is that it lies beside a history."""
    if sample.name != CONTEXT or not isinstance(sample.document, list):
        return None
    beside = next((path for name in HISTORIES if (path := sample.path.with_name(name)).is_file()), None)
    found = whose(Sample(beside)) if beside else None
    return found and Found(found.tool, Match(60, f"lies beside a history of {found.tool}"))
