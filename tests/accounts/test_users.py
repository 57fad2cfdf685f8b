from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.managers import OPERATOR_NICKNAME
from accounts.models import User
from tests.base import BaseTestCase


class UserTests(BaseTestCase):
    def test_it_works(self) -> None:
        self.assertTrue(self.alice.check_password("correct horse"))
        self.assertEqual(
            (str(self.alice), self.alice.email, self.alice.is_staff), ("alice", "alice@example.org", False)
        )

    def test_it_tidies_what_people_type(self) -> None:
        user = User.objects.create_user(" frank ", " Frank@Example.ORG ")
        self.assertEqual((user.nickname, user.email), ("frank", "frank@example.org"))
        self.assertFalse(user.has_usable_password())

    def test_it_takes_an_address_only_once(self) -> None:
        with pytest.raises(IntegrityError):
            User.objects.create_user("other", "ALICE@example.org")

    def test_it_takes_many_people_without_an_address(self) -> None:
        for name in ("gina", "hugo"):
            self.assertIsNone(User.objects.create_user(name, "").email)

    def test_it_lets_nobody_be_called_like_the_operator(self) -> None:
        with pytest.raises(ValidationError, match="without @"):
            User(nickname=OPERATOR_NICKNAME, password="!").full_clean()

    def test_it_makes_moderators(self) -> None:
        user = User.objects.create_superuser("ida", password="correct horse")
        self.assertTrue(user.is_staff and user.is_superuser)
