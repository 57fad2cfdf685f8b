"""Handoff artifacts: one ref each, whose commits hold one document and all its earlier versions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dulwich.refs import Ref

from opensession.gitstore.objects import check_name, commit, read, tip
from opensession.gitstore.repository import BadName, NotFound, opened

PREFIX = "refs/opensession/handoff/artifacts/"
DOCUMENT = "artifact.json"


@dataclass(frozen=True, slots=True, order=True)
class Artifact:
    ref: str

    @property
    def id(self) -> str:
        return self.ref.removeprefix(PREFIX)


def named(given: str) -> Artifact:
    """Return the artifact that a person names, by id or by full ref. It need not exist. Raises BadName."""
    ref = given.strip()
    if not ref.startswith("refs/"):
        ref = PREFIX + _plain(ref)
    if not ref.startswith(PREFIX):
        raise BadName(f"{ref} is no handoff artifact: their refs start with {PREFIX}")
    if ref == PREFIX:
        raise BadName(f"{given!r} names no handoff artifact; use letters, digits, `-` and `_`")
    check_name(ref)
    return Artifact(ref)


def new(given: str, now: datetime) -> Artifact:
    """Return the artifact to save under the id that a person gave, or named for the time when nothing is left of it."""
    return named(given if _plain(given) else _dated(now))


def save(root: Path, artifact: Artifact, document: bytes, *, now: datetime) -> None:
    """Store the document as the newest version of the artifact. Whoever saves at the same time adds another version."""
    with opened(root) as repo:
        commit(repo, artifact.ref, {DOCUMENT: document}, message=f"handoff-artifact: {artifact.id}", now=now)


def load(root: Path, artifact: Artifact) -> bytes:
    """Return the newest document. Raises NotFound."""
    with opened(root) as repo:
        newest = tip(repo, artifact.ref)
        document = read(repo, newest, DOCUMENT) if newest else None
    if document is None:
        raise NotFound(f"no handoff artifact {artifact.ref} in {root}")
    return document


def stored(root: Path) -> list[Artifact]:
    """Return all artifacts by name."""
    with opened(root) as repo:
        ids = repo.refs.subkeys(Ref(PREFIX.encode()))
    return sorted(Artifact(PREFIX + name.decode(errors="replace")) for name in ids)


def _plain(given: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", given.strip()).strip("-")


def _dated(now: datetime) -> str:
    moment = now.astimezone(UTC)
    return f"artifact-{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03}"
