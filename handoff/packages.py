"""Work packages: the events of each task, what they touched, and which package had to come before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from handoff.evidence import group_of
from handoff.model import COMPLETED, IN_PROGRESS, MAIN, PENDING, WorkPackage, default_title
from handoff.tasks import is_added
from opensession.hail import times
from opensession.hail.actions import Action, FileCreate, FileDelete, FileEdit, ShellCommand, TaskEnd, TaskStart
from opensession.hail.extract import collapse, truncate
from opensession.hail.model import Event

TITLE_BYTES = 160


class _Draft:
    """A package while its events still come in."""

    def __init__(self, package_id: str, event: Event) -> None:
        self.id = package_id
        self.started = event.timestamp
        self.completed: str | None = None
        self.shown = event.event_id
        self.status = PENDING
        self.title = ""
        self.first_summary = ""
        self.outcome = ""
        self.files: set[str] = set()
        self.commands: dict[str, None] = {}

    def start(self, event: Event, action: TaskStart) -> None:
        self.title = (action.title or "").strip() or self.title
        self.begin()

    def end(self, event: Event, action: TaskEnd) -> None:
        outcome = collapse(action.summary or "")
        if is_added(outcome):
            return
        self.status = COMPLETED
        self.completed = event.timestamp
        self.shown = event.event_id
        self.outcome = outcome or self.outcome
        self.first_summary = self.first_summary or self.outcome

    def change(self, event: Event, action: FileEdit | FileCreate | FileDelete) -> None:
        self.files.add(action.path)
        self.begin()

    def run(self, event: Event, action: ShellCommand) -> None:
        self.commands[collapse(action.command)] = None
        self.begin()

    def begin(self) -> None:
        if self.status == PENDING:
            self.status = IN_PROGRESS


_ACTS: Mapping[type[Action], Callable[..., None]] = {
    TaskStart: _Draft.start,
    TaskEnd: _Draft.end,
    FileEdit: _Draft.change,
    FileCreate: _Draft.change,
    FileDelete: _Draft.change,
    ShellCommand: _Draft.run,
}


class Packages:
    """Keeps one draft per task; an event without a task belongs to its semantic group, else to `main`."""

    kinds: tuple[type[Action], ...] = ()

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}

    def see(self, event: Event) -> None:
        name = group_of(event)
        draft = self._drafts.get(name)
        if draft is None:
            draft = self._drafts[name] = _Draft(name, event)
        if act := _ACTS.get(type(event.action)):
            act(draft, event, event.action)

    def shown(self) -> dict[str, str]:
        """Return, for each package, the event that completed it, else its first."""
        return {name: draft.shown for name, draft in self._drafts.items()}

    def finished(self, references: Mapping[str, Sequence[str]]) -> tuple[WorkPackage, ...]:
        """Return the packages that matter, by time of their first event; `main` always does."""
        # The sort is stable, so packages that begin at the same time stay in the order of their first events.
        drafts = sorted(self._drafts.values(), key=lambda draft: times.key(draft.started))
        packages = (
            _package(draft, sequence, needs, references.get(draft.id, ()))
            for sequence, (draft, needs) in enumerate(zip(drafts, _needs(drafts), strict=True), 1)
        )
        # No package can depend on one that is dropped here: only those with files are depended on.
        return tuple(package for package in packages if package.id == MAIN or package.is_material)


def _needs(drafts: Iterable[_Draft]) -> Iterator[tuple[str, ...]]:
    """Return, per draft, the nearest earlier one that touched a file of it."""
    last: dict[str, tuple[int, str]] = {}
    for place, draft in enumerate(drafts):
        nearest = max((last[path] for path in draft.files if path in last), default=None)
        last.update(dict.fromkeys(draft.files, (place, draft.id)))
        yield (nearest[1],) if nearest else ()


def _package(draft: _Draft, sequence: int, needs: tuple[str, ...], references: Sequence[str]) -> WorkPackage:
    return WorkPackage(
        id=draft.id,
        title=draft.title or truncate(draft.first_summary, TITLE_BYTES) or default_title(draft.id),
        status=draft.status,
        sequence=sequence,
        outcome=draft.outcome or None,
        files=tuple(sorted(draft.files)),
        commands=tuple(draft.commands),
        depends_on=needs,
        evidence_refs=tuple(references),
        started_at=times.offset_form(draft.started),
        completed_at=times.offset_form(draft.completed) if draft.completed else None,
    )
