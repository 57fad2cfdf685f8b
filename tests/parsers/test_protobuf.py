from __future__ import annotations

import pytest

from parsers.protobuf import Message


def test_it_reads_numbers_words_and_messages() -> None:
    message = Message(b"\x08\x96\x01\x12\x02hi\x1a\x03\x0a\x01x")
    assert (message.number(1), message.text(2), message.message(3).text(1)) == (150, "hi", "x")
    assert (message.number(9), message.text(9), message.messages(9), message.is_broken) == (0, "", [], False)


def test_it_takes_the_last_of_several_values_and_the_sum_of_several_messages() -> None:
    message = Message(b"\x12\x01a\x12\x01b\x1a\x03\x0a\x01x\x1a\x03\x12\x01y")
    assert (message.text(2), message.texts(2)) == ("b", ["a", "b"])
    assert (message.message(3).text(1), message.message(3).text(2)) == ("x", "y")


def test_it_takes_the_last_of_fields_that_exclude_each_other() -> None:
    kind, inner = Message(b"\x12\x02\x08\x01\x1a\x00\x12\x02\x10\x02").choice(2, 3)
    assert (kind, inner.number(1), inner.number(2)) == (2, 0, 2)
    assert Message(b"").choice(2, 3)[0] == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\x12\x05ab",
        b"\x08",
        b"\x0b",
        b"\x02\x00",
        b"\x08" + b"\xff" * 12,
        b"\x0d\x00",
        b"\x12" + b"\xff" * 9 + b"\x01",
    ],
)
def test_it_tells_when_the_bytes_are_no_message(data: bytes) -> None:
    assert Message(data).is_broken


def test_it_tells_when_a_piece_of_a_message_is_broken() -> None:
    assert Message(b"\x1a\x02\x0a\x01\x1a\x03\x0a\x01x").message(3).is_broken
