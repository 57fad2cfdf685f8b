"""Sessions as handoffs, stored ones and those in files: the joint between `sessions` and `handoff`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import parsers
from handoff.digest import digest
from handoff.errors import HandoffError, NoData, Usage
from handoff.links import cited, linked
from handoff.model import Summary
from handoff.references import Newest, Reference
from handoff.summary import summarise
from opensession.hail.model import Event, Header, Stats
from opensession.hail.model import Session as HailSession
from parsers.base import MAIN, ParseError
from sessions import bodies, references
from sessions.addresses import addresses
from sessions.models import Session, Source


@dataclass(frozen=True, slots=True)
class Subject:
    """A session to hand off. `path` is its log, or empty; `stored` is its row when it is indexed."""

    header: Header
    stats: Stats
    events: Callable[[], Iterable[Event]]
    path: str = ""
    stored: Session | None = None


def newest(asked: Newest, repo: Path | None = None) -> list[Subject]:
    """Return the sessions of this machine that ended last. Raises HandoffError when there is none."""
    found = references.newest(asked.count, repo=repo)
    if not found and repo:
        raise HandoffError(f"no session on this machine worked in {repo}; leave --repo out to take any")
    if not found:
        raise HandoffError("no session is indexed yet; work with an agent, then run `manage.py index`")
    return [of_stored(session) for session in found]


def meant(reference: Reference, tool: str | None, repo: Path | None = None) -> list[Subject]:
    """Return what a reference means. Raises NoData and Usage."""
    return [of_stored(session) for session in references.meant(reference, tool, repo)]


def of_word(word: str) -> list[Subject]:
    """Return the sessions in a file, or the one that is called so. Raises NoData and Usage."""
    if not word.strip():
        raise Usage("an empty word is neither a file nor the id of a session")
    path = Path(word)
    if path.is_file() or path.is_dir():
        return of_file(path)
    try:
        return [of_stored(references.named(word))]
    except NoData as error:
        raise NoData(f"{word} is neither a file nor the id of a session: {error}") from error


def of_file(path: Path) -> list[Subject]:
    """Return the sessions in a log, as they are stored if it is indexed. Raises Usage when it cannot be read."""
    stored = _stored_from(path)
    if stored:
        return [of_stored(session) for session in stored]
    try:
        found = [_of_parsed(session, path) for session in parsers.sessions(path)]
    except ParseError as error:
        raise Usage(str(error)) from error
    if not found:
        raise Usage(f"{path} holds no session")
    return found


def _stored_from(path: Path) -> list[Session]:
    sources = Source.objects.filter(path=str(path.absolute()), is_missing=False)
    live = Session.objects.filter(strands__source__in=sources, strands__is_live=True, origin="indexed")
    return list(live.primary().recent().distinct())


def _of_parsed(session: HailSession, path: Path) -> Subject:
    return Subject(session.header, session.stats, lambda: session.events, str(path))


def of_stored(session: Session) -> Subject:
    """Return a stored session. Raises BodyMissing."""
    header = bodies.session_header(session)
    return Subject(header, _stats(session), lambda: bodies.merged(session), _log_of(session), session)


def _log_of(session: Session) -> str:
    """Return the path of the log that the main strand was read from."""
    main = session.strands.filter(is_live=True, source__isnull=False).order_by("key").select_related("source")
    strand = main.filter(key=MAIN).first() or main.first()
    return strand.source.path if strand and strand.source else ""


def log_as_read(subject: Subject) -> tuple[int, int]:
    """Return the time in ms and the size in bytes that the log had when it was read, 0 where that is not known.

    A log that grew since it was indexed is not taken as it is by now: it would never look changed.
    """
    found = Source.objects.filter(path=subject.path, locator="", size__gte=0, is_missing=False)
    if subject.stored:
        return next(((row.mtime_ns // 1_000_000, row.size) for row in found), (0, 0))
    return (stat_of(Path(subject.path)) if subject.path else None) or (0, 0)


def stat_of(path: Path) -> tuple[int, int] | None:
    """Return the time in ms and the size in bytes, or None for a file that is gone. Raises OSError."""
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_mtime_ns // 1_000_000, stat.st_size


def summaries_of(subjects: Iterable[Subject]) -> list[Summary]:
    return [summary_of(subject) for subject in subjects]


def summary_of(subject: Subject) -> Summary:
    return with_links(summarise(subject.header, subject.events(), subject.stats), subject)


def with_links(summary: Summary, subject: Subject) -> Summary:
    """Return the handoff with links to its events where the pages can show them."""
    if subject.stored is None:
        return summary
    return linked(summary, addresses(subject.stored, sorted(cited(summary))))


def digests(subjects: Sequence[Subject], now: str) -> str:
    """Return the short HAIL of each session, with an empty line between two."""
    return "\n".join(digest(subject.header, subject.events(), now) for subject in subjects)


def _stats(session: Session) -> Stats:
    return Stats(
        event_count=session.event_count,
        message_count=session.message_count,
        tool_call_count=session.tool_call_count,
        task_count=session.task_count,
        duration_seconds=session.duration_seconds,
        total_input_tokens=session.input_tokens,
        total_output_tokens=session.output_tokens,
        user_message_count=session.user_message_count,
        files_changed=session.files_changed,
        lines_added=session.lines_added,
        lines_removed=session.lines_removed,
    )
