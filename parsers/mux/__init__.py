"""Mux: a folder per workspace, with its messages as the AI SDK has them.

The facts are from the source of coder/mux (`schemas/message.ts`, `types/tools.ts`, `historyService`). `chat.jsonl` has
the messages since the context was last compacted, `chat-archive.jsonl` those before, `partial.json` the answer that is
being written. A subagent is a workspace of its own; when it has reported, its messages move into the folder of its
parent. Any file of a workspace leads to all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import MAIN, OF_SUBAGENT, Match, Output, ParseError, Sample, Thread
from parsers.fields import items, text
from parsers.mux.folder import Folder, found
from parsers.mux.messages import Messages
from parsers.transcript import Facts, Transcript, born, header

TOOL, SCHEMA = "mux", "mux-jsonl-v1"
PARTS = frozenset({"text", "reasoning", "dynamic-tool", "file"})
_METADATA = (
    frozenset({"workspaceId", "projectPath"}),
    frozenset({"childTaskId", "parentWorkspaceId"}),
    frozenset({"version", "artifactsByChildTaskId"}),
)


class MuxParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by messages of a workspace, or by what is said of it and of its subagents."""
        if any(keys <= sample.keys for keys in _METADATA):
            return Match(88, "what Mux says of a workspace")
        told = items({"list": sample.document}, "list")
        if told and all(isinstance(each, dict) and _METADATA[1] <= each.keys() for each in told):
            return Match(88, "the list of a workspace's subagents")
        ours = sum(1 for record in sample.records or (sample.document,) if _is_message(record))
        return Match(94, "messages of Mux") if ours and ours * 2 >= len(sample.records) else None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Workspace]:
        path.stat()  # A workspace is told by any of its files, but that one must be there.
        yield _Workspace(path, found(path))


def _is_message(record: Any) -> bool:
    if not isinstance(record, dict) or not {"id", "role", "parts", "metadata", "workspaceId"} <= record.keys():
        return False
    return text(record, "role") in ("user", "assistant", "system")


class _Workspace:
    """An open workspace and the subagents whose messages lie in its folder."""

    def __init__(self, path: Path, folder: Folder) -> None:
        self._path, self._folder = path, folder

    def threads(self) -> Mapping[str, str]:
        """Return the workspace and its subagents; see `Document.threads`."""
        subagents = self._folder.subagents.items()
        return {"": self._folder.stamp()} | {f"{OF_SUBAGENT}{name}": each.stamp() for name, each in subagents}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a thread; see `Document.read`."""
        subagent = locator.removeprefix(OF_SUBAGENT)
        folder = self._folder.subagents.get(subagent) if subagent else self._folder
        if folder is None:
            raise ParseError(self._path, 0, f"has no subagent {subagent}")
        facts = Facts(born=born(self._path), session_id=self._folder.id)
        folder.learn(facts)
        Messages(Transcript(TOOL, SCHEMA, facts, out)).write(folder.messages(out))
        return Thread(header(TOOL, facts, self._path), subagent or MAIN)
