"""Junie, JetBrains' agent: an `events.jsonl` in a folder per session, and `index.jsonl` over all of them.

The agent's work is told by blocks that are written again whenever they change, and once more when their task is over: a
step is what all blocks with one `stepId` say. The facts are from logs and from the programs that read them: agentsview,
deja-vu, junie-viewer and superbased-observer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parsers.base import Match, ParseError, Sample
from parsers.documents import load
from parsers.fields import mapping, moment, text
from parsers.jsonlines import JsonLinesReader, objects
from parsers.junie.blocks import HANDLERS as OF_BLOCKS
from parsers.junie.session import JunieFacts, Session
from parsers.junie.talk import HANDLERS as OF_TALK
from parsers.transcript import At, Facts, Transcript

Record = dict[str, Any]

LOG, INDEX = "events.jsonl", "index.jsonl"
WRAPPER = "SessionA2uxEvent"
"""What holds an event of an agent. All others are the user's, or the session's own."""

HANDLERS = {**OF_TALK, **OF_BLOCKS}
SILENT = frozenset(
    [
        "AgentCurrentStatusUpdatedEvent",
        "AgentPatchCreatedEvent",
        "AgentPlanUpdatedEvent",
        "AgentStartedEvent",
        "AgentStateUpdatedEvent",
        "AuthorizationAvailabilityEvent",
        "AvailablePullRequestsEvent",
        "ContextWindowReportEvent",
        "EnvironmentVariablesUpdatedEvent",
        "NextPromptSuggestionEvent",
        "SendToAgentEvent",
        "SessionCostTrajectorySnapshotEvent",
        "ShowPlanProgressEvent",
        "SkillsStatusEvent",
        "TaskStartedEvent",
        "TaskState",
        "TipSuggestionCreatedEvent",
        "UserMessagesCommittedToHistory",
        "session",
    ]
)
"""The state of the screen and of the program, and what blocks tell too. The environment may hold secrets."""


class JunieReader(JsonLinesReader):
    tool, schema = "junie", "junie-jsonl-v1"

    def begin(self) -> Facts:
        return JunieFacts()

    def kind(self, record: Record) -> str:
        """Return the kind of the agent's event that a record holds, or its own; `session` for a line of the index."""
        told = text(mapping(record, "event", "agentEvent"), "kind") or text(record, "kind")
        return told or ("session" if is_listed(record) else "no kind")

    def take(self, record: Record, kind: str, to: Transcript) -> None:
        event = mapping(record, "event", "agentEvent") or record
        time = moment(record, "timestampMs", "timestamp") or ""
        session = Session(to, self.state)
        made = session.made
        to.task = session.lane(event)
        if handler := HANDLERS.get(kind):
            handler(session, event, At(time=time, raw=kind, group=text(event, "stepId", "requestId")))
            if session.made == made:
                to.out.ignore(kind)
        else:
            (to.out.ignore if kind in SILENT else to.out.skip)(kind)


class JunieParser:
    tool = JunieReader.tool

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the events of an agent or the prompts in a log, or by the lines of the index."""
        if any(_is_event(record) for record in sample.records):
            return Match(94, "events of a Junie session")
        is_index = bool(sample.records) and all(is_listed(record) for record in sample.records)
        return Match(88, "the index of Junie's sessions") if is_index else None

    def reader(self, path: Path) -> JunieReader:
        reader = JunieReader(path)
        if path.name == LOG:
            _learn(path, reader.state)
        return reader

    def companions(self, path: Path) -> Sequence[Path]:
        return ()


def _is_event(record: Record) -> bool:
    if text(record, "kind") == WRAPPER:
        return text(mapping(record, "event", "agentEvent"), "kind") != ""
    return text(record, "kind") == "UserPromptEvent" and "prompt" in record


def is_listed(record: Record) -> bool:
    """Tell whether a record is a line of the index."""
    return record.keys() >= {"sessionId", "createdAt", "updatedAt"} and bool(record.keys() & {"taskName", "projectDir"})


def _learn(path: Path, facts: Facts) -> None:
    """Take what the folder's name and the latest line of the index tell of a session."""
    facts.session_id = path.parent.name
    try:
        lines = load(path.parent.parent / INDEX).split(b"\n")
    except (OSError, ParseError):
        return
    listed = [record for line in lines if facts.session_id.encode() in line for record in objects(line)]
    own = [record for record in listed if record.get("sessionId") == facts.session_id]
    found = own[-1] if own else {}
    facts.learn(
        title=text(found, "taskName"),
        cwd=text(found, "projectDir"),
        created=moment(found, "createdAt"),
        updated=moment(found, "updatedAt"),
    )
