"""Many write at once, and git is at work beside them: nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from opensession.gitstore import artifacts, sessions
from tests.base import REPOSITORY
from tests.gitstore.repositories import NOW, check, environment, git, repository, subjects

WRITERS, EACH = 8, 6

SAVE = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from opensession.gitstore import artifacts, sessions

root, writer, each = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for number in range(each):
    now = datetime.fromtimestamp(1_771_000_000 + number, UTC)
    name = f"{writer}-{number}"
"""
ONE_ARTIFACT_EACH = SAVE + "    artifacts.save(root, artifacts.named(name), name.encode(), now=now)\n"
THE_SAME_ARTIFACT = SAVE + "    artifacts.save(root, artifacts.named('contract'), name.encode(), now=now)\n"
SESSIONS = SAVE + "    sessions.put(root, name, name.encode(), b'{}', now=now)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "root")


def start(root: Path, code: str) -> list[subprocess.Popen[bytes]]:
    return [
        subprocess.Popen([sys.executable, "-c", code, str(root), str(writer), str(EACH)], cwd=REPOSITORY)
        for writer in range(WRITERS)
    ]


def finish(processes: list[subprocess.Popen[bytes]]) -> None:
    assert [process.wait() for process in processes] == [0] * len(processes)


def documents(root: Path, ref: str) -> list[str]:
    versions = git(root, "rev-list", ref).split()
    return [git(root, "show", f"{version}:artifact.json") for version in versions]


ALL = sorted(f"{writer}-{number}" for writer in range(WRITERS) for number in range(EACH))


def test_it_saves_different_artifacts(root: Path) -> None:
    finish(start(root, ONE_ARTIFACT_EACH))
    assert [artifact.id for artifact in artifacts.stored(root)] == ALL
    assert [artifacts.load(root, artifact).decode() for artifact in artifacts.stored(root)] == ALL
    check(root)


def test_it_saves_the_same_artifact(root: Path) -> None:
    finish(start(root, THE_SAME_ARTIFACT))
    assert sorted(documents(root, artifacts.named("contract").ref)) == ALL
    check(root)


def test_it_puts_sessions_while_git_packs_and_collects(root: Path) -> None:
    processes = start(root, SESSIONS)
    while any(process.poll() is None for process in processes):
        git(root, "gc", "--quiet")
        git(root, "pack-refs", "--all", "--prune")
    finish(processes)
    assert sorted(subjects(root, sessions.REF)) == [f"session: {name}" for name in ALL]
    assert [sessions.get(root, name).body.decode() for name in ALL] == ALL
    check(root)


def test_it_reads_while_git_packs(root: Path) -> None:
    contract = artifacts.named("contract")
    seen: Counter[bytes] = Counter()
    for number in range(10):
        artifacts.save(root, contract, str(number).encode(), now=NOW)
        packing = subprocess.Popen(["git", "gc", "--quiet"], cwd=root, env=environment())
        while packing.poll() is None:
            seen[artifacts.load(root, contract)] += 1
        assert packing.returncode == 0
    assert set(seen) == {str(number).encode() for number in range(10)}
    check(root)


def test_it_prunes_while_others_put(root: Path) -> None:
    sessions.put(root, "old", b"old", b"{}", now=NOW.replace(year=2020))
    processes = start(root, SESSIONS)
    pruned = sessions.prune(root, keep_days=365, now=NOW)
    finish(processes)
    assert pruned.expired_sessions == 1
    assert sessions.prune(root, keep_days=365, now=NOW) == sessions.Pruned(len(ALL))
    check(root)
