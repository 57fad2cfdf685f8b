"""Store an uploaded session: its body first, whole and under a new key, then all of its rows at once.

What a crash leaves behind is a body that no row names; `manage.py fsck` removes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, NamedTuple

import msgspec
from django.db import IntegrityError, transaction

from accounts.models import User
from opensession.hail.words import storable
from parsers.base import MAIN
from sessions import bodies
from sessions.ingest.upsert import upsert
from sessions.ingest.writer import drop_strand, frame_row
from sessions.models import Frame, Session, SessionLink, Strand, Upload
from sessions.publishing import leftovers, rows
from sessions.publishing.collect import Collected
from sessions.publishing.request import Wishes
from sessions.publishing.tasks import make_searchable
from sessions.querysets import SessionQuerySet

_ATTEMPTS = 5

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Defaults(NamedTuple):
    """What holds where a sender wishes nothing."""

    visibility: str
    score_plugin: str


class Published(NamedTuple):
    """An uploaded session, and whether this upload changed what is stored of it."""

    upload: Upload
    is_new: bool


class _Draft(NamedTuple):
    """All that goes into the rows."""

    owner: User
    collected: Collected
    wishes: Wishes
    defaults: Defaults
    plugin: str
    now: datetime
    body: str

    def known(self) -> SessionQuerySet:
        """Return the row of this session, when its owner uploaded it before."""
        header = self.collected.header
        columns = {"tool": storable(header.agent.tool), "hail_id": storable(header.session_id)}
        own: SessionQuerySet = Session.objects.filter(origin="uploaded", owner=self.owner, **columns)
        return own


def publish(
    *, owner: User, collected: Collected, wishes: Wishes, body: BinaryIO, defaults: Defaults, now: datetime
) -> Published:
    """Store a session, or find it stored. The same session with other content replaces it under the same address.

    Raises UnknownPlugin before anything is written.
    """
    plugin = rows.chosen_plugin(wishes.score_plugin, defaults.score_plugin)
    name = uuid.uuid4().hex
    draft = _Draft(owner, collected, wishes, defaults, plugin, now, f"{leftovers.FOLDER}/{name[:2]}/{name}.zst")
    if same := _again(draft):
        return same
    body.seek(0)
    bodies.write(draft.body, body)
    published = _persistent(partial(_store, draft))
    if not published.is_new:
        # Another request was faster with the same content.
        bodies.delete([draft.body])
    return published


def _persistent(store: Callable[[], Published]) -> Published:
    """Try again when another request made the same row in the same moment."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return store()
        except IntegrityError:
            continue
    return store()


def _again(draft: _Draft) -> Published | None:
    """Return what is stored when it holds the same content. A wish for another visibility is heard."""
    known = draft.known().filter(upload__content_sha256=draft.collected.sha256)
    if draft.wishes.visibility:
        known.exclude(visibility=draft.wishes.visibility).update(visibility=draft.wishes.visibility)
    session = known.select_related("upload").first()
    return Published(session.upload, is_new=False) if session else None


@transaction.atomic
def _store(draft: _Draft) -> Published:
    session = draft.known().select_for_update().first()
    if session and (same := _again(draft)):
        return same
    upload = _replaced(draft, session) if session else _created(draft)
    session = upload.session
    _write_strand(draft, session)
    _write_links(draft, session)
    Session.objects.filter(origin="indexed", tool=session.tool, hail_id=session.hail_id).update(published=session)
    return Published(upload, is_new=True)


def _created(draft: _Draft) -> Upload:
    session = Session.objects.create(**_session_columns(draft, uuid.uuid4(), draft.defaults.visibility))
    return Upload.objects.create(session=session, **_upload_columns(draft))


def _replaced(draft: _Draft, known: Session) -> Upload:
    former = list(known.strands.values_list("pk", "body"))
    for strand, _ in former:
        drop_strand(strand)
    transaction.on_commit(partial(bodies.delete, [body for _, body in former]))
    known.links.filter(kind=SessionLink.Kind.HANDOFF).delete()
    # A session that its owner has made private must not be public again because it went on.
    Session.objects.filter(pk=known.pk).update(**_session_columns(draft, known.pk, known.visibility))
    Upload.objects.filter(pk=known.pk).update(**_upload_columns(draft))
    return Upload.objects.select_related("session").get(pk=known.pk)


def _session_columns(draft: _Draft, identity: uuid.UUID, visibility: str) -> dict[str, Any]:
    columns = rows.session_columns(identity, _parent(draft), draft.collected, draft.wishes, draft.now)
    whose = {"origin": "uploaded", "owner_id": draft.owner.pk, "visibility": draft.wishes.visibility or visibility}
    return columns | whose


def _upload_columns(draft: _Draft) -> dict[str, Any]:
    return rows.upload_columns(draft.collected, draft.wishes, draft.plugin, draft.now)


def _parent(draft: _Draft) -> uuid.UUID | None:
    """Return the row of the session that this one belongs to, when its owner uploaded that one too."""
    header = draft.collected.header
    named = header.context.attributes.get("parent_session_id")
    if not isinstance(named, str):
        return None
    own = Session.objects.filter(origin="uploaded", owner=draft.owner, tool=header.agent.tool, hail_id=named)
    return own.exclude(hail_id=header.session_id).values_list("pk", flat=True).first()


def _write_strand(draft: _Draft, session: Session) -> None:
    strand = Strand.objects.create(**_strand_columns(draft, session))
    upsert(Frame, [frame_row(strand.pk, frame, None) for frame in draft.collected.frames])
    transaction.on_commit(partial(make_searchable.enqueue, str(strand.pk)))


def _strand_columns(draft: _Draft, session: Session) -> dict[str, Any]:
    tally = draft.collected.tally
    return {
        "id": uuid.uuid4(),
        "session": session,
        "key": MAIN,
        "events": tally.event_count,
        "header": _encode(draft.collected.header),
        "tally": _encode(tally),
        "kinds": {"event": tally.event_count},
        "body": draft.body,
    }


def _write_links(draft: _Draft, session: Session) -> None:
    named = [SessionLink(session=session, target=target) for target in rows.links(draft.collected, draft.wishes)]
    SessionLink.objects.bulk_create(named, ignore_conflicts=True)
