"""The configuration file adds places and parsers; a mistake in it is named."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from parsers import parse
from sessions import bodies, handoffs
from sessions.faces import ingest_settings
from sessions.ingest.run import index
from sessions.models import Session
from tests.golden import FIXTURES
from tests.ingest.world import SESSION, World, said
from tests.parsers.logs import write

pytestmark = pytest.mark.django_db(transaction=True)


def configure(text: str) -> None:
    Path(settings.OPENSESSION_CONFIG).write_text(text)


def indexed() -> list[str]:
    index(ingest_settings())
    return sorted(Session.objects.values_list("hail_id", flat=True))


@pytest.mark.parametrize("named", ["", ".claude", ".claude/projects"])
def test_it_indexes_another_home(tmp_path: Path, named: str) -> None:
    other = World(tmp_path / "backup")
    other.write(said(1))
    configure(f'[watchers]\ncustom_paths = ["{other.home / named}"]')
    assert indexed() == [SESSION]


def test_it_indexes_a_folder_of_logs(tmp_path: Path) -> None:
    write(tmp_path / "logs" / "shop" / f"{SESSION}.jsonl", [said(1)])
    configure(f'[[sources]]\ntool = "claude-code"\npath = "{tmp_path / "logs"}"')
    assert indexed() == [SESSION]


def test_it_runs_a_parser_of_the_user(tmp_path: Path) -> None:
    hail = FIXTURES / "codex" / "tools.hail.jsonl"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "one.log").write_text("anything")
    program = f"print(open({str(hail)!r}).read())"
    configure(
        f"[[parsers]]\nname = 'mine'\ncommand = ['{sys.executable}', '-c', '''{program}''']\nglob = '{tmp_path}/mine/*'"
    )
    assert indexed() == [parse(hail).header.session_id]
    session = Session.objects.get()
    assert len(list(bodies.raw(session))) == len(parse(hail).events) + 2
    assert len(list(handoffs.of_stored(session).events())) == len(parse(hail).events)
    out = StringIO()
    call_command("parsers", "mine", stdout=out)
    assert "Parser of your own (mine), parser version 1\n1 logs on this machine" in out.getvalue()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[watchers", "cannot be read"),
        ("[watchers]\ncustom_paths = 3", "is not right: .*custom_paths"),
        ("[[sources]]\ntool = 'no-such'\npath = '/x'", "no parser for no-such"),
        ("[[parsers]]\nname = 'mine'\ncommand = 'x'\nglob = 'logs/*'", "is not right: .*glob"),
        ("[[parsers]]\nname = 'codex'\ncommand = 'x'\nglob = '/x/*'", "choose another"),
    ],
)
def test_it_names_a_mistake(text: str, complaint: str) -> None:
    configure(text)
    with pytest.raises(CommandError, match=complaint):
        call_command("index")


def test_it_leaves_other_keys_alone() -> None:
    configure('[daemon]\npublish_on = "manual"\n[server]\nurl = "https://example.org"')
    assert indexed() == []
