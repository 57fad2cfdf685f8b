"""VS Code Copilot Chat: a JSON document per session, or a line for each change of it (`spec/parsers.md` 2.12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opensession.hail.actions import Action, FileEdit, ShellCommand, ToolCall
from parsers.base import Match, ParseError, Sample
from parsers.documents import OneThread, load
from parsers.fields import decoded, joined, mapping, moment, number, objects, text
from parsers.jsonlines import objects as lines_of
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage
from parsers.vscode import folder_of, path_of

Record = dict[str, Any]

MOST_ITEMS = 100_000
"""Items of a list that a change may name: a line must not ask for a list of any size."""

SILENT = frozenset(
    {
        "prepareToolInvocation",
        "undoStop",
        "codeblockUri",
        "mcpServersStarting",
        "progressTaskSerialized",
        "progressMessage",
    }
    | {
        "references",
        "codeCitation",
        "confirmation",
        "command",
        "warning",
        "notebookEditGroup",
        "elicitation",
        "pullRequest",
    }
)
_LINK = re.compile(r"\[[^\]]*\]\((file://[^)]+)\)")


class VsCodeCopilotParser(OneThread):
    tool, schema = "vscode-copilot", "vscode-copilot-json-v3"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by a document of requests, or by the first change, which holds one."""
        told = sample.records[0] if sample.records else {}
        document = mapping(told, "v") if told.get("kind") == 0 else sample.document
        keys = frozenset(document) if isinstance(document, dict) else frozenset[str]()
        is_ours = "requests" in keys and not {"version", "sessionId", "responderUsername"}.isdisjoint(keys)
        return Match(92, "requests of a VS Code chat") if is_ours else None

    def fill(self, path: Path, to: Transcript) -> None:
        """Tell the requests of the session; see `OneThread.fill`."""
        session = _document(path, to)
        to.out.document(session)
        facts = to.facts
        facts.session_id = text(session, "sessionId")
        facts.title = text(session, "customTitle")
        facts.created = moment(session, "creationDate") or ""
        facts.updated = moment(session, "lastMessageDate") or ""
        facts.cwd = folder_of(path.parent)
        for request in objects(session, "requests"):
            to.out.record("request", request)
            _Request(request, to).tell()


class _Request:
    """What the user asked, and all that came back."""

    def __init__(self, request: Record, to: Transcript) -> None:
        self._request, self._to = request, to
        self._name = text(request, "requestId")
        self._told = mapping(request, "result", "metadata")
        self._words: list[str] = []
        self._edited: set[str] = set()
        self._is_billed = False

    def tell(self) -> None:
        request, to = self._request, self._to
        files = [text(each, "name") for each in objects(request, "variableData", "variables")]
        words = text(mapping(request, "message"), "text") or joined(mapping(request, "message").get("parts"))
        to.facts.said = to.facts.said or words
        to.user(
            "\n".join([words, *(f"Attached file: {name}" for name in files if name)]), self._at("request"), self._name
        )
        for item in objects(request, "response"):
            self._item(item)
        self._say()
        if failure := text(mapping(request, "result", "errorDetails"), "message"):
            to.custom("error", failure, self._at("error"))
        if request.get("isCanceled") is True:
            to.custom("turn_aborted", "canceled", self._at("canceled"))
        if not self._is_billed:
            to.tokens(self._usage(), self._at("request"))

    def _at(self, kind: str) -> At:
        at = moment(self._request, "timestamp") or ""
        marks = {"timestamp.estimated": True} if at and kind != "request" else {}
        return At(time=at, raw=kind, group=self._name, marks=marks)

    def _item(self, item: Record) -> None:
        kind = text(item, "kind") or "markdown"
        self._to.out.record(kind, item)
        if handler := ITEMS.get(kind):
            handler(self, item)
        else:
            (self._to.out.ignore if kind in SILENT else self._to.out.skip)(kind)

    def markdown(self, item: Record) -> None:
        self._words.append(text(item, "value") or text(mapping(item, "content"), "value") or joined(item.get("value")))

    def reference(self, item: Record) -> None:
        told = mapping(item, "inlineReference")
        self._words.append(path_of(told) or path_of(mapping(told, "location", "uri")) or text(told, "name"))

    def thinking(self, item: Record) -> None:
        self._say()
        self._to.thinking(joined(item.get("value")), self._at("thinking"))

    def edits(self, item: Record) -> None:
        """A group of edits comes in pieces: the file is named once."""
        self._say()
        path = path_of(item.get("uri")) or "unknown"
        if path not in self._edited:
            self._edited.add(path)
            self._to.call("textEditGroup", None, self._at("textEditGroup"), action=FileEdit(path=path))

    def call(self, item: Record) -> None:
        self._say()
        name, call_id = text(item, "toolId") or "unknown", text(item, "toolCallId")
        at = self._at("toolInvocationSerialized")
        arguments = _arguments(item)
        self._to.call(name, arguments, at, call_id, action=_action(name, arguments, item))
        self._to.result(_result(item), at, call_id, name=name, is_error=item.get("isConfirmed") is False)

    def _say(self) -> None:
        words = "".join(self._words).strip()
        self._words.clear()
        model = text(self._told, "resolvedModel") or text(self._request, "modelId").removeprefix("copilot/")
        usage = Usage() if self._is_billed else self._usage()
        if words and self._to.agent(words, self._at("markdown"), usage=usage, model=model):
            self._is_billed = True

    def _usage(self) -> Usage:
        counts = (number(self._told, "promptTokens"), number(self._told, "outputTokens"))
        return Usage(*(max(0, count or 0) for count in counts))


ITEMS: Mapping[str, Callable[[_Request, Record], None]] = {
    "markdown": _Request.markdown,
    "markdownContent": _Request.markdown,
    "markdownVuln": _Request.markdown,
    "inlineReference": _Request.reference,
    "thinking": _Request.thinking,
    "textEditGroup": _Request.edits,
    "toolInvocationSerialized": _Request.call,
    "toolInvocation": _Request.call,
}


def _arguments(item: Record) -> Record:
    """Return what is known of a call: its command, or the file that its message points to."""
    told = mapping(item, "toolSpecificData")
    command = text(mapping(told, "commandLine"), "original", "userEdited", "toolEdited") or text(told, "command")
    if command:
        return {"command": command}
    given = told.get("rawInput")
    return (given if isinstance(given, dict) else {}) | ({"path": path} if (path := _pointed_to(item)) else {})


def _pointed_to(item: Record) -> str:
    for key in ("invocationMessage", "pastTenseMessage"):
        for address, told in mapping(item, key, "uris").items():
            return path_of(told) or path_of(address)
        if link := _LINK.search(_message(item, key)):
            return path_of(link[1])
    return ""


def _action(name: str, arguments: Record, item: Record) -> Action:
    if text(mapping(item, "toolSpecificData"), "kind") == "terminal":
        return ShellCommand(command=text(arguments, "command"))
    return usual(name, arguments) if arguments else ToolCall(name=name)


def _message(item: Record, key: str) -> str:
    return text(item, key) or text(mapping(item, key), "value")


def _result(item: Record) -> str:
    details = item.get("resultDetails")
    output = mapping(details).get("output")
    words = joined(output, "value", "text") if output is not None else ""
    return words or _message(item, "pastTenseMessage") or _message(item, "invocationMessage")


def _document(path: Path, to: Transcript) -> Record:
    """Return the session: the document, or what all changes make of it. Raises ParseError."""
    data = load(path)
    whole = decoded(data)
    if isinstance(whole, dict) and "requests" in whole:
        return whole
    session: Record = {}
    for line in data.split(b"\n"):
        changes = lines_of(line)
        for change in changes:
            kind = f"change {change.get('kind')}"
            to.out.record(kind, change)
            session, is_known = _changed(session, change)
            (to.out.ignore if is_known else to.out.skip)(kind)
        if not changes and line.strip(b"\0 \t\r"):
            to.out.record("bad line")
            to.out.skip("bad line")
    if "requests" not in session:
        raise ParseError(path, 0, "holds no chat session; if it is written just now, read it again")
    return session


def _changed(session: Record, change: Record) -> tuple[Record, bool]:
    """Return the session after a change, and whether that was understood."""
    if change.get("kind") == 0:
        return mapping(change, "v"), True
    keys = change.get("k")
    if not isinstance(keys, list) or not keys:
        return session, False
    holder: Any = session
    for key in keys[:-1]:
        holder = _inside(holder, key)
    return session, _apply(holder, keys[-1], change)


def _inside(holder: Any, key: Any) -> Any:
    if isinstance(holder, dict) and isinstance(key, str):
        return holder.get(key)
    if isinstance(holder, list) and type(key) is int and 0 <= key < len(holder):
        return holder[key]
    return None


def _apply(holder: Any, key: Any, change: Record) -> bool:
    match change.get("kind"):
        case 1:
            return _set(holder, key, change.get("v"))
        case 2:
            return _append(holder, key, change)
        case 3 if isinstance(holder, dict) and isinstance(key, str):
            holder.pop(key, None)
            return True
    return False


def _set(holder: Any, key: Any, value: Any) -> bool:
    if isinstance(holder, dict) and isinstance(key, str):
        holder[key] = value
        return True
    if isinstance(holder, list) and type(key) is int and 0 <= key <= min(len(holder), MOST_ITEMS):
        holder[key : key + 1] = [value]
        return True
    return False


def _append(holder: Any, key: Any, change: Record) -> bool:
    """Append items to a list, which may be cut to a length before."""
    found = _inside(holder, key)
    if found is None and isinstance(holder, dict) and isinstance(key, str):
        found = holder[key] = []
    items = change.get("v")
    if not isinstance(found, list) or not isinstance(items, list):
        return False
    if type(length := change.get("i")) is int and length >= 0:
        del found[length:]
    found.extend(items)
    return True
