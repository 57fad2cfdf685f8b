"""Old sessions leave the branch, and those that stay keep their age."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from opensession.gitstore import sessions
from opensession.gitstore.sessions import REF, Pruned
from tests.gitstore.repositories import NOW, check, git, repository, subjects

NOBODY = Pruned(0, 0, rewritten=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "root")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def put(root: Path, name: str, days: float) -> None:
    sessions.put(root, name, f"{name}\n".encode(), b"{}\n", now=ago(days))


def prune(root: Path, keep_days: int, days_later: float = 0) -> Pruned:
    return sessions.prune(root, keep_days=keep_days, now=NOW + timedelta(days=days_later))


def names(root: Path) -> list[str]:
    paths = git(root, "ls-tree", "-r", "--name-only", REF).split()
    bodies = [Path(path).name.removesuffix(".hail.jsonl") for path in paths if path.endswith(".hail.jsonl")]
    metas = [Path(path).name.removesuffix(".meta.json") for path in paths if path.endswith(".meta.json")]
    assert bodies == metas
    return bodies


def told_ages(root: Path) -> dict[str, float]:
    """Return the days since each session was stored, as a program sees it that knows only the subjects."""
    ages: dict[str, float] = {}
    for line in git(root, "log", "--first-parent", "--format=%ct %s", REF).splitlines():
        seconds, _, subject = line.partition(" ")
        if subject.startswith("session: "):
            ages.setdefault(subject.removeprefix("session: "), (int(NOW.timestamp()) - int(seconds)) / 86400)
    return ages


def replace_tip(root: Path, message: str, days: float) -> None:
    """Put another commit in place of the whole history, as the original writes it: no newline at its end."""
    person = f"opensession <cli@opensession.io> {ago(days).timestamp():.0f} +0900"
    tree = git(root, "rev-parse", f"{REF}^{{tree}}").strip()
    raw = f"tree {tree}\nauthor {person}\ncommitter {person}\n\n{message}"
    commit = git(root, "hash-object", "-t", "commit", "-w", "--stdin", given=raw).strip()
    git(root, "update-ref", REF, commit)


def test_it_works(root: Path) -> None:
    for name, days in (("old", 40), ("older", 50), ("young", 3), ("new", 1)):
        put(root, name, days)
    assert prune(root, 30) == Pruned(scanned_sessions=4, expired_sessions=2, rewritten=True)
    assert names(root) == ["new", "young"]
    assert sessions.get(root, "young").body == b"young\n"
    assert subjects(root, REF) == ["retention-prune: keep_days=30 expired=2", "session: new", "session: young"]
    check(root)


def test_it_does_nothing_where_nothing_is_old(root: Path) -> None:
    assert prune(root, 0) == NOBODY
    put(root, "abc", 3)
    before = git(root, "rev-parse", REF)
    assert prune(root, 30) == Pruned(scanned_sessions=1)
    assert git(root, "rev-parse", REF) == before


def test_it_counts_days_to_the_second(root: Path) -> None:
    put(root, "on the limit", 30)
    put(root, "after it", 30 - 1 / 86400)
    assert prune(root, 30).expired_sessions == 1
    assert prune(root, 30, days_later=1 / 86400).expired_sessions == 1


def test_it_can_expire_everything(root: Path) -> None:
    put(root, "abc", 0)
    assert prune(root, 0) == Pruned(1, 1, rewritten=True)
    assert names(root) == []
    assert git(root, "rev-list", "--count", REF) == "1\n"
    check(root)
    put(root, "abc", 0)
    assert names(root) == ["abc"]


def test_it_takes_the_newest_time_of_each(root: Path) -> None:
    put(root, "again", 50)
    put(root, "old", 40)
    put(root, "again", 2)
    assert prune(root, 30).expired_sessions == 1
    assert names(root) == ["again"]


def test_it_still_knows_the_age_of_those_that_stayed(root: Path) -> None:
    for number in range(6):
        put(root, f"s{number}", 60 - 10 * number)
    assert prune(root, 45).expired_sessions == 2
    assert told_ages(root) == {"s2": 40, "s3": 30, "s4": 20, "s5": 10}
    assert prune(root, 45, days_later=10) == Pruned(4, 1, rewritten=True)
    put(root, "late", -11)
    assert prune(root, 45, days_later=20) == Pruned(4, 1, rewritten=True)
    assert told_ages(root) == {"s4": 20, "s5": 10, "late": -11}
    check(root)


def test_it_leaves_nothing_of_the_old_ones(root: Path) -> None:
    put(root, "old", 40)
    put(root, "young", 3)
    old = git(root, "rev-parse", f"{REF}:v1/ol/old.hail.jsonl").strip()
    prune(root, 30)
    git(root, "gc", "--quiet", "--prune=now")
    assert old not in git(root, "cat-file", "--batch-all-objects", "--batch-check")
    assert sessions.get(root, "young").body == b"young\n"


def test_it_dates_what_another_program_pruned(root: Path) -> None:
    # The original leaves one commit that tells of no session; they are at least as old as that.
    put(root, "abc", 60)
    replace_tip(root, "retention-prune: keep_days=30 expired=1", 40)
    put(root, "old", 35)
    put(root, "young", 3)
    assert prune(root, 36) == Pruned(3, 1, rewritten=True)
    assert names(root) == ["old", "young"]


def test_it_keeps_what_came_by_a_merge_until_its_age_is_known(root: Path) -> None:
    put(root, "mine", 60)
    git(root, "worktree", "add", "--quiet", "--detach", "other", REF)
    put(root, "old", 50)
    other = root / "other"
    (other / "v1" / "th").mkdir()
    for end in ("hail.jsonl", "meta.json"):
        (other / "v1" / "th" / f"theirs.{end}").write_text("{}\n")
    git(other, "add", ".")
    git(other, "commit", "--quiet", "--message=by hand")
    theirs = git(other, "rev-parse", "HEAD").strip()
    git(other, "checkout", "--quiet", "--detach", REF)
    git(other, "merge", "--quiet", "--no-edit", theirs)
    git(root, "update-ref", REF, git(other, "rev-parse", "HEAD").strip())
    put(root, "new", 0)
    assert prune(root, 30).expired_sessions == 2
    assert names(root) == ["new", "theirs"]
    assert set(told_ages(root)) == {"new", "theirs"}
    check(root)


def test_it_leaves_alone_what_is_not_ours(root: Path) -> None:
    put(root, "old", 60)
    tree = git(root, "ls-tree", REF) + git(root, "ls-tree", "main")
    below = (
        git(root, "ls-tree", f"{REF}:v1")
        + git(root, "ls-tree", "main")
        + git(root, "ls-tree", f"{REF}:v1").replace("\tol", "\telsewhere")
    )
    changed = git(root, "mktree", given=below).strip()
    tree = tree.replace(git(root, "rev-parse", f"{REF}:v1").strip(), changed)
    commit = git(root, "commit-tree", "-m", "x", "-p", REF, git(root, "mktree", given=tree).strip()).strip()
    git(root, "update-ref", REF, commit)
    assert prune(root, 30) == Pruned(1, 1, rewritten=True)
    assert git(root, "ls-tree", "-r", "--name-only", REF).split() == [
        "code.py",
        "v1/code.py",
        "v1/elsewhere/old.hail.jsonl",
        "v1/elsewhere/old.meta.json",
    ]
    assert prune(root, 30) == Pruned(0, 0)


def test_it_reads_subjects_without_a_final_newline(root: Path) -> None:
    put(root, "abc", 1)
    replace_tip(root, "session: abc", 9)
    put(root, "new", 0)
    assert prune(root, 5).expired_sessions == 1
    assert names(root) == ["new"]
