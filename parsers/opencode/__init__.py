"""OpenCode and the agents that were made from it: a database, and before that a tree of JSON files
(`spec/parsers.md` 2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from parsers.base import Document, Match, Sample
from parsers.crush import CrushParser
from parsers.database import is_database, reading, tables
from parsers.opencode.store import Store
from parsers.opencode.tree import Tree, shape

FAMILY = ("opencode", "kilo", "mimocode", "icodemate")
SURE = {"session": 94, "message": 94, "part": 92, "project": 90}
"""How surely a file of each kind is one of this family."""


class FamilyParser:
    """The logs of one agent of the family. All write the same: where a log lies tells whose it is."""

    tool: str

    def recognises(self, sample: Sample) -> Match | None:
        if writer(sample.path) != self.tool:
            return None
        if sample.tables:
            return Match(97, "a database of the family of OpenCode") if _is_store(sample) else None
        kind = shape(sample.document) if isinstance(sample.document, dict) else ""
        if kind == "part" and "messageID" not in sample.keys and "part" not in sample.path.parts:
            return None
        return Match(SURE[kind], f"a {kind} file of the family of OpenCode") if kind else None

    def open(self, path: Path) -> AbstractContextManager[Document]:
        return self._stored(path) if is_database(path) else self._filed(path)

    @contextmanager
    def _stored(self, path: Path) -> Iterator[Document]:
        with reading(path) as database:
            yield Store(self.tool, path, database)

    @contextmanager
    def _filed(self, path: Path) -> Iterator[Document]:
        yield Tree(self.tool, path)


class OpenCodeParser(FamilyParser):
    """OpenCode, and the agent of that name before it, which went on as Crush and kept its database."""

    tool = "opencode"

    def recognises(self, sample: Sample) -> Match | None:
        if _is_ancestor(sample):
            return Match(97, "the session database of the first OpenCode, written in Go")
        return super().recognises(sample)

    def open(self, path: Path) -> AbstractContextManager[Document]:
        if is_database(path) and "messages" in tables(path):
            return _Ancestor().open(path)
        return super().open(path)


class KiloParser(FamilyParser):
    tool = "kilo"


class MiMoCodeParser(FamilyParser):
    tool = "mimocode"


class ICodeMateParser(FamilyParser):
    tool = "icodemate"


class _Ancestor(CrushParser):
    tool, schema = "opencode", "opencode-go-sqlite-v1"

    def cwd(self, path: Path) -> str:
        """Return the project in whose folder `.opencode` the database lies."""
        return str(path.parent.parent) if path.parent.name == ".opencode" else ""


def writer(path: Path) -> str:
    """Return the agent that a log belongs to, told by its own name, else by the folder that lies nearest."""
    own = path.name.partition(".")[0].partition("-")[0]
    return next((name for name in (own, *reversed(path.parts[:-1])) if name in FAMILY), FAMILY[0])


def _is_store(sample: Sample) -> bool:
    early = sample.columns("message") >= {"session_id", "data"} and sample.columns("part") >= {"message_id", "data"}
    return early or sample.columns("session_message") >= {"session_id", "type", "data"}


def _is_ancestor(sample: Sample) -> bool:
    """Tell the first OpenCode from Crush, which has the provider of each message beside its model."""
    messages = sample.columns("messages")
    has_counts = sample.columns("sessions") >= {"prompt_tokens", "completion_tokens"}
    return has_counts and messages >= {"parts", "role"} and not messages & {"provider", "is_summary_message"}
