from __future__ import annotations

import json
import random
import sys
from types import FrameType
from typing import Any

import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import assume, example, given
from hypothesis import strategies as st

from opensession.redaction.engine import Redactor
from opensession.redaction.report import Report
from opensession.redaction.rules import RULES
from tests.redaction.samples import HOMES, IN_CONTEXT, KEYS, PEM

SECRET = 'correct horse\n"battery" staple'
REDACTOR = Redactor()
KNOWING = Redactor(
    secrets=[SECRET, "swordfish", "tiny"],
    homes=["/data/people/anna", "/root", "D:\\Folk\\anna", "/srv/josé", "/", "/srv/\udcff"],
)

HOSTILE = [
    *(key[: len(key) // 2] for _, key in KEYS),
    *(text for _, text, _ in IN_CONTEXT),
    *(text for text, _ in HOMES),
    *("eyJ", "token", "token=", "password=\"", "curl -u ", "curl -u a:", "://a:", "/home/", "file://", "cookie: a="),
    *("\\", '\\"password\\":', "C:\\Users\\", "auth: bearer ", "\x1b[0", "--token ", "/mnt/a", PEM[:40], PEM[:80]),
]  # fmt: skip

fragments = st.sampled_from(
    [
        *(key for _, key in KEYS),
        *HOSTILE,
        *" \n\"'`=:;,.~-_/\\[]{}%",
        "[REDACTED:jwt]",
        "[REDACTED:",
        "\\n",
        "x",
        "~",
        "é",
    ]
)
texts = st.lists(fragments | st.text(max_size=5), max_size=8).map("".join)


def test_it_works() -> None:
    text, report = REDACTOR.text(f"in /home/anna: {KEYS[0][1]} and {KEYS[0][1]}")
    assert text == "in ~: [REDACTED:anthropic-key] and [REDACTED:anthropic-key]"
    assert report == Report({"anthropic-key": 2, "home": 1})


def test_it_returns_the_very_text_when_nothing_is_in_it() -> None:
    for text in ("", "just words", "token: str", "half a pair: \ud83d"):
        redacted, report = REDACTOR.text(text)
        assert redacted is text
        assert not report


def test_it_keeps_halves_of_surrogates() -> None:
    assert REDACTOR.text("\ud83d /home/anna \udc00")[0] == "\ud83d ~ \udc00"


@given(texts)
@example("/home/a/home/b")
@example("password=[REDACTED:jwt]rest")
def test_it_changes_nothing_the_second_time(text: str) -> None:
    for redactor in (REDACTOR, KNOWING):
        once, _ = redactor.text(text)
        assert redactor.text(once)[0] == once


@given(st.sampled_from(KEYS), texts, texts, st.sampled_from([" ", "\n", "\t", '"', "'", "(", ">"]))
def test_no_key_gets_through(named: tuple[str, str], before: str, after: str, edge: str) -> None:
    # A key that stands in the middle of a word is none.
    assume(named[1] not in before + after)
    assert named[1] not in REDACTOR.text(f"{before}{edge}{named[1]}{edge}{after}")[0]


@given(st.sampled_from(IN_CONTEXT), st.text(max_size=9), st.text(max_size=9))
def test_no_assigned_secret_gets_through(row: tuple[str, str, str], before: str, after: str) -> None:
    _, text, secret = row
    if secret not in before + after and len(secret) > 3:
        assert secret not in REDACTOR.text(f"{before}\n{text}\n{after}")[0]


@given(texts, texts)
def test_no_known_secret_gets_through(before: str, after: str) -> None:
    assert "swordfish" not in KNOWING.text(f"{before}swordfish{after}")[0]


def test_it_finds_known_secrets_as_json_spells_them() -> None:
    once = json.dumps(SECRET)
    for text in (SECRET, once, json.dumps(once)):
        redacted, report = KNOWING.text(f"<{text}>")
        assert redacted == f"<{text}>".replace(text.strip('"\\'), "[REDACTED:known-secret]")
        assert report.counts == {"known-secret": 1}


def test_it_looks_for_no_known_secret_that_is_everywhere() -> None:
    assert KNOWING.text("a tiny house")[0] == "a tiny house"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data/people/anna/x", "~/x"),
        ("cd /data/people/anna", "cd ~"),
        ("/data/people/annabel/x", "/data/people/annabel/x"),
        ("/srv/data/people/anna/x", "/srv/data/people/anna/x"),
        ("../../data/people/anna/x", "../..~/x"),
        ("~/.claude/projects/-data-people-anna-shop/1.jsonl", "~/.claude/projects/~-shop/1.jsonl"),
        ("/root/.ssh", "~/.ssh"),
        ("/root /root", "~ ~"),
        ("/srv/root/x", "/srv/root/x"),
        (r"D:\Folk\anna\x", r"~\x"),
        (r"D:\\Folk\\anna\\x", r"~\\x"),
        ("/ and /etc", "/ and /etc"),
        ("/srv/josé/x /srv/josé", "~/x ~"),
    ],
)
def test_it_shortens_the_homes_it_is_told(text: str, expected: str) -> None:
    assert KNOWING.text(text)[0] == expected


def test_it_adds_reports() -> None:
    assert Report({"jwt": 1, "home": 2}) + Report({"home": 3}) == Report({"home": 5, "jwt": 1})
    assert str(Report({"jwt": 1, "home": 2})) == "2 home, 1 jwt"
    assert str(Report()) == "nothing"
    assert Report({"jwt": 1, "home": 2}).total == 3


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_gate_is_shut_where_its_rule_would_find_something(rule: Any) -> None:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    pattern, gate = (re2.compile(each.encode(), options) for each in (rule.pattern, rule.gate))
    for text in [key for _, key in KEYS] + HOSTILE + [PEM]:
        for encoded in (text.encode(), json.dumps(text).encode()):
            assert gate.search(encoded) or not pattern.search(encoded), text


class Calls:
    """Counts how often the automata are started."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Calls:
        sys.setprofile(self._called)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)

    def _called(self, frame: FrameType, event: str, arg: Any) -> None:
        self.count += event == "c_call" and arg.__name__ == "Match"


def test_it_starts_one_automaton_for_a_clean_text() -> None:
    with Calls() as calls:
        REDACTOR.text("just words, many of them. " * 10_000)
    assert calls.count == 1


def test_its_gate_gives_up_on_no_text() -> None:
    # RE2 answers "nothing" when its memory does not suffice for the states that a text brings about.
    chance = random.Random(5)
    beginnings = (part[chance.randrange(len(part)) :][: chance.randrange(1, 12)] for part in HOSTILE * 1_500)
    text = "".join(beginning + chance.choice(' \n"=:\\/a') for beginning in beginnings)
    assert len(text) > 500_000
    assert KEYS[6][1] not in REDACTOR.text(f"{text} {KEYS[6][1]}")[0]


@pytest.mark.parametrize("part", HOSTILE)
def test_it_goes_once_over_a_hostile_text(part: str) -> None:
    # RE2 takes linear time for each start, and goes on where a match ended.
    counts = []
    for times in (100, 1_000):
        with Calls() as calls:
            REDACTOR.text(part * times)
        counts.append(calls.count)
    assert counts[1] <= 10 * counts[0] + 5 * len(RULES)
