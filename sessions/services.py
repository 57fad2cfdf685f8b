"""Every change that a user asks for, one function each."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from accounts.models import User
from sessions import bodies
from sessions.ingest.sources import read_again
from sessions.ingest.writer import drop_strand
from sessions.models import AuditEntry, Session, SessionLink, Source, Tombstone


@transaction.atomic
def remove(*, session: Session) -> None:
    """Remove a session with all that is stored of it, and see to it that it is not indexed again."""
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
    facts = {"tool": session.tool, "origin": session.origin}
    AuditEntry.objects.create(actor=actor, action="session.deleted", subject=f"session {session.pk}", facts=facts)
    SessionLink.objects.filter(target=str(session.pk)).delete()
    if session.origin == Session.Origin.INDEXED:
        remove(session=session)
    else:
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
