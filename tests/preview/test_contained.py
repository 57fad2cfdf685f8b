from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from sessions.preview import contained
from sessions.preview.contained import parse
from sessions.preview.errors import Busy, InvalidSource, ParseFailed, SelectionRequired
from tests.base import REPOSITORY
from tests.golden import FIXTURES, laid_out

CODEX = (FIXTURES / "codex" / "tools.jsonl").read_bytes()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where temporary files go in this test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_it_works(temporary: Path) -> None:
    found = parse("rollout.jsonl", CODEX)
    assert (found.tool, found.warnings, found.others) == ("codex", (), 0)
    assert msgspec.json.decode(found.session)["agent"]["tool"] == "codex"
    assert list(temporary.iterdir()) == []


def test_it_gives_the_first_events() -> None:
    whole, start = (msgspec.json.decode(parse("a.jsonl", CODEX, most=most).session) for most in (1000, 3))
    assert start == whole | {"events": whole["events"][:3]}


def test_it_passes_on_what_a_hint_came_to() -> None:
    assert parse("rollout.jsonl", CODEX, "goose").warnings[0].startswith("parser_hint 'goose' failed: ")


@pytest.mark.parametrize(
    ("name", "hint", "kind", "candidates"),
    [
        ("notes.txt", "", ParseFailed, 0),
        ("notes.vscdb", "", ParseFailed, 1),
        ("notes.vscdb", "cursor", SelectionRequired, 1),
        ("notes.jsonl", "", SelectionRequired, 4),
        ("notes.jsonl", "nothing", InvalidSource, 0),
    ],
)
def test_it_tells_why_nothing_was_read(
    name: str, hint: str, kind: type[ParseFailed | SelectionRequired | InvalidSource], candidates: int
) -> None:
    with pytest.raises(kind) as refused:
        parse(name, b"only prose", hint)
    assert len(refused.value.candidates) == candidates


def test_it_ends_a_parser_that_takes_too_long(temporary: Path) -> None:
    with pytest.raises(ParseFailed, match="too long"):
        parse("rollout.jsonl", CODEX, seconds=0.01)
    assert list(temporary.iterdir()) == []


def test_it_survives_the_end_of_a_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ParseFailed, match="failed over it"):
        parse("rollout.jsonl", CODEX)


def test_it_lets_only_some_parse_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contained, "PATIENCE", 0.01)
    with contained._turn(), contained._turn(), pytest.raises(Busy):
        parse("rollout.jsonl", CODEX)
    assert parse("rollout.jsonl", CODEX).tool == "codex"


def test_it_reads_nothing_beside_the_file(tmp_path: Path) -> None:
    """A session of OpenCode names its messages by its own id, which may point anywhere."""
    storage = laid_out("opencode", tmp_path) / "storage"
    session = next(storage.glob("session/*/ses_shop.json")).read_bytes()
    evil = session.replace(b"ses_shop", f"../../../../../../../..{storage}/message/ses_shop".encode())
    for data in (session, evil):
        with pytest.raises(SelectionRequired):
            parse("ses_shop.json", data)


ATTEMPTS = """
open({outside!r}).read()
open({folder!r} + "/../outside").read()
open({folder!r} + "/link").read()
open({outside!r}, "w")
open({folder!r} + "x/file", "w")
os.listdir("/")
os.scandir({folder!r} + "/..")
sqlite3.connect({outside!r})
sqlite3.connect("file:" + {outside!r} + "?mode=ro", uri=True)
socket.socket()
socket.getaddrinfo("localhost", 80)
subprocess.run(["true"])
os.system("true")
os.fork()
os.execv("/bin/true", ["true"])
""".strip().splitlines()


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_it_confines_the_parser(attempt: str, tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("secret")
    (folder / "inside").write_text("log")
    (folder / "link").symlink_to(outside)
    asked = attempt.format(outside=str(outside), folder=str(folder))
    code = f"""
        from pathlib import Path
        import os, socket, sqlite3, subprocess
        from sessions.preview.child import _confine
        _confine(Path({str(folder)!r}))
        print(open({str(folder / "inside")!r}).read(), os.listdir({str(folder)!r}))
        try:
            {asked}
        except OSError as error:
            print(type(error).__name__)
    """
    said = run(code).splitlines()
    assert said[0].startswith("log ")
    assert said[1] in ("FileNotFoundError", "PermissionError")


def test_it_bounds_memory_and_files(tmp_path: Path) -> None:
    file = tmp_path / "file"
    code = f"""
        from sessions.preview.child import ANSWER, MEMORY, _limit
        _limit()
        try:
            bytearray(MEMORY)
        except MemoryError:
            print("no memory")
        try:
            open({str(file)!r}, "wb").write(bytes(ANSWER + 1))
        except OSError as error:
            print(error.strerror)
    """
    assert run(code).splitlines()[0] == "no memory"
    assert file.stat().st_size < (96 << 20) + 1


def test_it_loads_no_django_and_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("import sys, sessions.preview.child\n        print('django' in sys.modules)") == "False\n"
    monkeypatch.setenv("JWT_SECRET", "secret")
    assert "secret" not in str(contained._environment(tmp_path))


def run(code: str) -> str:
    """Return what a program prints."""
    lines = [line.removeprefix("        ") for line in code.splitlines()]
    program = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(program, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
