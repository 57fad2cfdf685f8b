"""Golden files: the expected HAIL of a fixture lies beside it as `<case>.hail.jsonl`.

A fixture is a log as the agent wrote it, or a small home of several files. A database is kept as the SQL that makes it:
`sessions.db.sql` is read as `sessions.db`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from opensession.hail import jsonl
from opensession.hail.model import Session
from parsers import sessions

FIXTURES = Path(__file__).parent / "fixtures"
GOLDEN = ".hail.jsonl"
WRITTEN_AT = 1_767_225_600
"""When all fixtures were written, seconds: some formats have no time but that of their file."""


def cases(tool: str) -> list[str]:
    """Return the inputs of a tool that have a golden file, as paths below its folder of fixtures."""
    goldens = sorted((FIXTURES / tool).rglob(f"*{GOLDEN}"))
    return [str(_input(golden).relative_to(FIXTURES / tool)) for golden in goldens]


def laid_out(tool: str, folder: Path) -> Path:
    """Copy the fixtures of a tool into `folder`, databases made and times set, and return where they lie."""
    target = folder / tool
    shutil.copytree(FIXTURES / tool, target)
    for file in sorted(target.rglob("*.sql")):
        with sqlite3.connect(file.with_suffix("")) as database:
            database.executescript(file.read_text(encoding="utf-8"))
        database.close()
        file.unlink()
    for file in target.rglob("*"):
        os.utime(file, (WRITTEN_AT, WRITTEN_AT))
    return target


def parsed(tool: str, case: str) -> list[Session]:
    """Return the sessions of a fixture, their source path shortened so that it is the same on every machine."""
    with TemporaryDirectory() as folder:
        home = laid_out(tool, Path(folder))
        return [_portable(session, home) for session in sessions(home / case.removesuffix(".sql"), tool)]


def assert_golden(tool: str, case: str) -> None:
    """Compare with the golden file, or write it when UPDATE_GOLDEN is set: review the difference like code."""
    path = FIXTURES / tool / case.removesuffix(".sql")
    golden = path.with_name(f"{path.stem}{GOLDEN}")
    text = "".join(jsonl.dumps(session).decode() for session in parsed(tool, case))
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), f"{golden.name} differs; UPDATE_GOLDEN=1 rewrites it"


def _input(golden: Path) -> Path:
    stem = golden.name.removesuffix(GOLDEN)
    found = [path for path in _files(golden.parent) if path.name.removesuffix(".sql").rpartition(".")[0] == stem]
    if len(found) != 1:
        raise ValueError(f"{golden} must lie beside exactly one input, not {[path.name for path in found]}")
    return found[0]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file() and not path.name.endswith(GOLDEN))


def _portable(session: Session, home: Path) -> Session:
    context = session.header.context
    attributes: dict[str, Any] = dict(context.attributes)
    if "source_path" in attributes:
        attributes["source_path"] = attributes["source_path"].removeprefix(f"{home}{os.sep}")
    header = replace(session.header, context=replace(context, attributes=attributes))
    return replace(session, header=header)
