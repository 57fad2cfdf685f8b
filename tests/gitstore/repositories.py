"""Real repositories, made and read by the real git."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 2, 21, 4, 38, 11, 123456, tzinfo=UTC)
DAY = 86400


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    """Run git in `folder`, nowhere else, and return what it prints."""
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=environment(),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment() -> dict[str, str]:
    """Return our environment without what would lead git to another repository or to someone's settings."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    people = {f"GIT_{role}_{fact}": "ann@example.org" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")}
    return plain | people | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def repository(folder: Path, *options: str) -> Path:
    """Make a repository with one commit and work in progress: a staged, a changed and a new file."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main", *options)
    (folder / "code.py").write_text("print(1)\n")
    git(folder, "add", "code.py")
    git(folder, "commit", "--quiet", "--message=Start")
    git(folder, "tag", "v1")
    (folder / "code.py").write_text("print(2)\n")
    (folder / "staged.py").write_text("print(3)\n")
    git(folder, "add", "staged.py")
    (folder / "new.py").write_text("print(4)\n")
    return folder


def bare(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", *options)
    return folder


def check(folder: Path) -> None:
    """Let git read every object and every ref."""
    assert git(folder, "fsck", "--strict", "--full", "--no-dangling") == ""
    git(folder, "for-each-ref")


def subjects(folder: Path, ref: str) -> list[str]:
    return git(folder, "log", "--format=%s", ref).splitlines()


def refs(folder: Path) -> dict[str, str]:
    lines = git(folder, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in lines)


def user_files(folder: Path) -> dict[str, bytes]:
    """Return all that is not ours: the work tree, the index, HEAD, settings, logs and other refs, byte by byte."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "objects" not in file.parts and "opensession" not in file.parts
    }
