"""Whatever stands in a file, a parser reads it or says that it cannot. `make fuzz` does the same for longer."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import zstandard

from parsers import ParseError, parse
from parsers.registry import REGISTRY
from parsers.strand import open_log
from parsers.tool import Tool
from tests.golden import cases, laid_out
from tests.parsers.hostile import survive
from tests.parsers.mutations import DEEP, mutated

SEEDS = 12
"""Hostile versions of each fixture."""

every_tool = pytest.mark.parametrize("tool", REGISTRY, ids=lambda tool: str(tool.id))


@every_tool
def test_it_survives_hostile_versions_of_its_fixtures(tool: Tool, tmp_path: Path) -> None:
    home = laid_out(tool.id, tmp_path)
    for case in cases(tool.id):
        path = home / case.removesuffix(".sql")
        good = path.read_bytes()
        for seed in range(SEEDS):
            path.write_bytes(mutated(good, seed))
            _survive(path, tool.id, seed)
        path.write_bytes(good)


@every_tool
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100_000,
        b"\xff\xfe\xfd" * 1_000,
        b"[" * 200_000,
        DEEP + b"\n",
        b"[]",
        b"{}",
        b"null",
        b'{"type":null}\n[]\n3\n"x"\n',
        b"SQLite format 3\0" + b"\x01" * 4_000,
        b'{"a":1}' * 1_000,
        "\ufeff{}\n".encode(),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_it_survives(tool: Tool, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"session{_ending(tool)}"
    path.write_bytes(content)
    _survive(path, tool.id, 0)


@every_tool
def test_it_survives_a_line_of_many_megabytes(tool: Tool, tmp_path: Path) -> None:
    path = tmp_path / f"session{_ending(tool)}"
    path.write_bytes(b'{"type":"user","text":"' + b"x" * (100 << 20) + b'"}\n')
    _survive(path, tool.id, 0)


@every_tool
def test_it_survives_a_database_of_other_tables(tool: Tool, tmp_path: Path) -> None:
    """The tables have the names that agents use, and nothing else that they expect."""
    path = tmp_path / f"session{_ending(tool)}"
    with sqlite3.connect(path) as database:
        for table in ("sessions", "session", "messages", "message", "threads", "conversations", "ItemTable", "blobs"):
            database.execute(f'CREATE TABLE "{table}" (id, "key", value BLOB, data)')
            database.execute(
                f'INSERT INTO "{table}" VALUES (?, ?, ?, ?)', ("x", "composerData:x", b"\xff{", "[" * 9_000)
            )
    database.close()
    _survive(path, tool.id, 0)


@pytest.mark.parametrize("ending", [".zst", ".zstd"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rollout-1.jsonl{ending}"
    path.write_bytes(zstandard.compress(bytes(512 << 20)))
    assert path.stat().st_size < 100_000
    with pytest.raises(ParseError, match="unpacks to more"):
        parse(path, "codex")


def test_a_log_packs_as_well_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "rollout-1.jsonl.zst"
    path.write_bytes(zstandard.compress(b'{"type":"world_state","payload":{}}\n' * 100_000))
    with open_log(path) as log:
        assert len(log.read(10 << 20)) == 3_600_000


def _ending(tool: Tool) -> str:
    return next((Path(case.removesuffix(".sql")).suffix for case in cases(tool.id)), "")


def _survive(path: Path, tool: str, seed: int) -> None:
    try:
        survive(path, tool)
    except Exception as error:
        raise AssertionError(f"{tool}: {path.name}, seed {seed}: {type(error).__name__}: {error}") from error
