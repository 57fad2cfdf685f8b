"""OpenHands: a folder per conversation, with its state and a file for each event (`spec/parsers.md` 2.19).

A conversation of a subagent lies in a folder inside. Before there was an SDK, a session's events were numbered, or
one list: a trajectory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import MAIN, OF_SUBAGENT, Match, Output, ParseError, Sample, Thread
from parsers.documents import beside, load_json
from parsers.fields import amount, items, mapping, number, text
from parsers.openhands import legacy, sdk
from parsers.transcript import At, Facts, Transcript, born, header

TOOL = "openhands"
STATE = "base_state.json"

_EVENT = re.compile(r"(?:event-)?([0-9]{1,18})(?:-.*)?\.json").fullmatch
_STATES = (frozenset({"agent", "workspace", "execution_status"}), frozenset({"agent", "workspace", "persistence_dir"}))
_SDK_KINDS = frozenset({"MessageEvent", "ActionEvent", "ObservationEvent", "SystemPromptEvent"})
_TOTALS: Mapping[str, str] = {
    "input_tokens_total": "prompt_tokens",
    "output_tokens_total": "completion_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
}


class OpenHandsParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the state of a conversation, by an event, or by the events of a trajectory."""
        if any(keys <= sample.keys for keys in _STATES):
            return Match(90, "the state of an OpenHands conversation")
        if _is_sdk_event(sample.document):
            return Match(88, "an event of an OpenHands conversation")
        if _is_legacy_event(sample.document):
            return Match(86, "an event of an OpenHands session")
        head = items({"events": sample.document}, "events")[:8]
        if head and all(_is_legacy_event(event) for event in head):
            return Match(92, "the trajectory of an OpenHands session")
        return None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Conversations]:
        yield _Conversations(path)


def _is_sdk_event(value: Any) -> bool:
    return text(value, "kind") in _SDK_KINDS and text(value, "source") != "" and "timestamp" in value


def _is_legacy_event(value: Any) -> bool:
    if not isinstance(value, dict) or not {"id", "timestamp", "source", "message"} <= value.keys():
        return False
    return {"action", "args"} <= value.keys() or {"observation", "content"} <= value.keys()


class _Conversations:
    """An open conversation and those of its subagents."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.stat()  # A conversation is told by any of its files, but that one must be there.
        self._root = path.parent.parent if path.parent.name == "events" and _EVENT(path.name) else path.parent
        self._is_folder = path.name == STATE or self._root != path.parent

        found = sorted(self._root.glob(f"subagents/*/{STATE}")) if self._is_folder else []
        self._subagents = [state.parent.name for state in found if not state.parent.is_symlink()]

    def threads(self) -> Mapping[str, str]:
        """Return the conversation and its subagents; see `Document.threads`."""
        return dict.fromkeys(["", *(f"{OF_SUBAGENT}{name}" for name in self._subagents)], "")

    def read(self, locator: str, out: Output) -> Thread:
        """Read a conversation; see `Document.read`."""
        if locator not in self.threads():
            raise ParseError(self._path, 0, f"has no subagent {locator}")
        facts = Facts(born=born(self._path))
        to = Transcript(TOOL, sdk.SCHEMA, facts, out)
        if not self._is_folder:
            _write(items({"events": load_json(self._path)}, "events"), to)
            return Thread(header(TOOL, facts, self._path))
        subagent = locator.removeprefix(OF_SUBAGENT)
        folder = self._root / "subagents" / subagent if subagent else self._root
        state = mapping(beside(folder / STATE, STATE))
        _learn(state, facts)
        _write(list(_events(folder, out)), to)
        _spend(state, to)
        facts.session_id = text(mapping(beside(self._root / STATE, STATE)), "id") or self._root.name
        return Thread(header(TOOL, facts, self._path), subagent or MAIN)


def _events(folder: Path, out: Output) -> Iterator[Any]:
    """Yield the events in order, and count those that are no JSON."""
    numbered = ((int(match[1]), file) for file in (folder / "events").glob("*.json") if (match := _EVENT(file.name)))
    for _, file in sorted(numbered, key=lambda pair: (pair[0], pair[1].name)):
        if file.is_symlink() or (event := beside(file, file.name)) is None:
            out.record("bad event")
            out.skip("bad event")
        else:
            yield event


def _write(found: list[Any], to: Transcript) -> None:
    events = [event for event in found if isinstance(event, dict)]
    for _ in range(len(found) - len(events)):
        to.out.record("no event")
        to.out.skip("no event")
    if events and not any("kind" in event for event in events[:8]):
        to.schema = legacy.SCHEMA
        legacy.Trajectory(to).write(events)
    else:
        sdk.Conversation(to).write(events)


def _learn(state: dict[str, Any], facts: Facts) -> None:
    """Take the facts of a conversation. Its settings may hold keys and are left alone."""
    facts.learn(
        title=text(state, "title"),
        model=text(mapping(state, "agent", "llm"), "model"),
        cwd=text(mapping(state, "workspace"), "working_dir"),
    )


def _spend(state: dict[str, Any], to: Transcript) -> None:
    """Write the tokens of all of the conversation, which its state keeps by purpose."""
    purposes = mapping(state, "stats", "usage_to_metrics").values()
    spent = [mapping(metrics, "accumulated_token_usage") for metrics in purposes]
    totals: dict[str, Any] = {
        name: count for name, key in _TOTALS.items() if (count := sum(number(each, key) or 0 for each in spent)) > 0
    }
    if cost := sum(amount(metrics, "accumulated_cost") for metrics in purposes):
        totals["cost_usd"] = cost
    if totals:
        to.custom("token_count", "", At(raw="stats"), "tokens", totals)
