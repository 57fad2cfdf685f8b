"""Who did what to which thing. Entries hold ids and facts, never content, and outlive what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Model

from sessions.models import AuditEntry

if TYPE_CHECKING:
    from accounts.models import User


def record(*, actor: User | None, action: str, thing: Model, **facts: str | int | None) -> None:
    """Write an entry in the transaction of the act. Without an actor it was the operator, or a command."""
    subject = f"{thing._meta.verbose_name} {thing.pk}"
    AuditEntry.objects.create(actor=actor, action=action, subject=subject, facts=facts)
