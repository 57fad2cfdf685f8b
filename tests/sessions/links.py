"""What the tests of share links share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from opensession.hail.model import Event
from sessions import sharing, turns
from sessions.models import Session, ShareLink
from tests.factories import agent, edit, make_session, shell, user

SECRET = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"


def talk() -> list[Event]:
    """Return three turns: 0 to 1, 2 to 4, 5 to 6. A key is in the first one, a folder in the last."""
    return [
        user(f"Deploy with {SECRET} please"),
        agent("The deployment runs"),
        user("Something confidential"),
        shell("cat plans.txt"),
        agent("Your plans are bold"),
        user("Now the tests"),
        edit("/home/anna/shop/tests.py"),
    ]


def shared_session(*events: Event, **fields: Any) -> Session:
    return make_session(*(events or talk()), **{"title": "Ship the shop", **fields})


def make_link(session: Session, leave: Sequence[str] = (), **fields: Any) -> tuple[ShareLink, str]:
    given = {"lifetime": timedelta(days=1), "now": timezone.now(), "actor": None, **fields}
    return sharing.share(session=session, hidden=turns.ranges(session, leave), **given)
