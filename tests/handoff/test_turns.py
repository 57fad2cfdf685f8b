from __future__ import annotations

from handoff.native.turns import turns
from opensession.hail.actions import FileEdit, FileRead, Thinking, ToolResult, WebSearch
from tests.handoff.building import agent, event, shell, user


def test_it_lets_both_sides_take_turns() -> None:
    told = turns([user("a"), user("b"), agent("c"), shell("make", 0), user("d")])
    assert told.last == (("user", "a\n\nb"), ("assistant", "c\n\n[ran `make`, exit code 0]"), ("user", "d"))
    assert not told.is_cut


def test_it_writes_calls_out() -> None:
    (turn,) = turns(
        [
            event(FileRead(path="a`b")),
            event(FileEdit(path="x", diff="-1\n+2\n")),
            event(WebSearch(query="q  r")),
            event(ToolResult(name="x", is_error=False), "fine"),
            event(ToolResult(name="x", is_error=True), "```\nno"),
            event(Thinking(), "hm"),
        ]
    ).last
    assert turn.words.split("\n\n") == [
        "[read ``a`b``]",
        "[edited `x`]\n```diff\n-1\n+2\n```",
        "[searched for `q r`]",
        "[it failed]\n````\n```\nno\n````",
    ]


def test_it_keeps_the_end_of_a_long_session() -> None:
    told = turns((user("x" * 100) if number % 2 else agent("y" * 100) for number in range(100)), most=1000)
    assert told.is_cut
    assert len(told.last) == 10


def test_it_leaves_subagents_out() -> None:
    assert turns([user("inner", merged_subagent=True)]).last == ()
