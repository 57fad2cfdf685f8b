"""A parser of the user's own is a real program here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from parsers.base import Output, ParseError
from parsers.external import External, ExternalParser
from tests.golden import FIXTURES

HAIL = FIXTURES / "codex" / "tools.hail.jsonl"


def read(tmp_path: Path, program: str, seconds: float = 20.0) -> Output:
    """Return what a Python program gives that runs as a parser."""
    log = tmp_path / "a log.txt"
    log.write_text("x")
    configured = External("mine", (sys.executable, "-c", program), f"{tmp_path}/*.txt", seconds)
    out = Output()
    with ExternalParser(configured).open(log) as document:
        document.read("", out)
    return out


def test_it_works(tmp_path: Path) -> None:
    out = read(tmp_path, f"import sys; sys.stdout.write(open({str(HAIL)!r}).read())")
    assert len(out.events) == out.records == HAIL.read_text().count('"type":"event"')


def test_it_gives_the_path_as_one_argument(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"exit code 3: .*a log\.txt$"):
        read(tmp_path, "import sys; sys.stderr.write(sys.argv[1]); sys.exit(3)")


def test_it_says_that_no_hail_was_printed(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="printed no HAIL"):
        read(tmp_path, "print('hello')")


def test_it_ends_a_command_that_takes_too_long(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="took too long"):
        read(tmp_path, "import time; time.sleep(600)", seconds=0.2)


def test_it_ends_what_the_command_started(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="took too long"):
        read(tmp_path, "import subprocess; subprocess.run(['sleep', '600'])", seconds=0.5)


def test_it_ends_a_command_that_prints_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parsers.external.MAX_OUTPUT", 100_000)
    with pytest.raises(ParseError, match="printed more than"):
        read(tmp_path, "while True: print('x' * 10_000)")


def test_it_names_a_command_that_is_not_there(tmp_path: Path) -> None:
    configured = External("mine", ("/no/such/program",), "/x/*")
    with pytest.raises(ParseError, match="cannot be run"), ExternalParser(configured).open(tmp_path):
        pass
