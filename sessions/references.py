"""From what people write to the session they mean: a row id, a HAIL id, or a unique beginning of either."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from handoff.errors import NoData, Usage
from handoff.references import Newest, Nth, Reference, Words
from parsers.registry import TOOLS
from sessions.models import Session
from sessions.querysets import SessionQuerySet

SHORTEST_PREFIX = 4
SHOWN = 5

_HEX = re.compile(r"[0-9a-f-]+")
_LAST = "\U0010ffff"


def named(text: str) -> Session:
    """Return the session of this id, or of this unique beginning of an id. Raises NoData, or Usage for several."""
    for found in _candidates(text.strip()):
        sessions: list[Session] = list(found[: SHOWN + 1])
        if len(sessions) > 1:
            raise Usage(f"{text} is {_of_several(text.strip(), sessions)}")
        if sessions:
            return sessions[0]
    least = f" (a beginning needs {SHORTEST_PREFIX} characters)" if len(text) < SHORTEST_PREFIX else ""
    raise NoData(f"no session is called {text}{least}; `manage.py handoff --last` takes the newest")


def _of_several(text: str, sessions: Sequence[Session]) -> str:
    if all(session.hail_id == text for session in sessions):
        return f"the id of several sessions: {_shown(sessions)}; name a row instead"
    return f"the beginning of several ids: {_shown(sessions)}; write more of it"


def _candidates(text: str) -> Iterator[SessionQuerySet]:
    """Yield where to look, the surest first."""
    everything = Session.objects.recent()
    row = _uuid(text)
    if row:
        yield everything.filter(pk=row)
    yield everything.filter(hail_id=text)
    if len(text) >= SHORTEST_PREFIX:
        low, high = _uuids(text)
        ids = Q(pk__gte=low, pk__lte=high) if low and high else Q()
        yield everything.filter(ids | Q(hail_id__gte=text, hail_id__lt=text + _LAST))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _uuids(prefix: str) -> tuple[UUID | None, UUID | None]:
    """Return the first and the last UUID that begin so."""
    digits = prefix.lower().replace("-", "")
    if not _HEX.fullmatch(prefix.lower()) or not 0 < len(digits) <= 32:
        return None, None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _shown(sessions: Sequence[Session]) -> str:
    ids = [f"{session.hail_id} ({session.tool}, row {session.pk})" for session in sessions[:SHOWN]]
    return ", ".join(ids) + (", …" if len(sessions) > SHOWN else "")


def is_known(tool: str) -> bool:
    """Tell whether there is an agent of this name, be it known to a parser of the user's own only."""
    return tool in TOOLS or Session.objects.filter(tool=tool).exists()


def newest(count: int, tool: str | None = None, repo: Path | None = None) -> list[Session]:
    """Return the sessions of this machine that ended last, the newest first; perhaps fewer than `count`."""
    return list(_own(tool, repo)[:count])


def meant(reference: Reference, tool: str | None = None, repo: Path | None = None) -> list[Session]:
    """Return the sessions that a reference means. Raises NoData, and Usage for a beginning of several ids."""
    own = _own(tool, repo)
    match reference:
        case Newest(count):
            found = list(own[:count])
        case Nth(index):
            found = list(own[index : index + 1])
        case Words(text):
            found = list(_saying(own, text)[:1]) or [named(text)]
    if not found:
        place = f" in {repo}" if repo else ""
        raise NoData(f"no session of {tool or 'any agent'}{place} is there for {_spelt(reference)}")
    return found


def _own(tool: str | None, repo: Path | None) -> SessionQuerySet:
    own = Session.objects.filter(origin="indexed").primary().recent()
    own = own.filter(tool=tool) if tool else own
    return own.within(str(repo)) if repo else own


def _saying(sessions: SessionQuerySet, text: str) -> SessionQuerySet:
    told = Q(title__icontains=text) | Q(description__icontains=text) | Q(spelt_tags__icontains=text)
    found: SessionQuerySet = sessions.annotate(spelt_tags=Cast("tags", TextField())).filter(told)
    return found


def _spelt(reference: Reference) -> str:
    match reference:
        case Newest(count):
            return f"HEAD~{count}"
        case Nth(index):
            return f"HEAD^{index}"
        case Words(text):
            return text
