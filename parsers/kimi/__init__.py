"""Kimi: a folder per session, whose logs are called wires (`spec/parsers.md` 2.14).

kimi-cli keeps `wire.jsonl` and `context.jsonl` in it; Kimi Code a wire in `agents/main` and one for each subagent, and
there the user may undo what was logged. Any file of a session leads to all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import MAIN, OF_SUBAGENT, Match, Output, ParseError, Sample, Thread
from parsers.documents import load_lines
from parsers.fields import mapping, moment, text
from parsers.kimi import cli, code
from parsers.kimi.folder import Folder, found
from parsers.transcript import Facts, Transcript, born, header

TOOL = "kimi"
CODE, CLI, CONTEXT = "kimi-code-wire-v1", "kimi-cli-wire-v1", "kimi-cli-context-v1"
INDEX = frozenset({"sessionId", "sessionDir", "workDir"})
LOOKED_AT = 16
"""Records."""

_CODE_KINDS = (
    "context.append_",
    "context.apply_",
    "turn.prompt",
    "turn.steer",
    "config.update",
    "profile.bind",
    "llm.",
)
_CLI_KINDS = frozenset({"TurnBegin", "StepBegin", "StepEnd", "ContentPart", "TurnEnd", "StatusUpdate", "SubagentEvent"})
_CONTEXT_ROLES = frozenset({"_system_prompt", "_checkpoint", "_usage"})
_STATES = (
    frozenset({"agents", "createdAt", "updatedAt"}),
    frozenset({"custom_title", "title_generated", "wire_mtime"}),
)


class KimiParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the records of a wire, the roles of a context, or the keys of what lies beside them."""
        if any(keys <= sample.keys for keys in _STATES):
            return Match(92, "the state of a Kimi session")
        if any(record.keys() == INDEX for record in sample.records):
            return Match(90, "the index of Kimi's sessions")
        if any(text(record, "type").startswith(_CODE_KINDS) for record in sample.records):
            return Match(95, "the wire of Kimi Code")
        if any(_is_cli(record) for record in sample.records):
            return Match(92, "the wire of kimi-cli")
        if any(text(record, "role") in _CONTEXT_ROLES for record in sample.records):
            return Match(92, "the context of kimi-cli")
        return None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Session]:
        path.stat()  # A session is told by any of its files, but that one must be there.
        yield _Session(path, found(path))


def _is_cli(record: dict[str, Any]) -> bool:
    return "timestamp" in record and text(mapping(record, "message"), "type") in _CLI_KINDS


class _Session:
    """The open folder of a session."""

    def __init__(self, path: Path, folder: Folder) -> None:
        self._path, self._folder = path, folder

    def threads(self) -> Mapping[str, str]:
        """Return the session and its subagents; see `Document.threads`."""
        subagents = self._folder.subagents.items()
        marks = {f"{OF_SUBAGENT}{name}": self._folder.stamp(log) for name, log in subagents}
        return {"": self._folder.stamp(None)} | marks

    def read(self, locator: str, out: Output) -> Thread:
        """Read a thread; see `Document.read`."""
        facts = Facts(born=born(self._path))
        subagent = locator.removeprefix(OF_SUBAGENT)
        if not subagent:
            _write(self._folder.logs, facts, out)
            self._folder.learn(facts)
            return Thread(header(TOOL, facts, self._path, self._folder.id))
        if subagent not in self._folder.subagents:
            raise ParseError(self._path, 0, f"has no subagent {subagent}")
        facts.session_id = self._folder.id
        _write((self._folder.subagents[subagent],), facts, out)
        return Thread(header(TOOL, facts, self._path, self._folder.id), subagent or MAIN)


def _write(logs: tuple[Path, ...], facts: Facts, out: Output) -> None:
    """Write what happened, from the first log that tells more than its names."""
    for log in logs:
        records = list(load_lines(log, out))
        if log.name != "wire.jsonl" or len(logs) == 1 or not _is_mute(records):
            _write_records(records, facts, out)
            return
        for record in records:
            out.record(cli.kind_of(record), record)
            out.ignore(cli.kind_of(record))
        facts.learn(created=_moment(records), updated=_moment(records[::-1]))


def _is_mute(records: list[dict[str, Any]]) -> bool:
    return any(_is_cli(record) for record in records[:LOOKED_AT]) and not cli.says_something(records)


def _moment(records: list[dict[str, Any]]) -> str | None:
    return next((time for record in records if (time := moment(record, "timestamp"))), None)


def _write_records(records: list[dict[str, Any]], facts: Facts, out: Output) -> None:
    head = records[:LOOKED_AT]
    if any(record.keys() == INDEX for record in head):
        _list(records, facts, out)
    elif any("role" in record for record in head):
        cli.write_context(records, Transcript(TOOL, CONTEXT, facts, out))
    elif any(_is_cli(record) for record in head):
        cli.CliWire(Transcript(TOOL, CLI, facts, out)).write(records)
    else:
        code.CodeWire(Transcript(TOOL, CODE, facts, out)).write(code.active(records, out))


def _list(records: list[dict[str, Any]], facts: Facts, out: Output) -> None:
    """Take an index of sessions, which tells where they are and not what happened."""
    for record in records:
        out.record("session", record)
        out.ignore("session")
    facts.session_id = text(records[0], "sessionId")
    facts.cwd = text(records[0], "workDir")
