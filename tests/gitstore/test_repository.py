"""Where a repository is found, and which ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from opensession.gitstore import artifacts, sessions
from opensession.gitstore.repository import Busy, GitError, NotARepository, Unsupported, find_root, opened
from tests.gitstore.repositories import NOW, bare, check, git, repository, subjects, user_files

CONTRACT = artifacts.named("contract")


def test_it_finds_the_nearest_repository_above(tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer")
    inner = repository(outer / "sub" / "inner")
    assert find_root(outer / "sub") == outer
    assert find_root(inner / "deep" / "folder that is gone") == inner
    assert find_root(outer / ".git" / "hooks") == outer
    assert find_root(outer / ".git") == outer


def test_it_finds_a_linked_worktree_and_a_submodule(tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer")
    git(outer, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    git(outer, "submodule", "--quiet", "add", str(repository(tmp_path / "library")), "lib")
    (tmp_path / "linked" / "deep").mkdir()
    assert find_root(tmp_path / "linked" / "deep") == tmp_path / "linked"
    assert find_root(outer / "lib") == outer / "lib"


def test_it_takes_a_bare_repository_as_it_is_given(tmp_path: Path) -> None:
    store = bare(repository(tmp_path / "outer") / "store.git")
    assert find_root(store) == store
    assert find_root(store / "refs") == tmp_path / "outer"


def test_it_says_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match=f"not a git repository: {tmp_path}; .*git init"):
        find_root(tmp_path)
    with pytest.raises(NotARepository, match=f"not a git repository: {tmp_path}"):
        artifacts.stored(tmp_path)


@pytest.mark.parametrize("content", ["", "nonsense", "gitdir: ../gone\n"])
def test_it_refuses_a_git_file_that_leads_nowhere(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    with pytest.raises(NotARepository, match=str(tmp_path)):
        artifacts.stored(tmp_path)


@pytest.mark.parametrize("kind", ["ordinary", "bare", "worktree", "submodule", "separate", "sha256", "sha256 bare"])
def test_it_works_in_every_kind(tmp_path: Path, kind: str) -> None:
    root = made(tmp_path, kind)
    artifacts.save(root, CONTRACT, b"{}", now=NOW)
    sessions.put(root, "abcdef-1234", b"body\n", b"{}\n", now=NOW.replace(year=2025))
    sessions.put(root, "abcdef-5678", b"body\n", b"{}\n", now=NOW)
    assert artifacts.stored(root) == [CONTRACT]
    assert artifacts.load(root, CONTRACT) == b"{}"
    assert sessions.prune(root, keep_days=30, now=NOW) == sessions.Pruned(2, 1, rewritten=True)
    assert subjects(root, sessions.REF) == ["retention-prune: keep_days=30 expired=1", "session: abcdef-5678"]
    assert git(root, "show", f"{CONTRACT.ref}:artifact.json") == "{}"
    check(root)


def test_it_takes_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = repository(tmp_path / "main")
    git(main, "worktree", "add", "--quiet", "../linked")
    monkeypatch.chdir(tmp_path)
    for place in ("main", "linked"):
        artifacts.save(Path(place), CONTRACT, place.encode(), now=NOW)
    monkeypatch.chdir(main)
    assert artifacts.load(Path(), CONTRACT) == b"linked"
    assert find_root(Path()) == main


def made(folder: Path, kind: str) -> Path:
    sha256 = "--object-format=sha256"
    if kind.endswith("bare"):
        return bare(folder / "store.git", *([sha256] if "sha256" in kind else []))
    if kind == "separate":
        return repository(folder / "main", f"--separate-git-dir={folder / 'elsewhere'}")
    main = repository(folder / "main", *([sha256] if kind == "sha256" else []))
    if kind == "worktree":
        git(main, "worktree", "add", "--quiet", str(folder / "linked"))
        return folder / "linked"
    if kind == "submodule":
        git(main, "submodule", "--quiet", "add", str(repository(folder / "library")), "lib")
        return main / "lib"
    return main


def test_it_keeps_refs_in_the_repository_that_a_worktree_belongs_to(tmp_path: Path) -> None:
    main = repository(tmp_path / "main")
    git(main, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    artifacts.save(tmp_path / "linked", CONTRACT, b"{}", now=NOW)
    assert artifacts.stored(main) == [CONTRACT]
    git(main, "worktree", "remove", str(tmp_path / "linked"))
    assert artifacts.load(main, CONTRACT) == b"{}"


def test_it_reads_what_lies_in_an_alternate(tmp_path: Path) -> None:
    main = repository(tmp_path / "main")
    artifacts.save(main, CONTRACT, b"one", now=NOW)
    git(tmp_path, "clone", "--quiet", "--shared", "--mirror", str(main), "copy.git")
    copy = tmp_path / "copy.git"
    assert artifacts.load(copy, CONTRACT) == b"one"
    artifacts.save(copy, CONTRACT, b"two", now=NOW)
    assert (artifacts.load(copy, CONTRACT), artifacts.load(main, CONTRACT)) == (b"two", b"one")
    check(copy)


def test_it_writes_to_the_named_repository_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, other = repository(tmp_path / "root"), repository(tmp_path / "other")
    for name, place in {"DIR": "", "COMMON_DIR": "", "OBJECT_DIRECTORY": "objects", "INDEX_FILE": "index"}.items():
        monkeypatch.setenv(f"GIT_{name}", str(other / ".git" / place))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_NAMESPACE", "elsewhere")
    before = user_files(other)
    artifacts.save(find_root(root), CONTRACT, b"{}", now=NOW)
    sessions.put(find_root(root), "abcdef", b"body\n", b"{}\n", now=NOW)
    assert artifacts.load(root, CONTRACT) == b"{}"
    assert git(root, "cat-file", "blob", f"{sessions.REF}:v1/ab/abcdef.hail.jsonl") == "body\n"
    assert user_files(other) == before
    assert not list(other.rglob("opensession"))
    check(root)


@pytest.mark.parametrize("version", ["0", "1"])
def test_it_refuses_refs_in_tables(tmp_path: Path, version: str) -> None:
    # git makes such repositories from 2.45 on; this is what it writes into their settings.
    root = repository(tmp_path / "root")
    git(root, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    with (root / ".git" / "config").open("a") as config:
        config.write(f"[core]\n\trepositoryformatversion = {version}\n[extensions]\n\trefStorage = reftable\n")
    before = set(root.rglob("*"))
    for place in (root, tmp_path / "linked"):
        with pytest.raises(Unsupported, match=f"{place} has .*reftable.*git refs migrate"):
            artifacts.save(place, CONTRACT, b"{}", now=NOW)
    assert set(root.rglob("*")) == before


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("[extensions]\n\tpartialClone = origin\n", "partialclone; a full clone may work"),
        ("[extensions]\n\tcompatObjectFormat = sha1\n", "compatobjectformat"),
        ("[extensions]\n\tobjectFormat = md5\n", "md5"),
        ("[core]\n\trepositoryformatversion = 7\n", "7"),
        ("[core]\n\tbare = true\n\tworktree = /tmp\n", "core.bare"),
        ("[core\n", "config"),
    ],
)
def test_it_refuses_what_it_does_not_know(tmp_path: Path, section: str, said: str) -> None:
    root = repository(tmp_path / "root")
    with (root / ".git" / "config").open("a") as config:
        config.write("[core]\n\trepositoryformatversion = 1\n" + section)
    with pytest.raises(Unsupported, match=f"(?i){root}.*{said}"):
        artifacts.stored(root)


def test_it_says_which_lock_is_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opensession.gitstore.objects._PAUSES", (0,))
    root = repository(tmp_path / "root")
    lock = root / ".git" / f"{CONTRACT.ref}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(Busy, match=f"{lock} exists.*delete the file"):
        artifacts.save(root, CONTRACT, b"{}", now=NOW)
    lock.unlink()
    artifacts.save(root, CONTRACT, b"{}", now=NOW)


def test_it_tells_what_the_system_refuses(tmp_path: Path) -> None:
    with pytest.raises(GitError, match=f"{tmp_path}.*No space left on device"), opened(repository(tmp_path / "root")):
        raise OSError(28, "No space left on device", str(tmp_path))
