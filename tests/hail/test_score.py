from __future__ import annotations

import pytest

from opensession.hail import jsonl
from opensession.hail.model import Event
from opensession.hail.score import HEURISTIC, SCORES, ZERO, Registry, UnknownPlugin, Zero
from tests.hail.samples import DEMO, make_event, make_session, result, shell

FAILED, DONE = shell(1), shell(0)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], 100),
        ([make_event(), shell(None)], 100),
        ([FAILED], 80),
        ([shell(-1)], 80),
        ([FAILED, DONE], 85),
        ([DONE, FAILED], 80),
        ([shell(1, "t1"), shell(0, "t2")], 80),
        ([FAILED, *[DONE] * 5], 85),
        ([*[FAILED] * 5, *[DONE] * 5], 80),
        ([FAILED] * 7, 55),
        ([result(True)] * 6, 65),
        ([*[FAILED] * 7, *[result(True)] * 6], 35),
        ([FAILED, result(False)], 85),
        ([FAILED, result(True), DONE, result(False)], 86),
        ([shell(1, ""), DONE], 85),
        ([shell(1, " t "), shell(0, "t")], 85),
    ],
)
def test_it_scores(events: list[Event], expected: int) -> None:
    assert SCORES.score(make_session(events)) == expected


def test_it_scores_a_full_session() -> None:
    assert SCORES.score(jsonl.loads(DEMO)) == 86
    assert SCORES.score(jsonl.loads(DEMO), ZERO) == 0


def test_it_names_the_plugins() -> None:
    assert SCORES.names() == (HEURISTIC, ZERO)
    assert SCORES.default == HEURISTIC


def test_it_refuses_an_unknown_plugin() -> None:
    with pytest.raises(UnknownPlugin, match=r"'best'.*heuristic_v1, zero_v1") as caught:
        SCORES.score(make_session(), "best")
    assert (caught.value.requested, caught.value.available) == ("best", (HEURISTIC, ZERO))


class Seven(Zero):
    def score(self) -> int:
        return 7


def test_registering_again_replaces() -> None:
    registry = Registry({"b": Zero}, default="b")
    registry.register("a", Zero)
    registry.register("b", Seven)
    assert registry.names() == ("a", "b")
    assert registry.score(make_session()) == 7
