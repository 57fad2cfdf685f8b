from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.test import override_settings

from accounts.managers import OPERATOR_ID
from accounts.models import User
from tests.base import BaseTestCase, user


class AdminTests(BaseTestCase):
    def test_it_lets_the_operator_in(self) -> None:
        self.assertContains(self.client.get("/admin/"), "operator@localhost")
        self.assertContains(self.client.get("/admin/accounts/user/"), "alice@example.org")

    def test_it_adds_a_style_of_ours(self) -> None:
        for path in ("/admin/", "/admin/accounts/user/"):
            self.assertContains(self.client.get(path), 'href="/static/css/admin.css"', 1)

    def test_it_logs_what_the_operator_changes(self) -> None:
        form = {"nickname": "dave", "email": "", "usable_password": "false"}
        self.client.post("/admin/accounts/user/add/", form)
        self.assertEqual(LogEntry.objects.get().user_id, OPERATOR_ID)
        self.assertIsNone(User.objects.get(nickname="dave").email)

    def test_it_shows_every_model(self) -> None:
        index = self.client.get("/admin/")
        for app in index.context["app_list"]:
            for model in app["models"]:
                self.assertEqual(self.client.get(model["admin_url"]).status_code, 200, model["name"])

    def test_it_gives_the_operator_no_password(self) -> None:
        self.assertFalse(User.objects.operator().has_usable_password())
        self.assertEqual(User.objects.operator().pk, OPERATOR_ID)

    @override_settings(OPENSESSION_PROFILE="server")
    def test_it_wants_a_login_on_a_server(self) -> None:
        self.assertRedirects(self.client.get("/admin/"), "/admin/login/?next=/admin/")
        self.client.force_login(self.charlie)
        self.assertRedirects(self.client.get("/admin/"), "/admin/login/?next=/admin/")

    @override_settings(OPENSESSION_PROFILE="server")
    def test_it_lets_a_moderator_in_on_a_server(self) -> None:
        user("erin", is_staff=True)
        self.assertTrue(self.client.login(username="erin", password="correct horse"))
        self.assertEqual(self.client.get("/admin/").status_code, 200)
