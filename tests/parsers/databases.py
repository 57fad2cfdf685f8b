"""Small databases of agents, made from the fixtures, which a test may change."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from parsers.base import DocumentParser, Output
from parsers.registry import parser_of
from tests.golden import laid_out


def made(tool: str, name: str, folder: Path) -> Path:
    """Return the database of a fixture, made in `folder`."""
    return laid_out(tool, folder) / name


def run(path: Path, statement: str, *given: Any) -> None:
    with sqlite3.connect(path) as database:
        database.execute(statement, given)
    database.close()


def marks(tool: str, path: Path) -> dict[str, str]:
    with _parser(tool).open(path) as document:
        return dict(document.threads())


def read(tool: str, path: Path, locator: str = "") -> Output:
    """Return what was read of a thread, with its counts."""
    out = Output()
    with _parser(tool).open(path) as document:
        document.read(locator, out)
    return out


def _parser(tool: str) -> DocumentParser:
    parser = parser_of(tool)
    assert isinstance(parser, DocumentParser)
    return parser
