"""Take the log of any agent, or HAIL, as the session that it holds: for people who upload a file as it is."""

from __future__ import annotations

from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from msgspec.structs import replace

from accounts.models import User
from opensession.hail.model import Session
from opensession.redaction.engine import Redactor
from opensession.redaction.walk import redacted
from parsers import content
from sessions.publishing.collect import Refused, collect
from sessions.publishing.request import Wishes
from sessions.publishing.store import Defaults, Published, publish

IN_MEMORY = 2 << 20


def publish_log(
    *, owner: User, name: str, data: bytes, title: str, wishes: Wishes, defaults: Defaults, now: datetime
) -> Published:
    """Store the newest session in the bytes of a log, without the secrets in it. Raises Refused."""
    session, notes = _read(name, data, title)
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        body = cast(BinaryIO, file)
        collected = collect(session.header, session.events, body)
        collected = collected._replace(warnings=[*notes, *collected.warnings])
        return publish(owner=owner, collected=collected, wishes=wishes, body=body, defaults=defaults, now=now)


def _read(name: str, data: bytes, title: str) -> tuple[Session, list[str]]:
    """Return the session, and what there is to say about how it was read."""
    try:
        found = content.read(name, data)
    except content.Refused as error:
        raise Refused(error.reason) from error
    session, replaced = redacted(_titled(found.session, title), Redactor())
    notes = [f"replaced: {replaced}"] if replaced else []
    if found.others:
        notes.append(f"{len(found.others)} more sessions were in the file; only the newest was taken")
    return session, notes


def _titled(session: Session, title: str) -> Session:
    """Return the session under the title that was given, if any."""
    if not title:
        return session
    header = session.header
    return replace(session, header=replace(header, context=replace(header.context, title=title)))
