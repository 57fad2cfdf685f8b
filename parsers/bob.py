"""IBM Bob, forked from Roo Code: the same task folders, with times as text and the tokens in the messages."""

from __future__ import annotations

from parsers.cline.tasks import TaskParser


class BobParser(TaskParser):
    tool = "bob"
