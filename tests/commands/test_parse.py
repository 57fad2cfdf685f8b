from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from zstandard import ZstdCompressor

import parsers
from opensession.hail import jsonl
from tests.base import REPOSITORY
from tests.golden import FIXTURES

LOG = FIXTURES / "claude-code" / "session-fallback.jsonl"


def test_it_prints_hail() -> None:
    command = [sys.executable, str(REPOSITORY / "manage.py"), "parse", "--tool", "claude-code", str(LOG)]
    done = subprocess.run(command, capture_output=True, env=dict(os.environ), check=True)
    assert jsonl.loads(done.stdout).header.agent.tool == "claude-code"


def test_it_writes_files_under_their_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES)
    out = StringIO()
    call_command("parse", "claude-code/session-fallback.jsonl", "--out", str(tmp_path), stdout=out)
    written = tmp_path / "claude-code" / "session-fallback.jsonl.hail.jsonl"
    assert jsonl.loads(written.read_bytes()).events
    assert out.getvalue().strip() == f"Wrote 1 files below {tmp_path}."


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"hello", "no parser"), (b"", "no parser")])
def test_it_names_what_it_cannot_read(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "what.jsonl"
    if content is not None:
        path.write_bytes(content)
    errors = StringIO()
    with pytest.raises(CommandError, match="1 of 1 files could not be read"):
        call_command("parse", str(path), stderr=errors)
    assert reason in errors.getvalue()
    assert str(path) in errors.getvalue()


@pytest.mark.parametrize("log", [LOG, next((FIXTURES / "gemini").glob("*.json"))], ids=["lines", "document"])
def test_it_takes_the_only_session_of_a_log_by_its_id(tmp_path: Path, log: Path) -> None:
    session = parsers.parse(log).header.session_id
    call_command("parse", f"{log}#{session}", "--out", str(tmp_path), stdout=StringIO())
    errors = StringIO()
    with pytest.raises(CommandError, match="1 of 1 files could not be read"):
        call_command("parse", f"{log}#nobody", stderr=errors)
    assert f"holds no session nobody, only {session}" in errors.getvalue()


def test_it_names_a_log_of_another_tool() -> None:
    errors = StringIO()
    with pytest.raises(CommandError, match="1 of 1 files could not be read"):
        call_command("parse", str(LOG), "--tool", "codex", stderr=errors)
    assert "holds nothing of codex; it looks like a log of claude-code" in errors.getvalue()


def test_it_reads_a_folder_of_one_tool_whatever_stands_beside_its_logs(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "log.jsonl").write_bytes(LOG.read_bytes())
    (tmp_path / "logs" / "agent.meta.json").write_text("{}")
    call_command("parse", str(tmp_path / "logs"), "--tool", "claude-code", "--out", str(tmp_path / "out"))


def test_it_names_what_cannot_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "rollout-1.jsonl.zst"
    path.write_bytes(b"not packed")
    errors = StringIO()
    with pytest.raises(CommandError, match="1 of 1 files could not be read"):
        call_command("parse", str(path), "--tool", "codex", stderr=errors)
    assert str(path) in errors.getvalue()


def test_it_keeps_apart_logs_of_one_name_in_a_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "logs" / name).mkdir(parents=True)
        (tmp_path / "logs" / name / "log.jsonl").write_bytes(LOG.read_bytes())
    call_command("parse", str(tmp_path / "logs"), "--tool", "claude-code", "--out", str(tmp_path / "out"))
    written = sorted(path.relative_to(tmp_path) for path in (tmp_path / "out").rglob("*.hail.jsonl"))
    assert written == [Path(f"out/logs/{name}/log.jsonl.hail.jsonl") for name in ("one", "two")]


def test_it_overwrites_nothing_that_it_wrote(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.jsonl").write_bytes(LOG.read_bytes())
    logs = [str(tmp_path / name / "log.jsonl") for name in ("one", "two")]
    errors = StringIO()
    with pytest.raises(CommandError, match="1 of 2 files"):
        call_command("parse", *logs, "--tool", "claude-code", "--out", str(tmp_path / "out"), stderr=errors)
    assert "was written already" in errors.getvalue()


def test_it_names_a_folder_that_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("no folder")
    errors = StringIO()
    with pytest.raises(CommandError, match="1 of 1 files"):
        call_command("parse", str(LOG), "--tool", "claude-code", "--out", str(tmp_path / "out"), stderr=errors)
    assert str(tmp_path / "out") in errors.getvalue()


def test_it_reads_compressed_logs_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log = (FIXTURES / "codex" / "desktop.jsonl").read_bytes()
    (tmp_path / "logs" / "rollout-1.jsonl.zst").write_bytes(ZstdCompressor().compress(log))
    call_command("parse", str(tmp_path / "logs"), "--tool", "codex", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "logs" / "rollout-1.jsonl.zst.hail.jsonl").exists()


def test_it_ends_quietly_when_its_reader_does() -> None:
    logs = " ".join([str(LOG)] * 400)
    command = f"{sys.executable} {REPOSITORY / 'manage.py'} parse --tool claude-code {logs} | head -c 1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, env=dict(os.environ), check=True)
    assert b"Traceback" not in done.stderr


def test_it_names_an_unknown_tool() -> None:
    errors = StringIO()
    with pytest.raises(CommandError):
        call_command("parse", str(LOG), "--tool", "martian", stderr=errors)
    assert "no parser for martian" in errors.getvalue()
