"""The sessions branch as git sees it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from opensession.gitstore import sessions
from opensession.gitstore.links import BRANCH
from opensession.gitstore.repository import BadName, Damaged, InTheWay, NotFound
from tests.gitstore.repositories import DAY, NOW, bare, check, environment, git, refs, repository, subjects, user_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "root")


def put(root: Path, name: str, content: str = "body\n") -> str:
    return sessions.put(root, name, content.encode(), f"{name}\n".encode(errors="replace"), now=NOW)


def files(root: Path) -> list[str]:
    return git(root, "ls-tree", "-r", "--name-only", "-z", sessions.REF).split("\0")[:-1]


def test_it_works(root: Path) -> None:
    assert put(root, "abcdef-1234") == "v1/ab/abcdef-1234.hail.jsonl"
    assert put(root, "x") == "v1/x/x.hail.jsonl"
    assert sessions.get(root, "x") == sessions.StoredSession(b"body\n", b"x\n")
    assert files(root) == [
        "v1/ab/abcdef-1234.hail.jsonl",
        "v1/ab/abcdef-1234.meta.json",
        "v1/x/x.hail.jsonl",
        "v1/x/x.meta.json",
    ]
    assert subjects(root, "opensession/sessions") == ["session: x", "session: abcdef-1234"]
    assert (
        git(root, "log", "-1", "--format=%an <%ae> %ct", sessions.REF)
        == "opensession <cli@opensession.io> 1771648691\n"
    )
    check(root)


def test_it_replaces_an_earlier_version(root: Path) -> None:
    put(root, "abcdef", "one\n")
    put(root, "abcdef", "two\n")
    assert sessions.get(root, "abcdef").body == b"two\n"
    assert git(root, "show", f"{sessions.REF}~1:v1/ab/abcdef.hail.jsonl") == "one\n"
    check(root)


def test_it_keeps_what_else_is_on_the_branch(root: Path) -> None:
    git(root, "branch", BRANCH)
    put(root, "abcdef")
    assert files(root)[0] == "code.py"
    assert len(files(root)) == 3


def test_it_touches_nothing_else(root: Path) -> None:
    before, others = user_files(root), refs(root)
    put(root, "abcdef")
    put(root, "abcdef")
    sessions.prune(root, keep_days=0, now=NOW)
    assert user_files(root) == before
    assert {name: target for name, target in refs(root).items() if name != sessions.REF} == others


def test_it_is_not_misled_by_a_tag_or_a_remote_branch_of_the_same_name(root: Path) -> None:
    git(root, "tag", BRANCH)
    git(root, "update-ref", f"refs/remotes/{BRANCH}", "main")
    put(root, "abcdef")
    assert git(root, "rev-list", "--count", sessions.REF) == "1\n"
    assert files(root)[0] == "v1/ab/abcdef.hail.jsonl"


def test_it_finds_nothing_where_nothing_is(root: Path) -> None:
    with pytest.raises(NotFound, match="session not found: abcdef"):
        sessions.get(root, "abcdef")
    put(root, "abcdef")
    for name in ("abc", "zz", "abcdef.hail.jsonl"):
        with pytest.raises(NotFound, match=f"session not found: {name}"):
            sessions.get(root, name)


def test_it_says_that_a_branch_is_in_the_way(root: Path) -> None:
    git(root, "branch", "opensession")
    git(root, "pack-refs", "--all")
    with pytest.raises(InTheWay, match=f"{sessions.REF} .* refs/heads/opensession exists; rename"):
        put(root, "abcdef")


def test_it_writes_into_no_file(root: Path) -> None:
    empty = git(root, "hash-object", "-w", "--stdin", given="").strip()
    tree = git(root, "mktree", given=f"100644 blob {empty}\tv1\n").strip()
    git(root, "update-ref", sessions.REF, git(root, "commit-tree", "-m", "x", tree).strip())
    with pytest.raises(Damaged, match="is no tree"):
        put(root, "abcdef")


@pytest.mark.parametrize("name", ["abc", "ses_0Ab", "chat#2", "a:b@c=d", "~x", "a..b", "[x]", 'a"b', "-"])
def test_it_keeps_plain_ids_as_they_are(root: Path, name: str) -> None:
    assert put(root, name) == f"v1/{name[:2]}/{name}.hail.jsonl"
    assert subjects(root, sessions.REF) == [f"session: {name}"]
    assert sessions.get(root, name).body == b"body\n"
    check(root)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a/b", "a%2Fb"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        (".", "%2E"),
        ("..", "%2E."),
        (".git", "%2Egit"),
        ("a\0b", "a%00b"),
        ("a\nsession: other", "a%0Asession:%20other"),
        ("a\\b", "a%5Cb"),
        ("한글", "%ED%95%9C%EA%B8%80"),
        ("é", "%C3%A9"),
        ("a%2Fb", "a%252Fb"),
        (" x ", "%20x%20"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_it_encodes_other_ids(root: Path, name: str, stem: str) -> None:
    assert put(root, name) == sessions.body_path(name) == f"v1/{stem[:2]}/{stem}.hail.jsonl"
    assert files(root)[0] == f"v1/{stem[:2]}/{stem}.hail.jsonl"
    assert subjects(root, sessions.REF) == [f"session: {stem}"]
    assert sessions.get(root, name).body == b"body\n"
    assert sessions.prune(root, keep_days=0, now=NOW).expired_sessions == 1
    assert files(root) == []
    check(root)


def test_it_refuses_an_empty_id(root: Path) -> None:
    with pytest.raises(BadName):
        put(root, "")


def test_it_travels(root: Path, tmp_path: Path) -> None:
    put(root, "abcdef")
    server = bare(tmp_path / "server.git")
    git(root, "push", "--quiet", str(server), BRANCH)
    git(tmp_path, "clone", "--quiet", "--branch", BRANCH, str(server), "clone")
    clone = tmp_path / "clone"
    assert (clone / "v1" / "ab" / "abcdef.hail.jsonl").read_text() == "body\n"
    sessions.put(clone, "fedcba", b"body\n", b"{}\n", now=NOW)
    git(clone, "push", "--quiet", "origin", BRANCH)
    assert sessions.get(server, "fedcba").body == b"body\n"
    check(server)


def test_it_works_on_from_a_shallow_clone(root: Path, tmp_path: Path) -> None:
    for name in ("abcdef", "fedcba"):
        put(root, name)
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=1", "--branch", BRANCH, f"file://{root}", "shallow")
    put(tmp_path / "shallow", "later")
    assert sessions.prune(tmp_path / "shallow", keep_days=1, now=NOW) == sessions.Pruned(3)
    check(tmp_path / "shallow")


def test_it_puts_at_the_same_cost_however_many_there_are(root: Path) -> None:
    fill(root, 10_000)
    before = loose(root)
    put(root, "abcdef")
    # Two files, three folders, one commit.
    assert len(loose(root) - before) == 6
    assert len(files(root)) == 2 * 10_000 + 2
    check(root)


def test_it_reads_only_what_lies_on_the_way(root: Path) -> None:
    for name in ("abc", "abd", "xyz"):
        put(root, name)
    needed = git(root, "rev-parse", *(f"{sessions.REF}{place}" for place in ("", "^{tree}", ":v1", ":v1/ab"))).split()
    for name in loose(root) - set(needed):
        (root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    put(root, "abe")
    assert sessions.get(root, "abe").body == b"body\n"


def loose(root: Path) -> set[str]:
    return {file.parent.name + file.name for file in (root / ".git" / "objects").glob("??/*")}


def fill(root: Path, count: int) -> None:
    """Put sessions on the branch, as quickly as git can."""
    person = "opensession <cli@opensession.io>"
    lines = []
    for number in range(count):
        name = f"{number * 7919 % 256:02x}-{number}"
        lines.append(f"commit {sessions.REF}\ncommitter {person} {NOW.timestamp() - DAY:.0f} +0000\n")
        subject = f"session: {name}"
        lines.append(f"data {len(subject)}\n{subject}\n")
        lines += [f"M 100644 inline v1/{name[:2]}/{name}.{end}\ndata 2\n{{}}\n" for end in ("hail.jsonl", "meta.json")]
    script = "".join(lines).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=root, env=environment(), input=script, check=True)
