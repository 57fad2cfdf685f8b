"""Who appears in every test: alice owns, bob is on her team, charlie is a stranger."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.test import TestCase

from accounts.models import User

REPOSITORY = Path(__file__).resolve().parent.parent
CORPUS = REPOSITORY.parent / "shared" / "corpus"
SAMPLES = REPOSITORY / "sessions" / "samples"


class BaseTestCase(TestCase):
    alice: User
    bob: User
    charlie: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.alice, cls.bob, cls.charlie = (user(name) for name in ("alice", "bob", "charlie"))


def user(nickname: str, *, password: str = "correct horse", is_staff: bool = False) -> User:
    return User.objects.create_user(nickname, f"{nickname}@example.org", password, is_staff=is_staff)


def write_home(home: Path) -> Path:
    """Lay one small session of every agent below `home`, as the agents would, and return `home`."""
    return Path(shutil.copytree(SAMPLES, home, dirs_exist_ok=True))


def write_log(home: Path, place: str, content: bytes | Path) -> Path:
    """Write a log, or a copy of a fixture, at `place` below `home`: `.claude/projects/-code-shop/1.jsonl`."""
    target = home / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    return target
