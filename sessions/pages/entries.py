"""What a handoff states, as the entries of its page: words, a few facts, and links to the events behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from handoff.model import COMPLETED, FAILED, PASSED, Change, CheckRun, Citation, Evidence, PlanItem, Step, Summary
from opensession.hail import times
from sessions.pages.texts import duration, one_line, plain, truncated

MOST_WORDS, MOST_COMMAND = 600, 200
"""Characters of a statement, and of a command in it, that the page shows; the events behind them have the rest."""

MOST_READ = 4_000
"""Characters of a statement that are looked at, so that what stands behind a long command is not lost."""

# Handoffs put names and commands between backticks, longer runs of them where the words hold some.
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_STAMP = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?\+00:00")
_EVENT = re.compile(r"/e/(?P<strand>[^?]+)\.(?P<number>\d+)(?:\?|\Z)")
_TONES = {COMPLETED: "good", PASSED: "good", FAILED: "bad", "created": "good", "deleted": "bad"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence: words, or code."""

    text: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An event of the session: its number as the timeline shows it, and its address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Note:
    """A short fact; `tone` is `good`, `bad` or nothing, `moment` is set where it is a time."""

    text: str
    tone: str = ""
    moment: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a section. `lead` is its number or its status."""

    lead: str
    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...] = ()
    links: tuple[Link, ...] = ()
    tone: str = ""


class Grounds:
    """The events behind the statements of a handoff."""

    def __init__(self, summary: Summary) -> None:
        self._by_pointer = {ground.claim: _links(ground.events) for ground in summary.claim_evidence}
        self._by_evidence = {item.id: _links([item]) for item in summary.evidence}

    def of(self, pointer: str) -> tuple[Link, ...]:
        return self._by_pointer.get(pointer, ())

    def proofs(self, ids: Iterable[str]) -> tuple[Link, ...]:
        return tuple(link for each in ids for link in self._by_evidence.get(each, ()))


def _links(cited: Iterable[Citation | Evidence | PlanItem | CheckRun]) -> tuple[Link, ...]:
    return tuple(Link(_label(each.link), each.link) for each in cited if each.link)


def _label(url: str) -> str:
    found = _EVENT.search(url)
    return f"#{int(found['number']) + 1:,}" if found else "#"


def pieces(text: str) -> tuple[Piece, ...]:
    """Return a sentence in parts, so that names and commands in it can be told from words."""
    parts = _CODE.split(_STAMP.sub(r"\1 \2 UTC", one_line(text, MOST_READ)))
    found = (_piece(part, is_code=place % 3 == 2) for place, part in enumerate(parts) if place % 3 != 1)
    return tuple(_within([piece for piece in found if piece.text], MOST_WORDS))


def _piece(text: str, *, is_code: bool) -> Piece:
    return Piece(truncated(text.strip(), MOST_COMMAND), is_code) if is_code else Piece(text)


def _within(found: Iterable[Piece], room: int) -> Iterator[Piece]:
    for piece in found:
        if room < len(piece.text):
            yield Piece(truncated(piece.text, max(room, len("..."))), piece.is_code)
            return
        yield piece
        room -= len(piece.text)


def numbered(texts: Sequence[str], pointer: str, grounds: Grounds) -> list[Entry]:
    """Return the sentences of a list of the handoff, which `pointer` names, in its order."""
    return [
        Entry(str(place + 1), pieces(text), links=grounds.of(f"{pointer}/{place}")) for place, text in enumerate(texts)
    ]


def led(lead: str, texts: Sequence[str], pointer: str, grounds: Grounds) -> list[Entry]:
    return [Entry(lead, entry.pieces, links=entry.links) for entry in numbered(texts, pointer, grounds)]


def steps(given: Sequence[Step], grounds: Grounds) -> list[Entry]:
    numbers = {step.work_package_id: str(step.sequence) for step in given}
    return [
        Entry(
            str(step.sequence),
            pieces(step.title),
            tuple(_step_notes(step, numbers)),
            grounds.proofs(step.evidence_refs),
        )
        for step in given
    ]


def _step_notes(step: Step, numbers: Mapping[str, str]) -> Iterator[Note]:
    yield status(step.status)
    if step.depends_on:
        yield Note("after " + ", ".join(numbers.get(need, one_line(need, 60)) for need in step.depends_on))
    started, ended = (times.strict(stamp or "") for stamp in (step.started_at, step.completed_at))
    if started or ended:
        yield moment(started or ended or "")
    if started and ended:
        yield Note(f"took {duration(times.whole_seconds(started, ended))}")


def status(word: str) -> Note:
    return Note(word.replace("_", " "), _TONES.get(word, ""))


def moment(stamp: str) -> Note:
    return Note(f"{stamp[:10]} {stamp[11:16]} UTC", moment=stamp)


def check(run: CheckRun) -> Entry:
    code = "no exit code" if run.exit_code is None else f"exit {run.exit_code}"
    notes = (Note(run.kind), Note(code)) if run.kind else (Note(code),)
    words = Piece(one_line(run.command, MOST_COMMAND), is_code=True)
    return Entry(run.status, (words,), notes, _links([run]), _TONES.get(run.status, ""))


def plan(given: Sequence[PlanItem]) -> list[Entry]:
    return [_planned(item) for item in given]


def _planned(item: PlanItem) -> Entry:
    needs = (Note("after " + one_line(", ".join(item.depends_on), 120)),) if item.depends_on else ()
    said = status(item.status)
    return Entry(said.text, pieces(item.item), needs, _links([item]), said.tone)


def files(changes: Sequence[Change], folder: str, grounds: Grounds) -> list[Entry]:
    return [_file(change, folder, grounds.of(f"/files_modified/{place}")) for place, change in enumerate(changes)]


def _file(change: Change, folder: str, links: tuple[Link, ...]) -> Entry:
    lines = ((change.lines_added, "+", "good"), (change.lines_removed, "−", "bad"))
    notes = tuple(Note(f"{sign}{count:,}", tone) for count, sign, tone in lines if count is not None)
    words = Piece(plain(_below(change.path, folder))[:400], is_code=True)
    return Entry(change.action, (words,), notes, links, _TONES.get(change.action, ""))


def _below(path: str, folder: str) -> str:
    """Return a path as it is called in the folder that the session worked in."""
    whole = PurePosixPath(path)
    return str(whole.relative_to(folder)) if folder and whole.is_relative_to(folder) else path


def evidence(items: Sequence[Evidence]) -> list[Entry]:
    return [
        Entry(
            str(place),
            pieces(item.claim),
            (Note(one_line(item.source_type, 60)), moment(item.timestamp)),
            _links([item]),
        )
        for place, item in enumerate(items, 1)
    ]


def tally(runs: Sequence[CheckRun]) -> str:
    """Return how the commands ended: `12 passed, 1 failed`."""
    counts = {word: sum(run.status == word for run in runs) for word in (PASSED, FAILED)}
    counts["without a status"] = len(runs) - sum(counts.values())
    return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
