"""Every change that a user asks for, one function each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from sessions import audit, bodies
from sessions.ingest.sources import read_again
from sessions.ingest.writer import drop_strand
from sessions.models import Session, SessionLink, Source, Tombstone

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def remove(*, session: Session, actor: User | None = None) -> None:
    """Remove a session with all that is stored of it, and see to it that it is not indexed again."""
    _record_removal(session, actor)
    Tombstone.objects.get_or_create(origin=session.origin, tool=session.tool, hail_id=session.hail_id)
    forget(session=session)


@transaction.atomic
def forget(*, session: Session) -> None:
    """Remove a session with all that is stored of it. Where its log still lies, the next pass reads it again."""
    strands = list(session.strands.values_list("pk", "body"))
    read_again(Source.objects.filter(strands__session=session))
    for strand, _ in strands:
        drop_strand(strand)
    session.delete()
    transaction.on_commit(partial(bodies.delete, [body for _, body in strands]))


@transaction.atomic
def delete(*, session: Session, actor: User) -> None:
    """Remove a session because `actor` asks for it, with the links that name it. An upload may come again."""
    SessionLink.objects.filter(target=str(session.pk)).delete()
    if session.origin == Session.Origin.INDEXED:
        remove(session=session, actor=actor)
    else:
        _record_removal(session, actor)
        forget(session=session)


@transaction.atomic
def restore(*, reference: str) -> bool:
    """Lift the tombstone of the session with this HAIL id, and see to it that the next pass reads it again.

    Tell whether there was such a tombstone.
    """
    buried = Tombstone.objects.filter(origin="indexed", hail_id=reference)
    tools = list(buried.values_list("tool", flat=True))
    buried.delete()
    # Which log held the session is not kept; a log that gave nothing is cheap to read once more.
    read_again(Source.objects.filter(tool__in=tools, strands=None))
    return bool(tools)


@transaction.atomic
def unbury(*, tombstone: Tombstone, actor: User | None) -> None:
    """Lift a tombstone. What was indexed is read again by the next pass, what was uploaded may be uploaded again."""
    audit.record(actor=actor, action="lift tombstone", thing=tombstone, origin=tombstone.origin)
    if tombstone.origin == Session.Origin.INDEXED:
        restore(reference=tombstone.hail_id)
    else:
        tombstone.delete()


def _record_removal(session: Session, actor: User | None) -> None:
    owner = str(session.owner_id) if session.owner_id else None
    audit.record(actor=actor, action="remove", thing=session, origin=session.origin, owner=owner)
