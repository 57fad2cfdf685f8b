"""What moderators do, and what readers tell them. Every act leaves an entry in the audit."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model

from accounts.models import ApiKey, RefreshToken, User
from sessions import audit
from sessions.models import Report, Session

MOST_REPORTS = 10
"""Reports that one reader may make in an hour."""


class TooManyReports(Exception):
    """A reader reports more than anybody reads."""


@transaction.atomic
def set_visibility(*, session: Session, visibility: str, actor: User | None) -> None:
    before = session.visibility
    if before == visibility:
        return
    Session.objects.filter(pk=session.pk).update(visibility=visibility)
    session.visibility = visibility
    facts = {"before": str(before), "after": str(visibility)}
    audit.record(actor=actor, action="change visibility", thing=session, **facts)


@transaction.atomic
def hide(*, session: Session, actor: User | None) -> bool:
    """Take a session away from everybody but its owner and the moderators. Tell whether it was there."""
    return _set_hidden(session, True, "hide", actor)


@transaction.atomic
def unhide(*, session: Session, actor: User | None) -> bool:
    return _set_hidden(session, False, "unhide", actor)


@transaction.atomic
def report(
    *, session: Session, reporter: User | None, reader: str, reason: str, words: str, now: datetime
) -> tuple[Report, bool]:
    """Return the open report of this reader about this session, and whether it is new. Raises TooManyReports."""
    lately = Report.objects.filter(reader=reader, created_at__gt=now - timedelta(hours=1))
    if lately.count() >= MOST_REPORTS:
        raise TooManyReports
    made, is_new = Report.objects.get_or_create(
        session=session,
        reader=reader,
        closed_at=None,
        defaults={"reporter": reporter, "reason": reason, "words": words},
    )
    if is_new:
        audit.record(actor=reporter, action="report", thing=made, session=str(session.pk), reason=reason)
    return made, is_new


@transaction.atomic
def close_report(*, report: Report, actor: User | None, now: datetime) -> bool:
    """Close a report. Tell whether it was open."""
    was_open = Report.objects.filter(pk=report.pk, closed_at=None).update(closed_at=now, closed_by=actor) == 1
    if was_open:
        audit.record(actor=actor, action="close report", thing=report, session=str(report.session_id))
    return was_open


@transaction.atomic
def deactivate(*, user: User, actor: User | None, now: datetime) -> bool:
    """Shut a person out: logins, tokens, keys and share links stop working at once. Tell whether they were in."""
    was_active = User.objects.filter(pk=user.pk, is_active=True).update(is_active=False) == 1
    if was_active:
        RefreshToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
        audit.record(actor=actor, action="deactivate", thing=user)
    return was_active


@transaction.atomic
def reactivate(*, user: User, actor: User | None) -> bool:
    """Let a person in again. Their keys and links work as before; they have to log in anew."""
    was_out = User.objects.filter(pk=user.pk, is_active=False).update(is_active=True) == 1
    if was_out:
        audit.record(actor=actor, action="reactivate", thing=user)
    return was_out


@transaction.atomic
def revoke_key(*, key: ApiKey, actor: User | None, now: datetime) -> bool:
    """Stop a key from working. Tell whether it worked until now."""
    running = ApiKey.objects.filter(pk=key.pk).exclude(status=ApiKey.Status.REVOKED)
    was_running = running.update(status=ApiKey.Status.REVOKED, revoked_at=now) == 1
    if was_running:
        audit.record(actor=actor, action="revoke key", thing=key, user=str(key.user_id), prefix=key.prefix)
    return was_running


@transaction.atomic
def lift_lock(*, attempt: Model, actor: User | None) -> None:
    """Forget failed logins. What was typed as a name may be anything, so the audit does not keep it."""
    audit.record(actor=actor, action="lift lock", thing=attempt)
    attempt.delete()


def _set_hidden(session: Session, is_hidden: bool, action: str, actor: User | None) -> bool:
    is_changed = Session.objects.filter(pk=session.pk, is_hidden=not is_hidden).update(is_hidden=is_hidden) == 1
    if is_changed:
        audit.record(actor=actor, action=action, thing=session)
    return is_changed
