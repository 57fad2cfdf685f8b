"""DeepSeek Harness: a session's events, one per line, under running numbers (`spec/parsers.md` 2.22).

`~/.dsh/sessions/<project>/<id>/session.jsonl` begins with a header; later formats are called `session.v3.jsonl`, and
most are compressed. What the model says is logged twice: as it is streamed, and as the message that it became. The
stream counts only where no message follows. Headless runs print the same events, each in a `session_event`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.deepseek_harness import messages, tools
from parsers.deepseek_harness.progress import Progress, place_of
from parsers.fields import mapping, number, text
from parsers.jsonlines import JsonLinesReader
from parsers.transcript import At, Transcript

TOOL = "deepseek-harness"
SCHEMA = "deepseek-harness-jsonl-v1"
STREAMED = frozenset({"text-chunks", "reasoning-chunks", "tool-call-chunks", "assistant/chunk"})


class DeepSeekHarnessReader(JsonLinesReader):
    tool, schema = TOOL, SCHEMA
    state: Progress

    def begin(self) -> Progress:
        return Progress()

    def kind(self, record: dict[str, Any]) -> str:
        """Return the type of the event, of the one inside where a headless run printed it."""
        return super().kind(_inner(record))

    def take(self, record: dict[str, Any], kind: str, to: Transcript) -> None:
        """Say what a record means; see `JsonLinesReader.take`."""
        if not self.state.session_id:
            self.state.session_id = text(record, "sessionId")
        event = _inner(record)
        if self.state.is_seed and kind != "session/end-seed":
            to.out.ignore(kind)
        elif kind in STREAMED:
            messages.chunk(event, kind, to, self.state)
        elif handler := HANDLERS.get(kind):
            handler(event, place_of(event, kind), to, self.state)
        elif kind in SILENT or kind.startswith(SILENT_FAMILIES) or event.get("ignorable") is True:
            to.out.ignore(kind)
        else:
            to.out.skip(kind)


class DeepSeekHarnessParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the header, or by the numbered events with a slash in their name."""
        records = [_inner(record) for record in sample.records]
        if any(_is_header(record) for record in records[:1]):
            return Match(92, "the header of a DeepSeek Harness session")
        ours = sum(1 for record in records if _is_event(record))
        return Match(90, "numbered events of DeepSeek Harness") if ours * 2 > len(records) else None

    def reader(self, path: Path) -> DeepSeekHarnessReader:
        return DeepSeekHarnessReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        """A subagent has a session of its own, which names its parent."""
        return ()


def _inner(record: dict[str, Any]) -> dict[str, Any]:
    """Return the event that a headless run printed in a record, else the record itself."""
    return mapping(record["event"]) or record if "event" in record else record


def _is_header(record: Mapping[str, Any]) -> bool:
    return record.get("type") == "session" and {"id", "createdAt", "cwd"} <= record.keys()


def _is_event(record: Mapping[str, Any]) -> bool:
    return number(record, "seq", "seq0") is not None and isinstance(record.get("data"), dict) and "type" in record


Handler = Callable[[dict[str, Any], At, Transcript, Progress], None]

HANDLERS: Mapping[str, Handler] = {
    "session": messages.header,
    "session/end-seed": messages.end_seed,
    "session/title": messages.title,
    "subagent/descriptor": messages.descriptor,
    "request/header": messages.request,
    "request/context": messages.request,
    "user/message": messages.user,
    "context/message": messages.user,
    "assistant/message": messages.agent,
    "assistant/attempt": messages.attempt,
    "step/start": messages.border,
    "step/end": messages.border,
    "turn/end": messages.turn_end,
    "usage": messages.late_usage,
    "tool/call": tools.call,
    "tool/result": tools.result,
    "tool/code-dispatch-start": tools.inner_call,
    "tool/code-dispatch": tools.inner_result,
    "tool/ptc-dispatch-start": tools.inner_call,
    "tool/ptc-dispatch": tools.inner_result,
    "compaction/summary": messages.compacted,
    "approval/asked": tools.asked,
    "approval/decided": tools.decided,
    "hook/result": tools.hook,
    "error": messages.failure,
    "llm/retry": messages.failure,
    "command/run": messages.command,
    "command/done": messages.command_done,
}
_SILENT = (
    "result turn/start hook/invoked request/header-delta llm/retry-started compaction/start compaction/end plan/mode "
    "todo/write sandbox/mode bash/sandbox-mode permission/preset approval/policy goal/change model/selection "
    "image/offload session/title-llm-request deliverables/presented"
)
SILENT = frozenset(_SILENT.split())
SILENT_FAMILIES = ("agent/", "agent-preset/", "tool-workflow/", "subagent/", "feedback/", "schedule/", "team/", "web/")
