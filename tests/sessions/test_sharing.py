from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from sessions import sharing
from sessions.models import AuditEntry, Session, ShareLink
from tests.base import BaseTestCase
from tests.sessions.links import make_link, shared_session

WRONG, RIGHT = "wrong horse", "right horse"


class ShareTests(BaseTestCase):
    def test_it_works(self) -> None:
        session = shared_session(origin="uploaded", owner=self.alice)
        link, token = make_link(session, actor=self.alice)
        assert link.expires_at
        self.assertEqual(link.creator, self.alice)
        self.assertGreaterEqual(len(token), 43)
        self.assertTrue(ShareLink.objects.live(timezone.now()).filter(pk=link.pk).exists())

    def test_it_keeps_no_token_and_no_password(self) -> None:
        link, token = make_link(shared_session(), password=RIGHT)
        row = ShareLink.objects.filter(pk=link.pk).values().get()
        self.assertNotIn(token, str(row))
        self.assertNotIn(RIGHT, str(row))

    def test_it_gives_every_link_a_token_of_its_own(self) -> None:
        session = shared_session()
        self.assertEqual(len({make_link(session)[1] for _ in range(20)}), 20)

    def test_it_ends(self) -> None:
        link, _ = make_link(shared_session(), lifetime=timedelta(days=7))
        now = timezone.now()
        self.assertTrue(ShareLink.objects.live(now + timedelta(days=6)).filter(pk=link.pk).exists())
        self.assertFalse(ShareLink.objects.live(now + timedelta(days=8)).filter(pk=link.pk).exists())

    def test_it_ends_with_its_maker_and_with_what_it_shows(self) -> None:
        session = shared_session(origin="uploaded", owner=self.alice)
        make_link(session, actor=self.alice)
        for change, undo in (({"is_active": False}, {"is_active": True}),):
            type(self.alice).objects.filter(pk=self.alice.pk).update(**change)
            self.assertFalse(ShareLink.objects.live(timezone.now()).exists())
            type(self.alice).objects.filter(pk=self.alice.pk).update(**undo)
        Session.objects.filter(pk=session.pk).update(is_hidden=True)
        self.assertFalse(ShareLink.objects.live(timezone.now()).exists())

    def test_it_is_revoked_once(self) -> None:
        link, _ = make_link(shared_session())
        self.assertTrue(sharing.revoke(link=link, actor=self.alice, now=timezone.now()))
        self.assertFalse(sharing.revoke(link=link, actor=self.alice, now=timezone.now()))
        self.assertFalse(ShareLink.objects.live(timezone.now()).exists())
        actions = list(AuditEntry.objects.values_list("action", "actor__nickname"))
        self.assertEqual(actions, [("revoke share link", "alice"), ("share", None)])

    def test_it_counts_a_view_in_one_statement(self) -> None:
        link, _ = make_link(shared_session())
        with self.assertNumQueries(3):  # The savepoint, the update, and the release.
            sharing.opened(link=link, now=timezone.now())
        stale = ShareLink.objects.get(pk=link.pk)
        sharing.opened(link=stale, now=timezone.now())
        link.refresh_from_db()
        self.assertEqual(link.view_count, 2)
        self.assertIsNotNone(link.viewed_at)

    def test_it_hears_few_wrong_passwords(self) -> None:
        link, _ = make_link(shared_session(), password=RIGHT)
        now = timezone.now()
        for _ in range(sharing.MOST_FAILURES):
            self.assertFalse(sharing.unlocked(link=link, password=WRONG, now=now))
        with self.assertRaises(sharing.TooManyAttempts):
            sharing.unlocked(link=link, password=RIGHT, now=now)
        self.assertTrue(sharing.unlocked(link=link, password=RIGHT, now=now + sharing.PAUSE))

    def test_it_hears_the_right_password_as_often_as_it_comes(self) -> None:
        link, _ = make_link(shared_session(), password=RIGHT)
        for _ in range(2 * sharing.MOST_FAILURES):
            self.assertTrue(sharing.unlocked(link=link, password=RIGHT, now=timezone.now()))


@pytest.mark.django_db(transaction=True)
def test_it_counts_every_one_of_many_views_at_once() -> None:
    link, _ = make_link(shared_session())

    def view() -> None:
        for _ in range(5):
            sharing.opened(link=link, now=timezone.now())
        connection.close()

    threads = [Thread(target=view) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ShareLink.objects.get().view_count == 20
