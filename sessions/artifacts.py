"""Handoff artifacts in a git repository: made from sessions, and compared with them later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from handoff import artifact as documents
from handoff.artifact import Artifact, Fingerprint, Source
from handoff.errors import HandoffError, NoData, Usage
from handoff.model import Summary
from handoff.summary import summarise
from opensession.gitstore import artifacts as store
from opensession.gitstore.repository import BadName, GitError, NotFound, find_root
from opensession.hail import times
from opensession.redaction.engine import Redactor, dashed
from opensession.redaction.report import Report
from opensession.redaction.walk import redacted
from parsers.base import ParseError
from sessions import handoffs
from sessions.bodies import BodyMissing
from sessions.handoffs import Subject
from sessions.models import Session

MISSING = "missing_source_file"
UNREADABLE = "unreadable_source_file"
CHANGED = "source_fingerprint_changed"

_SHORT_NAME = re.compile(r"/~(?=[-/]|$)")


@dataclass(frozen=True, slots=True)
class Stale:
    """A source that is not as it was, and how."""

    source: Source
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An artifact in a repository."""

    ref: str
    artifact: Artifact
    data: bytes


@dataclass(frozen=True, slots=True)
class Refreshed:
    """An artifact that was made anew, and the sources that are no longer in it."""

    kept: Kept
    gone: tuple[Stale, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The artifacts of one repository. `home` is written `~`, and secrets are taken out of what is kept."""

    root: Path
    home: Path

    def save(self, subjects: Sequence[Subject], given: str, form: str, now: datetime) -> tuple[Kept, Report]:
        """Keep the handoffs of the sessions, the oldest session first. Raises HandoffError."""
        with git_errors():
            place = store.new(given, now)
        return self._save(subjects, place, times.from_datetime(now), form, now)

    def _save(
        self, subjects: Sequence[Subject], place: store.Artifact, created_at: str, form: str, now: datetime
    ) -> tuple[Kept, Report]:
        ordered = sorted(subjects, key=lambda each: (times.key(each.header.context.created_at), each.header.session_id))
        made, report = self._document(ordered, place.id, created_at, form)
        data = documents.encode(made)
        with git_errors():
            store.save(self.root, place, data, now=now)
        return Kept(place.ref, made, data), report

    def _document(self, subjects: Iterable[Subject], name: str, created_at: str, form: str) -> tuple[Artifact, Report]:
        redactor = Redactor(homes=[str(self.home)])
        told: list[tuple[Source | None, Summary]] = []
        report = Report()
        for subject in subjects:
            as_read, fingerprint = handoffs.log_as_read(subject), Fingerprint()
            summary = handoffs.with_links(
                summarise(subject.header, fingerprint.passing(subject.events()), subject.stats), subject
            )
            clean, replaced = redacted(summary, redactor)
            told.append((self._source(subject, as_read, fingerprint.digest), clean))
            report += replaced
        return documents.document(name, created_at, form, told), report

    def _source(self, subject: Subject, as_read: tuple[int, int], digest: str) -> Source | None:
        if not subject.path:
            return None
        mtime_ms, size = as_read
        return Source(
            session_id=subject.header.session_id,
            tool=subject.header.agent.tool,
            model=subject.header.agent.model,
            source_path=_short(Path(subject.path), self.home),
            source_mtime_ms=mtime_ms,
            source_size=size,
            content_sha256=digest,
        )

    def load(self, name: str) -> Kept:
        """Return the artifact of this id or ref. Raises HandoffError."""
        with git_errors():
            place = store.named(name)
            data = store.load(self.root, place)
        return Kept(place.ref, documents.decode(data, place.ref), data)

    def refs(self) -> list[str]:
        """Return the refs of all artifacts, by name. Raises HandoffError."""
        with git_errors():
            return [place.ref for place in store.stored(self.root)]

    def refresh(self, kept: Kept, now: datetime) -> Refreshed:
        """Keep the handoffs of what is left of the sources under the same id. Raises HandoffError."""
        artifact = kept.artifact
        if not artifact.sources:
            raise HandoffError(f"{kept.ref} names no sources; save a new one with `manage.py handoff save`")
        found = [(source, self._subject(source)) for source in artifact.sources]
        gone = tuple(Stale(source, self._why_gone(source)) for source, subject in found if subject is None)
        subjects = [subject for _, subject in found if subject]
        if not subjects:
            ids = ", ".join(each.source.session_id for each in gone)
            raise HandoffError(f"all sources of {kept.ref} are gone ({ids}); it stays as it is")
        with git_errors():
            place = store.named(kept.ref)
        renewed, _ = self._save(subjects, place, artifact.created_at, artifact.payload_format, now)
        return Refreshed(renewed, gone)

    def stale(self, kept: Kept) -> list[Stale]:
        """Return the sources that are not as they were, in their order."""
        reasons = ((source, self._reason(source)) for source in kept.artifact.sources)
        return [Stale(source, reason) for source, reason in reasons if reason]

    def _reason(self, source: Source) -> str | None:
        path = self._path(source)
        try:
            stat = handoffs.stat_of(path)
        except OSError:
            return UNREADABLE
        stored = _stored(source)
        if stat == (source.source_mtime_ms, source.source_size) and not _has_more_logs(stored):
            return None
        subject = self._subject(source)
        if subject is None:
            return self._why_gone(source)
        try:
            return None if source.content_sha256 == _digest(subject) else CHANGED
        except BodyMissing:
            return UNREADABLE

    def _why_gone(self, source: Source) -> str:
        """Return the reason why a source holds its session no more."""
        try:
            return UNREADABLE if handoffs.stat_of(self._path(source)) else MISSING
        except OSError:
            return UNREADABLE

    def _subject(self, source: Source) -> Subject | None:
        """Return the session that a source is of: as it is stored, else as its log says."""
        if stored := _stored(source):
            return handoffs.of_stored(stored)
        path = self._path(source)
        try:
            found = handoffs.of_file(path) if path.exists() else []
        except (Usage, ParseError, OSError):
            return None
        return next((each for each in found if each.header.session_id == source.session_id), None)

    def _path(self, source: Source) -> Path:
        # A function, as a name may hold what would be read as a reference to a group.
        whole = _SHORT_NAME.sub(lambda _: f"/{dashed(str(self.home))}", source.source_path)
        head, _, rest = whole.partition("/")
        return self.home / rest if head == "~" else Path(whole)


def shelf(start: Path, home: Path) -> Shelf:
    """Return the artifacts of the repository that `start` lies in. Raises HandoffError."""
    with git_errors():
        return Shelf(find_root(start), home)


@contextmanager
def git_errors() -> Iterator[None]:
    """Say in the words of handoffs what git cannot do."""
    try:
        yield
    except BadName as error:
        raise Usage(str(error)) from error
    except NotFound as error:
        raise NoData(str(error)) from error
    except GitError as error:
        raise HandoffError(str(error)) from error


def _stored(source: Source) -> Session | None:
    return Session.objects.filter(origin="indexed", tool=source.tool, hail_id=source.session_id).first()


def _has_more_logs(session: Session | None) -> bool:
    """Tell whether a session can change without its main log."""
    return session is not None and session.strands.filter(is_live=True).count() > 1


def _digest(subject: Subject) -> str:
    fingerprint = Fingerprint()
    for _ in fingerprint.passing(subject.events()):
        pass
    return fingerprint.digest


def _short(path: Path, home: Path) -> str:
    """Return the path without the home folder, also where a name in it tells that; `Shelf._path` finds it again."""
    short = f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
    return re.sub(rf"/{re.escape(dashed(str(home)))}(?=[-/]|$)", "/~", short)
