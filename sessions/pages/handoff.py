"""The page that hands sessions off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlencode

from django.urls import reverse

from accounts.viewer import Viewer
from handoff import render
from handoff.model import FAILED, CheckRun, Finding, Summary
from handoff.validate import ERROR, validate
from opensession.hail import times
from sessions import bodies, repositories
from sessions.handoffs import Subject, of_stored, summary_of
from sessions.models import Session
from sessions.pages import entries
from sessions.pages.entries import Entry, Grounds, Piece
from sessions.pages.head import SessionHead
from sessions.pages.texts import counted, plain

MOST_SESSIONS = 50
"""Sessions that one page hands off: each of them is read from its first event to its last."""

SHOWN, MOST_ENTRIES = 12, 300
"""Entries of a section that are seen at once, and that are there at all; the downloads have every one."""

_CONTRACT = "/execution_contract"


@dataclass(frozen=True, slots=True)
class Section:
    """A list of the handoff. `rest` is folded; `left` is how many entries the page leaves out."""

    key: str
    title: str
    shown: Sequence[Entry]
    rest: Sequence[Entry] = ()
    left: int = 0
    fact: str = ""
    none: str = ""
    rest_title: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """Where an artifact would be kept."""

    root: Path

    @property
    def name(self) -> str:
        return plain(self.root.name or str(self.root))[:60]

    @property
    def path(self) -> str:
        return plain(str(self.root))[:300]


class SessionHandoff(SessionHead):
    """The handoff of one session. `problem` says why there is none, and then nothing else may be asked for."""

    def __init__(self, session: Session, number: int, now: datetime) -> None:
        self.session, self.number, self.now = session, number, now
        self.url = session.get_absolute_url()

    @property
    def problem(self) -> str:
        return self._made[1]

    @property
    def summary(self) -> Summary | None:
        return self._made[0]

    @cached_property
    def _made(self) -> tuple[Summary | None, str]:
        try:
            return summary_of(of_stored(self.session)), ""
        except bodies.BodyMissing as error:
            return None, str(error)

    @cached_property
    def grounds(self) -> Grounds:
        return Grounds(self._summary)

    @cached_property
    def _summary(self) -> Summary:
        if self.summary is None:
            raise bodies.BodyMissing(self.problem)
        return self.summary

    @property
    def objective(self) -> Entry:
        summary = self._summary
        return Entry("", entries.pieces(summary.headline), links=self.grounds.of("/objective"))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return validate(self._summary).findings

    @property
    def verdict(self) -> str:
        if not self.findings:
            return "Passed: this handoff lacks nothing that validation asks for."
        return f"{counted(len(self.findings), 'finding')}: the next agent should know what this handoff lacks."

    @property
    def tone(self) -> str:
        if not self.findings:
            return "good"
        return "bad" if any(finding.severity == ERROR for finding in self.findings) else "warn"

    @cached_property
    def rollback(self) -> tuple[Piece, ...]:
        return entries.pieces(self._summary.execution_contract.rollback_hint or "")

    @cached_property
    def plans(self) -> list[Section]:
        """What is to be done and what is done: the first column."""
        return [section for section in self._plans() if section.shown or section.none]

    def _plans(self) -> Iterator[Section]:
        said, grounds = self._summary.execution_contract, self.grounds
        yield _section(
            *("next", "Next actions", entries.numbered(said.next_actions, f"{_CONTRACT}/next_actions", grounds)),
            none="Nothing is left to do, as far as the session tells.",
        )
        parallel = entries.numbered(said.parallel_actions, f"{_CONTRACT}/parallel_actions", grounds)
        yield _section("parallel", "Can be done in parallel", parallel)
        yield _section("open", "Open questions and decisions", self._decisions())
        yield _section("done", "Done", entries.numbered(said.done_definition, f"{_CONTRACT}/done_definition", grounds))
        yield _section("plan", "Plan", entries.plan(self._summary.plan))
        yield _section("steps", "Steps, in order", entries.steps(said.ordered_steps, grounds))

    def _decisions(self) -> list[Entry]:
        unsure = self._summary.uncertainty
        questions = entries.led("question", unsure.open_questions, "/uncertainty/open_questions", self.grounds)
        return [
            *questions,
            *entries.led("decision", unsure.decision_required, "/uncertainty/decision_required", self.grounds),
            *(Entry("assumption", entries.pieces(text)) for text in unsure.assumptions),
        ]

    @cached_property
    def proofs(self) -> list[Section]:
        """What shows it: the second column."""
        return [section for section in self._proofs() if section.shown or section.none]

    def _proofs(self) -> Iterator[Section]:
        summary = self._summary
        yield _checks(summary.verification.checks_run)
        files = entries.files(summary.files_modified, self.session.cwd, self.grounds)
        yield _section("files", "Files changed", files, fact=counted(len(files), "file") if files else "")
        yield _section("evidence", "Evidence", entries.evidence(summary.evidence), none="No event supports a claim.")


class HandoffPage:
    """The handoffs of the sessions, in the order given. `here` is the folder that the server runs in."""

    name = "handoff"

    def __init__(self, sessions: Sequence[Session], url: str, viewer: Viewer, now: datetime, here: Path) -> None:
        self.sessions, self.url, self.viewer, self.now, self.here = sessions, url, viewer, now, here
        self.handoffs = [SessionHandoff(session, number, now) for number, session in enumerate(sessions, 1)]

    @classmethod
    def of_one(cls, session: Session, viewer: Viewer, now: datetime, here: Path) -> HandoffPage:
        return cls([session], reverse("handoff", args=[session.pk]), viewer, now, here)

    @classmethod
    def of_selection(cls, sessions: Sequence[Session], viewer: Viewer, now: datetime, here: Path) -> HandoffPage:
        query = urlencode([("session", session.pk) for session in sessions])
        return cls(sessions, f"{reverse('selection')}?{query}", viewer, now, here)

    @property
    def title(self) -> str:
        return f"Handoff: {self.handoffs[0].title}" if len(self.handoffs) == 1 else self.heading

    @property
    def heading(self) -> str:
        return "Handoff" if len(self.handoffs) == 1 else f"Handoff of {counted(len(self.handoffs), 'session')}"

    @property
    def back(self) -> str:
        """Where Escape leads: to the session, or to the list."""
        return self.handoffs[0].url if len(self.handoffs) == 1 else reverse("sessions")

    @property
    def is_whole(self) -> bool:
        """Tell whether every session could be read, so that the handoff can leave the page."""
        return bool(self.handoffs) and not any(each.problem for each in self.handoffs)

    @cached_property
    def markdown(self) -> str:
        return self.written("markdown")

    def written(self, form: str) -> str:
        """Return what `manage.py handoff --format` prints."""
        summaries = [each.summary for each in self.handoffs if each.summary]
        return render.FORMATS[form](summaries, times.from_datetime(self.now))

    @property
    def markdown_url(self) -> str:
        return self._download("markdown")

    @property
    def json_url(self) -> str:
        return self._download("json")

    def _download(self, form: str) -> str:
        return f"{self.url}{'&' if '?' in self.url else '?'}format={form}"

    def subjects(self) -> list[Subject]:
        return [of_stored(session) for session in self.sessions]

    @cached_property
    def repository(self) -> Repository | None:
        """Where the operator can save the handoff: where the first session worked that was in one, else here."""
        if not (self.viewer.is_operator and self.is_whole):
            return None
        worked = (Path(session.cwd) for session in self.sessions if session.cwd)
        folders = [*(folder for folder in worked if folder.is_absolute()), self.here]
        return next((Repository(root) for root in map(repositories.nearest, folders) if root), None)


def _section(key: str, title: str, given: Sequence[Entry], *, fact: str = "", none: str = "") -> Section:
    # One entry more is shown sooner than it is unfolded.
    shown = given if len(given) <= SHOWN + 2 else given[:SHOWN]
    rest = given[len(shown) : MOST_ENTRIES]
    left = max(0, len(given) - MOST_ENTRIES)
    return Section(key, title, shown, rest, left, fact, none, f"Show the other {len(rest):,}")


def _checks(runs: Sequence[CheckRun]) -> Section:
    """Return the commands: what tests, lints, builds or failed is seen at once, the rest is folded."""
    telling = [entries.check(run) for run in runs if run.kind or run.status == FAILED]
    others = [entries.check(run) for run in runs if not (run.kind or run.status == FAILED)]
    shown = telling[: 2 * SHOWN]
    rest = [*telling[len(shown) :], *others][: MOST_ENTRIES - len(shown)]
    left = len(runs) - len(shown) - len(rest)
    none = "No test, linter or build ran, and nothing failed." if runs else "No command ran."
    return Section("checks", "Checks", shown, rest, left, entries.tally(runs), none, f"Other commands ({len(rest):,})")
