"""The tasks of Cline and its kin: a folder of JSON files each, which are read whole (`spec/parsers.md` 2.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from opensession.hail.actions import FileEdit, FileRead
from parsers.base import Document, Match, Output, ParseError, Sample, Thread
from parsers.cline import history
from parsers.cline.whose import HISTORIES, ITEM, METADATA, SCREEN, TASK_FILES, shape, whose
from parsers.documents import beside, load_json
from parsers.fields import items, mapping, moment, number, objects, stamp, text
from parsers.transcript import At, Facts, Transcript, born, header


class Task(Struct):
    """The files of a task, as far as they are there."""

    id: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    screen: list[dict[str, Any]] = field(default_factory=list)
    item: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


class TaskParser:
    """The format of one agent of the family. See `DocumentParser`."""

    tool: str

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by where a file lies and by what it holds; see `whose`."""
        found = whose(sample)
        return found.match if found and found.tool == self.tool else None

    @contextmanager
    def open(self, path: Path) -> Iterator[Document]:
        document = load_json(path)
        if path.name not in TASK_FILES and shape(document) == "" and not isinstance(document, list):
            raise ParseError(path, 0, "is JSON, but no task")
        is_index = shape(document) == "index"
        yield _Index(self.tool, path, document) if is_index else _One(self.tool, path, document)


class _One:
    """An open task."""

    def __init__(self, tool: str, path: Path, document: Any) -> None:
        self._tool, self._path, self._document = tool, path, document

    def threads(self) -> Mapping[str, str]:
        return {"": ""}

    def read(self, locator: str, out: Output) -> Thread:
        """Read the task; see `Document.read`."""
        return told(self._tool, task_of(self._path, self._document), self._path, out)


class _Index:
    """An open list of tasks. A task whose folder is gone is what the list tells of it."""

    def __init__(self, tool: str, path: Path, document: Any) -> None:
        self._tool, self._path = tool, path
        entries = objects(document) if isinstance(document, list) else objects(document, "entries")
        self._items = {text(entry, "id"): entry for entry in entries if text(entry, "id")}

    def threads(self) -> Mapping[str, str]:
        return {task: f"{item.get('ts')}:{item.get('size')}" for task, item in self._items.items()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a task of the list; see `Document.read`."""
        item = self._items[locator]
        log = self._log(locator)
        task = task_of(log, load_json(log)) if log else Task(locator)
        task.item = task.item or item
        return told(self._tool, task, self._path, out)

    def _log(self, id: str) -> Path | None:
        """Return the history of a task. Its id comes from a file, so it may not lead anywhere else."""
        if id in (".", "..") or set(id) & set("/\\\0:") or len(id) > 200:
            return None
        tasks = self._path.parent if self._path.name == "_index.json" else self._path.parent.parent / "tasks"
        logs = (tasks / id / name for name in (*HISTORIES, SCREEN))
        return next((log for log in logs if log.is_file()), None)


def task_of(path: Path, document: Any) -> Task:
    """Return the task whose folder a file lies in, or that the file alone is when it goes by another name."""
    if path.name not in TASK_FILES:
        return _placed(Task(path.stem), shape(document), document)
    task = Task(path.parent.name)
    _placed(task, "history", document if path.name in HISTORIES else beside(path, *HISTORIES))
    _placed(task, "screen", document if path.name == SCREEN else beside(path, SCREEN))
    _placed(task, "item", document if path.name in (ITEM, "_index.json") else beside(path, ITEM) or _listed(path))
    return _placed(task, "metadata", document if path.name == METADATA else beside(path, METADATA))


def _placed(task: Task, form: str, document: Any) -> Task:
    if form == "history":
        task.messages = objects(document if isinstance(document, list) else items(document, "messages"))
    elif form == "screen":
        task.screen = objects(document)
    elif form == "item":
        task.item = mapping(document)
    elif form == "metadata":
        task.metadata = mapping(document)
    return task


def _listed(path: Path) -> dict[str, Any]:
    """Return what the list of all tasks, which lies beside their folders, says about the task of a file."""
    if path.parent.parent.name != "tasks":
        return {}
    data = path.parent.parent.parent
    for folder in (data.parent, data):
        listed = objects(beside(folder / "state" / "_", "taskHistory.json"))
        if found := next((item for item in listed if item.get("id") == path.parent.name), None):
            return found
    return {}


def told(tool: str, task: Task, path: Path, out: Output) -> Thread:
    """Tell a task and return its thread."""
    facts = Facts(session_id=task.id, born=born(path))
    to = Transcript(tool, f"{tool}-tasks-v1", facts, out)
    _learn(task, facts)
    has_usage = history.tell(task.messages, task.screen, to)
    _learn_model(task, facts)
    if task.metadata:
        out.record("task metadata", task.metadata)
        _tell_files(task, to)
    if task.item:
        out.record("history item", task.item)
        _tell_item(task, has_usage, to)
    return Thread(header(tool, facts, path, task.id))


def _learn(task: Task, facts: Facts) -> None:
    item, metadata = task.item, task.metadata
    surroundings = mapping((items(metadata, "environment_history") or [None])[-1])
    facts.learn(
        title=text(item, "task") or text(metadata, "title"),
        cwd=text(item, "workspace", "cwdOnTaskInitialization", "cwd") or text(metadata, "cwd"),
        version=text(surroundings, "cline_version"),
        parent_session_id=text(item, "parentTaskId"),
        created=_created(task),
    )


def _created(task: Task) -> str | None:
    """Return when a task began; the folder of one is called after it, as a rule."""
    first = moment(task.screen[0], "ts") if task.screen else None
    is_time = task.id.isdecimal() and len(task.id) == 13
    named = stamp(int(task.id)) if is_time and task.id.isascii() else None
    return first or named or moment(task.metadata, "createdAt") or moment(task.item, "ts", "createdAt")


def _learn_model(task: Task, facts: Facts) -> None:
    used = mapping((items(task.metadata, "model_usage") or [None])[-1])
    known = mapping(task.metadata, "modelInfo")
    facts.learn(
        model=text(used, "model_id") or text(known, "id", "modelId") or text(task.item, "modelId", "model"),
        provider=text(used, "model_provider_id") or text(known, "provider", "providerId"),
        updated=moment(task.item, "ts", "lastModified"),
    )


def _tell_files(task: Task, to: Transcript) -> None:
    """Tell the files that the agent read and edited, where nothing else is left of a task."""
    made = to.facts.made
    if not (task.messages or task.screen):
        for entry in objects(task.metadata, "files_in_context"):
            _tell_file(entry, to)
    if to.facts.made == made:
        to.out.ignore("task metadata")


def _tell_file(entry: dict[str, Any], to: Transcript) -> None:
    path, source = text(entry, "path") or "unknown", text(entry, "record_source")
    edited, read = moment(entry, "roo_edit_date", "cline_edit_date"), moment(entry, "roo_read_date", "cline_read_date")
    if source.endswith("_edited") and edited and not source.startswith("user"):
        at = At(time=edited, raw=f"files_in_context:{source}")
        to.call(source, {"path": path}, at, action=FileEdit(path=path))
    elif source == "read_tool" and read:
        at = At(time=read, raw=f"files_in_context:{source}")
        to.call(source, {"path": path}, at, action=FileRead(path=path))


def _tell_item(task: Task, has_usage: bool, to: Transcript) -> None:
    """Tell the task itself where nothing else is left of it, and its tokens where no response tells its own."""
    made = to.facts.made
    at = At(time=moment(task.item, "ts") or "", raw="history item")
    if not (task.messages or task.screen):
        to.user(text(task.item, "task"), at, "history-item")
    totals = {
        "input_tokens_total": number(task.item, "tokensIn") or 0,
        "output_tokens_total": number(task.item, "tokensOut") or 0,
    }
    if not has_usage and any(count > 0 for count in totals.values()):
        to.custom("token_count", "", At(raw="history item"), "history-item-tokens", totals)
    if to.facts.made == made:
        to.out.ignore("history item")
