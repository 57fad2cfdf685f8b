"""GitHub Copilot in Visual Studio: traces, a line per export of OpenTelemetry's spans.

A file is of one run of Visual Studio and holds several conversations; one that went on in a later run has its spans in
several files of the folder. The facts are from a program that reads such traces, agentsview, and from OpenTelemetry's
conventions for generative AI.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from parsers.base import Match, Output, ParseError, Sample, Thread
from parsers.documents import load
from parsers.jsonlines import objects
from parsers.transcript import Facts, Transcript, born, header
from parsers.visualstudio_copilot.spans import Span, spans
from parsers.visualstudio_copilot.talk import Talk

TOOL, SCHEMA = "visualstudio-copilot", "visualstudio-copilot-otel-jsonl-v1"
TRACES = "_VSGitHubCopilot_traces"
# Within one line: a file of nothing but empty ones would be looked through from each of them.
_LINE = re.compile(rb'^[ \t]*+\{[ \t]*+"resourceSpans"[ \t]*+:', re.MULTILINE)
_SERVICE = re.compile(rb'"service\.name"\s*,\s*"value"\s*:\s*\{\s*"stringValue"\s*:\s*"vs-copilot"')
_CONVERSATION = re.compile(
    rb'"gen_ai\.conversation\.id"\s*,\s*"value"\s*:\s*\{\s*"stringValue"\s*:\s*"([^"\\]{1,200})"'
)


class VisualStudioCopilotParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the bytes: a line that holds a request may be longer than the sample."""
        is_ours = _LINE.search(sample.head) and _SERVICE.search(sample.head)
        return Match(96, "spans of Copilot in Visual Studio") if is_ours else None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Traces]:
        yield _Traces(path, load(path))


class _Traces:
    """The conversations of an open file."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._counts = path, Output()
        self._own: dict[str, list[Span]] = {}
        *lines, last = data.split(b"\n")
        found = [span for line in lines for span in self._spans(line)]
        found += (span for record in objects(last) for span in spans(record))
        of_trace = {span.trace: name for span in found if (name := span.conversation())}
        for span in found:
            if name := span.conversation() or of_trace.get(span.trace, ""):
                self._own.setdefault(name, []).append(span)
            else:
                self._counts.record(span.operation, span.facts)
                self._counts.skip(f"{span.operation} without a conversation")

    def _spans(self, line: bytes) -> list[Span]:
        """Return the spans of a line. A broken one is counted with the first conversation."""
        records = objects(line)
        found = [span for record in records for span in spans(record)]
        if not found and line.strip(b"\0 \t\r"):
            kind = "no spans" if records else "bad line"
            self._counts.record(kind)
            self._counts.skip(kind)
        return found

    def threads(self) -> Mapping[str, str]:
        return {name: _mark(found) for name, found in self._own.items()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a conversation; see `Document.read`."""
        if locator not in self._own:
            raise ParseError(self._path, 0, f"holds no conversation {locator}")
        if locator == next(iter(self._own)):
            _count(self._counts, out)
        facts = Facts(session_id=locator, born=born(self._path))
        whole = _whole([*self._own[locator], *_elsewhere(self._path, locator)], out)
        Talk(whole, Transcript(TOOL, SCHEMA, facts, out)).write()
        return Thread(header(TOOL, facts, self._path))


def _mark(found: Iterable[Span]) -> str:
    """Return what changes when a span is added, or told again with more."""
    told = ";".join(f"{span.native} {span.end} {span.weight()}" for span in found)
    return sha256(told.encode("utf-8", "replace")).hexdigest()


def _count(counts: Output, out: Output) -> None:
    for tell, kinds in ((out.record, counts.kinds), (out.skip, counts.skipped)):
        for kind, count in kinds.items():
            for _ in range(count):
                tell(kind)


def _whole(found: Iterable[Span], out: Output) -> Iterable[Span]:
    """Return each span once, as the copy that tells most."""
    chosen: dict[str, Span] = {}
    for place, span in enumerate(found):
        out.record(span.operation, span.facts)
        key = span.native or f"#{place}"
        if key in chosen:
            out.ignore(span.operation)
        if key not in chosen or span.weight() > chosen[key].weight():
            chosen[key] = span
    return chosen.values()


def _elsewhere(path: Path, conversation: str) -> Iterator[Span]:
    """Yield the spans of a conversation that stand in other files of the folder."""
    others = path.parent.glob(f"*{TRACES}*.jsonl") if TRACES in path.name else ()
    for other in sorted(each for each in others if each.name != path.name):
        with suppress(OSError, ParseError):
            if conversation in _conversations(other):
                yield from _of(conversation, load(other))


def _of(conversation: str, data: bytes) -> Iterator[Span]:
    lines = (line for line in data.split(b"\n") if conversation.encode("utf-8", "replace") in line)
    found = (span for line in lines for record in objects(line) for span in spans(record))
    return (span for span in found if span.conversation() == conversation)


def _conversations(path: Path) -> frozenset[str]:
    now = path.stat()
    return _named(path, now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=1024)
def _named(path: Path, size: int, changed: int) -> frozenset[str]:
    """Return the conversations of a file as it is now. All files of a folder ask for it."""
    return frozenset(name.decode("utf-8", "replace") for name in _CONVERSATION.findall(load(path)))
