"""Turns of a session, and what redaction would replace in them. Reads a part of a session at a time, never all of it.

A turn begins with what the user says and goes on to the next time. The first one holds what stands before that, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from opensession.hail import actions
from opensession.hail.model import Event, Text
from opensession.redaction.engine import Redactor
from opensession.redaction.walk import redacted
from parsers.base import MAIN
from sessions import bodies
from sessions.bodies import Numbered
from sessions.models import Session, Strand
from sessions.sharing import Range

FRAMES = 16
"""Frames that one part of a preview reads: about 4 MiB of events."""

TURNS = 100
FINDINGS = 100
"""Places that one part names; all are counted."""

MOST_HIDDEN = 200
AROUND = 36
"""Characters of context before what was replaced, and twice as many from there on."""

_PLACE = re.compile(r"(.{1,200})\.([0-9]{1,15})", re.DOTALL)


class NoTurn(Exception):
    """There is no such turn, or there are too many."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A text in which something is replaced. `context` is redacted already; it is empty where only a key told."""

    number: int
    rules: str
    context: str


@dataclass(slots=True)
class Turn:
    """A turn, or what a part holds of it. `is_whole` where it begins here."""

    number: int
    words: str = ""
    is_whole: bool = True
    count: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """Events from `first` up to `stop` of a strand: their turns, and how much each rule replaces in them."""

    first: int
    stop: int
    total: int
    counts: Counter[str] = field(default_factory=Counter)
    turns: list[Turn] = field(default_factory=list)
    named: int = 0

    @property
    def found(self) -> int:
        return sum(turn.count for turn in self.turns)


class _Tracer(Redactor):
    """Redacts, and notes where."""

    def __init__(self, redactor: Redactor) -> None:
        self._inner = redactor
        self.notes: list[tuple[Counter[str], str]] = []

    def count(self, text: str, counts: Counter[str]) -> str:
        own: Counter[str] = Counter()
        after = self._inner.count(text, own)
        if own:
            counts.update(own)
            self.notes.append((own, _context(text, after)))
        return after


def located(place: str) -> tuple[str, int]:
    """Return the key and the number that `main.12` names; nothing for what names none."""
    match = _PLACE.fullmatch(place)
    return (match[1], int(match[2])) if match else ("", 0)


def preview(strand: Strand, first: int, redactor: Redactor) -> Part:
    """Return the part that begins at event `first`: at most `FRAMES` frames and `TURNS` turns."""
    part = Part(first, first, strand.events)
    for number, event in bodies.since(strand, first, FRAMES):
        if _begins(event, part):
            if len(part.turns) == TURNS:
                return part
            part.turns.append(Turn(number if part.turns or first else 0))
        elif not part.turns:
            part.turns.append(Turn(first and number, is_whole=first == 0))
        _note(part, number, event, redactor)
        part.stop = number + 1
    return part


def ranges(session: Session, places: Sequence[str]) -> tuple[Range, ...]:
    """Return what is left out with the turns that begin at these places (`main.12`). Raises NoTurn.

    With a turn go the subagents that were started in it, and theirs. The first turn of a subagent is all of it, as the
    title of its thread comes from there.
    """
    if len(places) > MOST_HIDDEN:
        raise NoTurn(f"At most {MOST_HIDDEN} turns can be left out.")
    strands = {strand.key: strand for strand in session.strands.filter(is_live=True)}
    try:
        chosen = [_known(strands, place) for place in places]
        return _with_subagents(strands, chosen)
    except bodies.BodyMissing as error:
        raise NoTurn(f"The turns cannot be read: {error}") from error


def _begins(event: Event, part: Part) -> bool:
    """Tell whether a turn begins with this event. The first words of the user belong to the turn that is open."""
    if not isinstance(event.action, actions.UserMessage):
        return False
    return not (part.first == 0 and len(part.turns) == 1 and not part.turns[0].words)


def _note(part: Part, number: int, event: Event, redactor: Redactor) -> None:
    tracer, turn = _Tracer(redactor), part.turns[-1]
    shown, report = redacted(event, tracer)
    part.counts.update(report.counts)
    turn.count += report.total
    if not turn.words and isinstance(event.action, actions.UserMessage):
        turn.words = _words(shown) or "…"
    for finding in _findings(number, Counter(report.counts), tracer.notes):
        if part.named < FINDINGS:
            part.named += 1
            turn.findings.append(finding)


def _findings(number: int, total: Counter[str], notes: Iterable[tuple[Counter[str], str]]) -> Iterator[Finding]:
    for counts, context in notes:
        total -= counts
        yield Finding(number, _named(counts), context)
    if total:
        yield Finding(number, _named(total), "")


def _named(counts: Counter[str]) -> str:
    return ", ".join(name if count == 1 else f"{name} ×{count}" for name, count in sorted(counts.items()))


def _context(before: str, after: str) -> str:
    """Return what stands around the first place in which the two differ, as it is shown to others."""
    # A long common beginning is skipped in pieces: there may be megabytes of it.
    pieces = range(0, len(after), 4096)
    start = next((each for each in pieces if before[each : each + 4096] != after[each : each + 4096]), 0)
    signs = enumerate(zip(before[start:], after[start:], strict=False), start)
    at = next((place for place, (old, new) in signs if old != new), start)
    left = max(0, at - AROUND)
    return ("…" if left else "") + after[left : at + 2 * AROUND] + ("…" if len(after) > at + 2 * AROUND else "")


def _words(event: Event) -> str:
    return next((block.text[:400] for block in event.content.blocks if isinstance(block, Text)), "")


def _known(strands: dict[str, Strand], place: str) -> tuple[Strand, int]:
    key, number = located(place)
    strand = strands.get(key)
    if strand is None or number >= strand.events:
        raise NoTurn(f"There is no turn {place[:80]!r}; turns are named like main.12.")
    if number and not _is_start(strand, number):
        raise NoTurn(f"No turn begins at {place[:80]!r}; the first one is {key[:80]}.0, others begin with the user.")
    return strand, number


def _is_start(strand: Strand, number: int) -> bool:
    """Tell whether a turn but the first begins with an event: else only a part of a turn would be left out."""
    first = next((each for each, event in _from(strand, 0) if isinstance(event.action, actions.UserMessage)), number)
    (_, event), *_ = bodies.window(strand, number, 1)
    return first < number and isinstance(event.action, actions.UserMessage)


def _with_subagents(strands: Mapping[str, Strand], chosen: list[tuple[Strand, int]]) -> tuple[Range, ...]:
    found: dict[Range, None] = {}
    while chosen:
        strand, first = chosen.pop()
        stop = _stop(strand, first) if first or strand.key == MAIN else None
        if (own := Range(strand.pk, first, stop)) not in found:
            found[own] = None
            chosen += [(strands[key], 0) for key in _started(strand, own) if key in strands]
    return tuple(found)


def _stop(strand: Strand, first: int) -> int | None:
    """Return where the next turn begins; None where this is the last, to which more may be added."""
    has_begun = first > 0
    for number, event in _from(strand, first):
        if isinstance(event.action, actions.UserMessage):
            if has_begun and number > first:
                return number
            has_begun = True
    return None


def _started(strand: Strand, own: Range) -> set[str]:
    """Return the keys of the subagents that were started within a range."""
    keys = set()
    for number, event in _from(strand, own.first):
        if own.stop is not None and number >= own.stop:
            break
        if key := event.attributes.get("subagent_id"):
            keys.add(str(key))
    return keys


def _from(strand: Strand, first: int) -> Iterator[Numbered]:
    return bodies.since(strand, first, strand.events + 1)
