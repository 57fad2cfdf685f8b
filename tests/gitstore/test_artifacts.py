"""Handoff artifacts as git sees them."""

from __future__ import annotations

import zlib
from datetime import timedelta
from pathlib import Path

import pytest

from opensession.gitstore import artifacts
from opensession.gitstore.artifacts import PREFIX, Artifact
from opensession.gitstore.repository import BadName, Damaged, InTheWay, NotFound
from tests.gitstore.repositories import NOW, bare, check, git, refs, repository, subjects, user_files

CONTRACT = artifacts.named("contract")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "root")


def save(root: Path, document: str, artifact: Artifact = CONTRACT) -> None:
    artifacts.save(root, artifact, document.encode(), now=NOW)


def test_it_works(root: Path) -> None:
    save(root, '{"version": "1"}\n')
    assert artifacts.load(root, CONTRACT) == b'{"version": "1"}\n'
    assert git(root, "show", f"{PREFIX}contract:artifact.json") == '{"version": "1"}\n'
    assert git(root, "ls-tree", "-r", CONTRACT.ref).startswith("100644 blob ")
    written = git(root, "log", "--format=%s|%an <%ae>|%cn <%ce>|%at|%ct|%P", CONTRACT.ref)
    person = "opensession <cli@opensession.io>"
    assert written == f"handoff-artifact: contract|{person}|{person}|1771648691|1771648691|\n"
    check(root)


def test_it_adds_a_version_each_time(root: Path) -> None:
    for document in ("one", "two", "two"):
        save(root, document)
    assert subjects(root, CONTRACT.ref) == ["handoff-artifact: contract"] * 3
    assert git(root, "show", f"{CONTRACT.ref}~2:artifact.json") == "one"
    assert artifacts.load(root, CONTRACT) == b"two"
    check(root)


def test_it_keeps_what_else_is_in_the_tree(root: Path) -> None:
    git(root, "update-ref", CONTRACT.ref, "main")
    save(root, "one")
    assert git(root, "ls-tree", "--name-only", CONTRACT.ref).split() == ["artifact.json", "code.py"]
    check(root)


def test_it_touches_nothing_else(root: Path) -> None:
    git(root, "worktree", "add", "--quiet", "linked")
    files, others, status = user_files(root), refs(root), git(root, "status", "--porcelain")
    save(root, "one")
    save(root, "two")
    assert user_files(root) == files
    assert {name: target for name, target in refs(root).items() if name != CONTRACT.ref} == others
    assert git(root, "status", "--porcelain") == status


def test_it_lists_by_name(root: Path) -> None:
    assert artifacts.stored(root) == []
    for name in ("zebra", "apple"):
        save(root, name, artifacts.named(name))
    git(root, "pack-refs", "--all")
    save(root, "mango", artifacts.named("mango"))
    git(root, "update-ref", f"{PREFIX}team/x", "main")
    git(root, "update-ref", "refs/opensession/handoff/other", "main")
    assert [artifact.id for artifact in artifacts.stored(root)] == ["apple", "mango", "team/x", "zebra"]


def test_it_finds_nothing_where_nothing_is(root: Path) -> None:
    with pytest.raises(NotFound, match=f"no handoff artifact {CONTRACT.ref} in {root}"):
        artifacts.load(root, CONTRACT)
    git(root, "update-ref", CONTRACT.ref, "main")
    with pytest.raises(NotFound, match=CONTRACT.ref):
        artifacts.load(root, CONTRACT)


def test_it_reads_and_writes_packed_refs_and_objects(root: Path) -> None:
    save(root, "one")
    git(root, "gc", "--quiet", "--prune=now")
    assert not (root / ".git" / CONTRACT.ref).exists()
    assert artifacts.load(root, CONTRACT) == b"one"
    save(root, "two")
    assert subjects(root, CONTRACT.ref) == ["handoff-artifact: contract"] * 2
    git(root, "gc", "--quiet", "--prune=now")
    assert artifacts.load(root, CONTRACT) == b"two"
    check(root)


def test_it_travels(root: Path, tmp_path: Path) -> None:
    save(root, "one")
    server = bare(tmp_path / "server.git")
    git(root, "push", "--quiet", str(server), f"{PREFIX}*:{PREFIX}*")
    clone = repository(tmp_path / "clone")
    git(clone, "fetch", "--quiet", str(server), f"{PREFIX}*:{PREFIX}*")
    save(clone, "two")
    git(clone, "push", "--quiet", str(server), f"{PREFIX}*:{PREFIX}*")
    assert artifacts.load(server, CONTRACT) == b"two"
    check(server)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("contract", "contract"),
        ("  my fix / v2 ", "my-fix---v2"),
        ("--x--", "x"),
        ("é", None),
        ("", None),
        (" - ", None),
        (f"{PREFIX}team/x", "team/x"),
    ],
)
def test_it_makes_an_id_of_what_is_given(given: str, name: str | None) -> None:
    assert artifacts.new(given, NOW).id == (name or "artifact-20260221T043811123")


def test_it_dates_in_utc() -> None:
    there = NOW.astimezone(tz=None) + timedelta(milliseconds=1)
    assert artifacts.new("", there).id == "artifact-20260221T043811124"


@pytest.mark.parametrize(
    "given",
    [".x", "a..b", "x.lock", "x.", "", "é", "x" * 251, "refs/heads/main", "refs/opensession/handoff/artifacts", PREFIX]
    + [
        PREFIX + name
        for name in ("a/../../../heads/main", "a//b", "a b", "a~1", "a^", "a:b", "a\\b", "a@{1}", "a/", "\ud800")
    ],
)
def test_it_refuses_what_git_would_not_take(given: str) -> None:
    with pytest.raises(BadName):
        artifacts.named(given)


def test_it_says_which_ref_is_in_the_way(root: Path) -> None:
    git(root, "update-ref", "refs/opensession/handoff", "main")
    for pack in (False, True):
        if pack:
            git(root, "pack-refs", "--all")
        with pytest.raises(InTheWay, match="as long as refs/opensession/handoff exists; rename that one"):
            save(root, "one")
    assert refs(root)["refs/opensession/handoff"]
    check(root)


def test_it_says_which_ref_is_below(root: Path) -> None:
    git(root, "update-ref", f"{CONTRACT.ref}/deeper", "main")
    for pack in (False, True):
        if pack:
            git(root, "pack-refs", "--all")
        with pytest.raises(InTheWay, match=f"as long as {CONTRACT.ref}/deeper exists"):
            save(root, "one")
    check(root)


def test_it_clears_the_empty_folders_that_a_deleted_ref_left(root: Path) -> None:
    (root / ".git" / CONTRACT.ref / "deep" / "er").mkdir(parents=True)
    save(root, "one")
    git(root, "pack-refs", "--all")
    (root / ".git" / CONTRACT.ref / "deep").mkdir(parents=True)
    save(root, "two")
    assert artifacts.load(root, CONTRACT) == b"two"


def test_it_never_writes_through_another_name(root: Path) -> None:
    git(root, "symbolic-ref", CONTRACT.ref, "refs/heads/main")
    before = refs(root)
    with pytest.raises(InTheWay, match="only another name of refs/heads/main"):
        save(root, "one")
    assert refs(root) == before


@pytest.mark.parametrize("content", ["", "nonsense\n", "0" * 39 + "\n"])
def test_it_names_a_ref_that_is_no_ref(root: Path, content: str) -> None:
    save(root, "one")
    (root / ".git" / CONTRACT.ref).write_text(content)
    with pytest.raises(Damaged, match=f"git update-ref -d {CONTRACT.ref}"):
        save(root, "two")


def test_it_names_an_object_that_is_missing_or_of_another_kind(root: Path) -> None:
    git(root, "update-ref", CONTRACT.ref, git(root, "rev-parse", "main^{tree}").strip())
    with pytest.raises(Damaged, match=r"is no commit; `git fsck`"):
        artifacts.load(root, CONTRACT)
    (root / ".git" / CONTRACT.ref).write_text("1" * 40 + "\n")
    with pytest.raises(Damaged, match=r"1{40} in .* is missing"):
        artifacts.load(root, CONTRACT)


@pytest.mark.parametrize("damage", [b"", b"nonsense", zlib.compress(b"blob 3\0two")])
def test_it_names_a_repository_with_a_damaged_object(root: Path, damage: bytes) -> None:
    save(root, "one")
    name = git(root, "rev-parse", f"{CONTRACT.ref}:artifact.json").strip()
    file = root / ".git" / "objects" / name[:2] / name[2:]
    file.unlink()
    file.write_bytes(damage)
    with pytest.raises(Damaged, match="git fsck"):
        artifacts.load(root, CONTRACT)


def test_it_names_a_repository_with_damaged_refs(root: Path) -> None:
    for content in ("", "nonsense\n"):
        (root / ".git" / "packed-refs").write_text(content)
        with pytest.raises(Damaged, match=f"{root}.*git fsck"):
            save(root, "one")
