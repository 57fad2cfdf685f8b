from __future__ import annotations

import random

from parsers.diffs import Hunk, changed_lines, patch, unified


def apply(diff: str, before: list[str]) -> list[str]:
    """Return what the diff makes of `before`, checking every line that it says to find."""
    after: list[str] = []
    at = 0
    for row in diff.split("\n")[:-1]:
        if row.startswith("@@"):
            start, _, count = row.split()[1][1:].partition(",")
            skip = int(start) - (count != "0")
            after += before[at:skip]
            at = skip
            continue
        if row[0] in " -":
            assert before[at] == row[1:]
            at += 1
        if row[0] in " +":
            after.append(row[1:])
    return after + before[at:]


def changed(lines: list[str], chance: random.Random) -> list[str]:
    result = list(lines)
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(result) + 1)
        result[at : at + chance.randrange(3)] = chance.choices("abxyz", k=chance.randrange(3))
    return result


def test_it_works() -> None:
    assert unified("a\nb\nc\n", "a\nB\nc\n") == "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"


def test_it_is_empty_when_nothing_changed() -> None:
    assert unified("a\nb", "a\nb\n") == ""


def test_it_numbers_an_empty_side_zero() -> None:
    assert unified("", "x\ny") == "@@ -0,0 +1,2 @@\n+x\n+y\n"
    assert unified("x", "") == "@@ -1 +0,0 @@\n-x\n"


def test_it_makes_diffs_that_apply() -> None:
    chance = random.Random(7)
    for _ in range(400):
        before = chance.choices("abcdef", k=chance.randrange(60))
        after = changed(before, chance)
        assert apply(unified(_text(before), _text(after)), before) == after


def test_it_splits_distant_changes_into_hunks() -> None:
    before = [str(number) for number in range(40)]
    after = ["x", *before[1:30], "y", *before[31:]]
    assert unified(_text(before), _text(after)).count("@@ -") == 2


def test_it_does_not_match_what_would_take_too_long() -> None:
    before, after = [f"{n % 7}" for n in range(3000)], [f"{n % 5}" for n in range(3000)]
    diff = unified(_text(before), _text(after))
    assert apply(diff, before) == after
    assert diff.count("@@ -") == 1


def test_it_writes_a_structured_patch() -> None:
    hunk = Hunk(old_start=4, old_lines=1, new_start=4, new_lines=2, lines=["-a", "+b", "+c"])
    assert patch([hunk]) == "@@ -4 +4,2 @@\n-a\n+b\n+c\n"
    assert changed_lines(patch([hunk, hunk])) == (4, 2)


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
