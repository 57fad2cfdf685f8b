from __future__ import annotations

import pytest

from opensession.redaction.engine import Redactor
from sessions import bodies, turns
from sessions.models import Session, Strand
from sessions.sharing import Range
from tests.factories import agent, append, call, make_session, make_strand, note, user
from tests.sessions.links import SECRET, shared_session

pytestmark = pytest.mark.django_db

REDACTOR = Redactor()


def main(session: Session) -> Strand:
    return session.strands.get(key="main")


def ranges(session: Session, *places: str) -> list[tuple[str, int, int | None]]:
    keys = dict(session.strands.values_list("pk", "key"))
    return sorted((keys[each.strand], each.first, each.stop) for each in turns.ranges(session, places))


class TestPreview:
    def test_it_works(self) -> None:
        part = turns.preview(main(shared_session()), 0, REDACTOR)
        assert [turn.number for turn in part.turns] == [0, 2, 5]
        assert [turn.count for turn in part.turns] == [1, 0, 1]
        assert dict(part.counts) == {"github-token": 1, "home": 1}
        assert (part.first, part.stop, part.total, part.found) == (0, 7, 7, 2)

    def test_it_shows_places_without_what_is_hidden_there(self) -> None:
        part = turns.preview(main(shared_session()), 0, REDACTOR)
        (finding,) = part.turns[0].findings
        assert finding.context == "Deploy with [REDACTED:github-token] please"
        assert SECRET not in repr(part)
        assert part.turns[2].findings[0].context == "~/shop/tests.py"
        assert part.turns[2].findings[0].number == 6

    def test_it_finds_the_place_in_a_long_text(self) -> None:
        said = "word " * 30_000 + SECRET + " end" * 3_000
        part = turns.preview(main(make_session(user(said))), 0, REDACTOR)
        (finding,) = part.turns[0].findings
        assert "[REDACTED:github-token]" in finding.context
        assert len(finding.context) < 120

    def test_it_names_what_only_a_key_makes_a_secret(self) -> None:
        secret = call("Login", attributes_password="x")
        secret.attributes["password"] = "tr0ub4dor&3x"
        part = turns.preview(main(make_session(user(), secret)), 0, REDACTOR)
        assert dict(part.counts) == {"credential": 1}
        assert [(each.rules, each.context) for each in part.turns[0].findings] == [("credential", "")]

    def test_it_goes_on_where_a_part_ends(self) -> None:
        session = make_session(*(user(f"question {number}") for number in range(turns.TURNS + 20)))
        first = turns.preview(main(session), 0, REDACTOR)
        assert (len(first.turns), first.stop) == (turns.TURNS, turns.TURNS)
        second = turns.preview(main(session), first.stop, REDACTOR)
        assert [turn.number for turn in second.turns] == list(range(turns.TURNS, turns.TURNS + 20))

    def test_it_reads_no_more_frames_than_it_may(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(turns, "FRAMES", 2)
        session = make_session(user("the only question"))
        for _ in range(4):
            append(main(session), [agent("x" * 200) for _ in range(5)])
        part = turns.preview(main(session), 0, REDACTOR)
        assert part.stop == 6
        rest = turns.preview(main(session), part.stop, REDACTOR)
        assert [(turn.number, turn.is_whole) for turn in rest.turns] == [(6, False)]

    def test_it_counts_more_than_it_names(self) -> None:
        session = make_session(user(), *(agent(f"key {SECRET}") for _ in range(turns.FINDINGS + 5)))
        part = turns.preview(main(session), 0, REDACTOR)
        assert part.counts["github-token"] == turns.FINDINGS + 5
        assert part.named == len(part.turns[0].findings) == turns.FINDINGS


class TestRanges:
    def test_it_ends_where_the_next_turn_begins(self) -> None:
        assert ranges(shared_session(), "main.0", "main.2") == [("main", 0, 2), ("main", 2, 5)]

    def test_it_leaves_the_last_turn_open(self) -> None:
        # What is added to the session later belongs to the same turn.
        assert ranges(shared_session(), "main.5") == [("main", 5, None)]

    def test_it_counts_what_stands_before_the_first_words_to_the_first_turn(self) -> None:
        session = make_session(agent("system"), agent("more"), user("one"), agent("answer"), user("two"))
        assert ranges(session, "main.0") == [("main", 0, 4)]

    def test_it_takes_the_subagents_of_a_turn_with_it(self) -> None:
        launch = call("Task", subagent_id="a1")
        session = make_session(user("one"), launch, user("two"), agent("well"))
        make_strand(session, [user("Look"), call("Task", subagent_id="a2")], key="a1")
        make_strand(session, [user("Look deeper")], key="a2")
        make_strand(session, [user("Elsewhere")], key="a3")
        assert ranges(session, "main.0") == [("a1", 0, None), ("a2", 0, None), ("main", 0, 2)]

    @pytest.mark.parametrize("place", ["main", "main.x", "main.-1", "main.7", "other.0", ".0", "", "main.٣"])
    def test_it_refuses_what_is_no_turn(self, place: str) -> None:
        with pytest.raises(turns.NoTurn):
            turns.ranges(shared_session(), [place])

    @pytest.mark.parametrize("place", ["main.1", "main.2", "main.4"])
    def test_it_leaves_out_no_part_of_a_turn(self, place: str) -> None:
        session = make_session(note(), user("one"), agent("answer"), user("two"), agent("answer"))
        with pytest.raises(turns.NoTurn, match="No turn begins"):
            turns.ranges(session, [place])

    def test_it_refuses_too_many(self) -> None:
        with pytest.raises(turns.NoTurn, match="At most"):
            turns.ranges(shared_session(), ["main.0"] * (turns.MOST_HIDDEN + 1))


def test_it_reads_from_the_middle_of_a_frame() -> None:
    strand = main(shared_session())
    assert [number for number, _ in bodies.since(strand, 3, 9)] == [3, 4, 5, 6]
    assert Range(strand.pk, 0, None) == (strand.pk, 0, None)
