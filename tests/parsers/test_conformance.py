"""What every parser must do with its fixtures and with the real logs of its tool. A new parser needs no test of its own
for any of this: a row in the registry and a fixture with its golden file bring it in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from opensession.hail import jsonl, validate
from parsers import recognise, sessions
from parsers.base import DocumentParser, Output, ParseError, Sample
from parsers.registry import REGISTRY, parser_of
from parsers.strand import open_log, read_whole
from parsers.tool import Tool
from tests.golden import GOLDEN, assert_golden, cases, laid_out
from tests.parsers.logs import BROKEN, CORPUS, corpus_files

LEAST_UNDERSTOOD = 0.995
TOLERATED = {"EventsOutOfOrder", "EmptySession", "InvalidEvent"}
"""Clocks run backwards in real logs, some logs hold no event, and one a command without words."""

FIELDLESS = {"aider", "hail", "specstory", "warp"}
"""Their records are no objects: text, and messages of protobuf. HAIL is ours."""

CASES = [(tool.id, case) for tool in REGISTRY for case in cases(tool.id)]
every_tool = pytest.mark.parametrize("tool", REGISTRY, ids=lambda tool: str(tool.id))


@pytest.mark.parametrize(("tool", "case"), CASES)
def test_it_gives_the_golden_hail(tool: str, case: str) -> None:
    assert_golden(tool, case)


@every_tool
def test_it_has_a_fixture(tool: Tool) -> None:
    assert cases(tool.id)


@every_tool
def test_its_fixtures_are_recognised_by_their_content_and_by_no_other_parser(tool: Tool, tmp_path: Path) -> None:
    home = laid_out(tool.id, tmp_path)
    for case in cases(tool.id):
        _assert_recognised(home / case.removesuffix(".sql"), tool)


@every_tool
def test_it_understands_its_corpus(tool: Tool) -> None:
    """Every file is claimed by this parser alone, and parses; one that is broken on purpose may say why it does not."""
    records = skipped = 0
    for path in corpus_files(tool.id):
        is_broken = path.relative_to(CORPUS).as_posix() in BROKEN
        with suppress(ParseError) if is_broken else nullcontext():
            for session in sessions(path, tool.id):
                assert jsonl.loads(jsonl.dumps(session)) == session, path
                assert {problem.kind for problem in validate.problems(session)} <= TOLERATED, path
        if not is_broken:
            _assert_recognised(path, tool)
            for out in _outputs(path, tool):
                records, skipped = records + out.records, skipped + sum(out.skipped.values())
    assert skipped <= (1 - LEAST_UNDERSTOOD) * records, f"{skipped} of {records} records not understood"


@every_tool
def test_it_tells_which_fields_its_records_have(tool: Tool, tmp_path: Path) -> None:
    home = laid_out(tool.id, tmp_path)
    outputs = [out for case in cases(tool.id) for out in _outputs(home / case.removesuffix(".sql"), tool)]
    assert any(out.shapes for out in outputs) != (tool.id in FIELDLESS)


def _assert_recognised(path: Path, tool: Tool) -> None:
    found = recognise(Sample(path))
    surest = [candidate for candidate in found if candidate.confidence == found[0].confidence]
    assert [candidate.tool for candidate in surest] == [tool.id], (path, found)


def _outputs(path: Path, tool: Tool) -> Iterator[Output]:
    """Yield what was made of each thread."""
    parser = parser_of(tool.id)
    if not isinstance(parser, DocumentParser):
        with open_log(path) as log:
            yield read_whole(parser.reader(path), log)[1]
        return
    with parser.open(path) as document:
        for locator in document.threads():
            document.read(locator, out := Output())
            yield out


def test_it_knows_golden_files_by_their_name() -> None:
    assert not any(case.endswith(GOLDEN) for _, case in CASES)
