"""pi, and what its family shares: one JSON object per line, of which each names the one before it, so that the log is a
tree (`spec/parsers.md` 2.18). The session is the branch that the last line stands on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from opensession.hail.actions import ShellCommand, ToolCall
from opensession.hail.model import Code, Content
from parsers.base import Match, Sample
from parsers.documents import OneThread, load_lines
from parsers.fields import amount, joined, mapping, moment, number, objects, text
from parsers.transcript import At, Facts, Transcript, Usage

Record = dict[str, Any]
Handler = Callable[[Record, At, Transcript], None]


class Entry(NamedTuple):
    """A record of the tree. `parent` is the place of the one before it, -1 where a branch begins."""

    record: Record
    kind: str
    parent: int


class PiFamily(OneThread):
    """The format of an agent that writes its sessions as pi does."""

    def recognises(self, sample: Sample) -> Match | None:
        raise NotImplementedError

    def fill(self, path: Path, to: Transcript) -> None:
        """Read the log at `path`; see `OneThread.fill`."""
        self.identify(path, to.facts)
        entries = list(tree(path, to))
        chosen = _active(entries)
        for at, entry in enumerate(entries):
            made = len(to.out.events)
            is_understood = at not in chosen or take(entry, to)
            if not is_understood:
                to.out.skip(entry.kind)
            elif len(to.out.events) == made:
                to.out.ignore(entry.kind)
        _settle(to.facts, entries)

    def identify(self, path: Path, facts: Facts) -> None:
        """Take the facts that only the path tells."""


class PiParser(PiFamily):
    tool, schema = "pi", "pi-jsonl-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the header line. Forks of pi that leave their traces are told by their own parsers, more surely."""
        return Match(85, "the session header and entries of pi") if is_of_family(sample.records) else None


def is_of_family(records: Sequence[Record]) -> bool:
    """Tell whether a log has the header line of pi's format, and after it entries as pi makes them."""
    headers = [record for record in records[:3] if _is_header(record)]
    rest = [record for record in records if record.get("type") not in ("session", "title")]
    return bool(headers) and all(_is_entry(record) for record in rest[:8])


def _is_header(record: Record) -> bool:
    return record.get("type") == "session" and bool(text(record, "id") and text(record, "timestamp"))


def _is_entry(record: Record) -> bool:
    kind = text(record, "type")
    return bool(text(record, "timestamp")) and (kind != "message" or bool(text(mapping(record, "message"), "role")))


def tree(path: Path, to: Transcript) -> Iterator[Entry]:
    """Yield the entries of a log in file order, and take what its header lines say."""
    places: dict[str, int] = {}
    count = 0
    for record in load_lines(path, to.out):
        kind = text(record, "type") or "no type"
        to.out.record(kind, record)
        if about := _ABOUT.get(kind):
            about(record, to.facts)
            to.out.ignore(kind)
            continue
        yield Entry(record, kind, _parent(record, places, count))
        if name := text(record, "id"):
            places[name] = count
        count += 1


def _parent(record: Record, places: Mapping[str, int], count: int) -> int:
    """Return the place of the entry before this one. The first version named none: each follows the one above it."""
    if "parentId" in record and record["parentId"] is None:
        return -1
    # A parent that is not there was lost with a broken line, or is the header itself.
    return places.get(text(record, "parentId"), count - 1)


def _active(entries: Sequence[Entry]) -> set[int]:
    """Return the places of the branch that the last entry stands on. A parent always stands above its child."""
    chosen: set[int] = set()
    at = len(entries) - 1
    while at >= 0:
        chosen.add(at)
        at = entries[at].parent
    return chosen


def _take_header(record: Record, facts: Facts) -> None:
    facts.learn(
        session_id=text(record, "id"),
        cwd=text(record, "cwd"),
        created=moment(record, "timestamp"),
        title=text(record, "title"),
    )
    if origin := text(record, "parentSession", "branchedFrom"):
        facts.attributes.setdefault("forked_from", session_of(origin))


def _take_title(record: Record, facts: Facts) -> None:
    facts.title = text(record, "title") or facts.title


_ABOUT: Mapping[str, Callable[[Record, Facts], None]] = {"session": _take_header, "title": _take_title}


def session_of(path: str) -> str:
    """Return the id of the session whose log is called so: `<time>_<id>.jsonl`."""
    return re.split(r"[/\\]", path)[-1].removesuffix(".jsonl").rpartition("_")[2]


def _settle(facts: Facts, entries: Sequence[Entry]) -> None:
    """Take the model that was chosen, where no answer names one: the log may end before the first."""
    for entry in entries:
        if entry.kind == "model_change":
            provider, _, model = text(entry.record, "model").rpartition("/")
            facts.learn(model=text(entry.record, "modelId") or model)
            facts.learn(provider=text(entry.record, "provider") or provider)


def take(entry: Entry, to: Transcript) -> bool:
    """Say what an entry of the active branch means, and tell whether it was understood."""
    record, kind = entry.record, entry.kind
    if kind != "message":
        return _handled(_ENTRIES, kind, record, _at(record, kind), to) or kind in SILENT
    message = mapping(record, "message")
    role = text(message, "role")
    return _handled(_MESSAGES, role, message, _at(record, f"message:{role}"), to)


def _handled(table: Mapping[str, Handler], key: str, record: Record, at: At, to: Transcript) -> bool:
    if handler := table.get(key):
        handler(record, at, to)
    return handler is not None


SILENT = frozenset(
    {
        "archive",
        "context_transform",
        "credential_pin",
        "custom",
        "ephemeral",
        "label",
        "mode_change",
        "model_change",
        "service_tier_change",
        "session_init",
        "thinking_level_change",
        "ttsr_injection",
    }
)
"""Entries that are understood and tell nothing that happened: settings, bookmarks, what extensions keep."""


def _at(record: Record, raw: str) -> At:
    time = moment(record, "timestamp") or moment(mapping(record, "message"), "timestamp") or ""
    return At(time=time, raw=raw, group=text(record, "id"))


def _take_user(message: Record, at: At, to: Transcript) -> None:
    attached = [f"[{text(each, 'type')} {text(each, 'fileName')}]" for each in objects(message, "attachments")]
    to.user("\n".join([_words(message), *attached]), at, at.group)


def _take_system(message: Record, at: At, to: Transcript) -> None:
    to.system(_words(message), at, at.group)


def _take_custom(message: Record, at: At, to: Transcript) -> None:
    """Take what an extension said to the model, unless it is hidden from the user."""
    if message.get("display") is not False:
        _take_system(message, at, to)


def _take_summary(message: Record, at: At, to: Transcript) -> None:
    to.system(text(message, "summary"), at, at.group)


def _take_compaction(message: Record, at: At, to: Transcript) -> None:
    to.compacted(text(message, "summary", "shortSummary"), at, at.group)


def _take_answer(message: Record, at: At, to: Transcript) -> None:
    model, usage = text(message, "model"), usage_of(message)
    to.facts.learn(model=model, provider=text(message, "provider"))
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)
    for block in blocks:
        if _take_block(block, at, to, usage, model):
            usage = Usage()
    to.tokens(usage, _of(at, "usage"), _id(at, "usage"))
    _take_end(message, at, to)


def _take_block(block: Record, at: At, to: Transcript, usage: Usage, model: str) -> bool:
    """Say what a block of an answer is, and tell whether it carries the tokens."""
    kind = text(block, "type")
    at = _of(at, kind)
    if kind == "text":
        return to.agent(text(block, "text"), at, _id(at, "text"), usage, model)
    if kind == "toolCall":
        to.call(text(block, "name"), block.get("arguments"), at, text(block, "id"))
    elif kind == "thinking":
        to.thinking(text(block, "thinking"), at, _id(at, "thinking"))
    elif words := joined(block):
        return to.agent(words, at, _id(at, kind), usage, model)
    else:
        to.out.skip(f"block {kind}")
    return False


def _take_end(message: Record, at: At, to: Transcript) -> None:
    """Say why an answer ended where it was not because it was complete."""
    error = text(message, "errorMessage")
    if message.get("stopReason") == "aborted":
        to.custom("turn_aborted", error, at, _id(at, "aborted"))
    else:
        to.system(error, at, _id(at, "error"))


def usage_of(message: Record) -> Usage:
    """Return the tokens of an answer. Those read from and written to a cache are counted apart from the input."""
    usage = mapping(message, "usage")
    return Usage(
        input_tokens=number(usage, "input") or 0,
        output_tokens=number(usage, "output") or 0,
        cache_read_tokens=number(usage, "cacheRead") or 0,
        cache_write_tokens=number(usage, "cacheWrite") or 0,
        cost_usd=amount(mapping(usage, "cost"), "total"),
    )


_EXIT = re.compile(r"Command exited with code (\d{1,9})\s*\Z")


def _take_result(message: Record, at: At, to: Transcript) -> None:
    words, details, call_id = _words(message), mapping(message, "details"), text(message, "toolCallId")
    code = number(details, "exitCode")
    if code is None and message.get("isError") is True and (ended := _EXIT.search(words[-64:])):
        code = int(ended[1])
    to.result(
        words,
        at,
        call_id,
        name=text(message, "toolName"),
        is_error=message.get("isError") is True,
        exit_code=code,
        diff=unnumbered(text(details, "diff")) if to.lacks_diff(call_id) else "",
    )


_NUMBERED = re.compile(r"([-+ ]) *(\d+)[ |](.*)")


def unnumbered(diff: str) -> str:
    """Return the diff that an editing tool shows, with the number of each line before it, as hunks."""
    hunks: list[list[tuple[str, int, str]]] = [[]]
    for line in diff.split("\n"):
        if match := _NUMBERED.fullmatch(line):
            hunks[-1].append((match[1], int(match[2][:9]), match[3]))
        elif hunks[-1]:
            hunks.append([])
    return "".join(_hunk(hunk) for hunk in hunks if hunk)


def _hunk(rows: Sequence[tuple[str, int, str]]) -> str:
    old = [number for sign, number, _ in rows if sign != "+"]
    new = [number for sign, number, _ in rows if sign != "-"]
    head = f"@@ -{min(old, default=0)},{len(old)} +{min(new, default=0)},{len(new)} @@\n"
    return head + "".join(f"{sign}{words}\n" for sign, _, words in rows)


def _take_shell(message: Record, at: At, to: Transcript) -> None:
    """Take a command that the user ran, not the agent."""
    command, code = text(message, "command"), number(message, "exitCode")
    made = ShellCommand(command=command, exit_code=code if code is not None and abs(code) < 2**31 else None)
    to.call("bash", {"command": command}, at, at.group, action=made)
    to.result(text(message, "output"), at, at.group)


def _take_python(message: Record, at: At, to: Transcript) -> None:
    shown = Content(blocks=(Code(code=text(message, "code"), language="python"),))
    to.call("python", None, at, at.group, action=ToolCall(name="python"), content=shown)
    to.result(text(message, "output"), at, at.group)


def _take_files(message: Record, at: At, to: Transcript) -> None:
    """Take the files that the user named, and that were read to the model for it."""
    to.system("\n".join(f"[file {text(each, 'path')}]" for each in objects(message, "files")), at, at.group)


def _take_name(record: Record, at: At, to: Transcript) -> None:
    to.facts.title = text(record, "name", "title") or to.facts.title


def _take_usage(record: Record, at: At, to: Transcript) -> None:
    to.tokens(usage_of(record), at, at.group)


def _take_reset(record: Record, at: At, to: Transcript) -> None:
    to.custom("context_reset", "", at, at.group)


_ENTRIES: Mapping[str, Handler] = {
    "compaction": _take_compaction,
    "branch_summary": _take_summary,
    "custom_message": _take_custom,
    "session_info": _take_name,
    "title_change": _take_name,
    "model_usage": _take_usage,
    "reset_boundary": _take_reset,
}
_MESSAGES: Mapping[str, Handler] = {
    "user": _take_user,
    "assistant": _take_answer,
    "toolResult": _take_result,
    "system": _take_system,
    "developer": _take_system,
    "bashExecution": _take_shell,
    "pythonExecution": _take_python,
    "fileMention": _take_files,
    **dict.fromkeys(("custom", "hookMessage"), _take_custom),
    "branchSummary": _take_summary,
    "compactionSummary": _take_compaction,
}


def _words(message: Record) -> str:
    """Return the words of a message. Bytes that were moved out of the log leave a name behind, which is no size."""
    content = message.get("content")
    if isinstance(content, list):
        return joined([_without_blob(block) for block in content])
    return content if isinstance(content, str) else ""


def _without_blob(block: Any) -> Any:
    is_moved = isinstance(block, dict) and text(block, "data").startswith("blob:")
    return {**block, "data": ""} if is_moved else block


def _of(at: At, kind: str) -> At:
    return At(at.time, f"{at.raw}:{kind}", at.group, at.marks)


def _id(at: At, part: str) -> str:
    """Return the id of a part of an entry, empty where the log names none."""
    return f"{at.group}-{part}" if at.group else ""
