"""Gemini CLI: one JSON document per session, since 0.40 one JSON object per line (`spec/parsers.md` 2.4)."""

from __future__ import annotations

from pathlib import Path

from parsers.base import Match, Sample
from parsers.documents import OneThread
from parsers.fields import items, mapping, moment, text
from parsers.gemini import fold, sample
from parsers.gemini.messages import Teller
from parsers.transcript import Transcript

ROOT_FILE = ".project_root"
_MOST_OF_A_PATH = 4096


class GeminiFamily(OneThread):
    """The format of Gemini CLI and of what grew out of it. A tool names itself, its schema and its voice."""

    voice = "gemini"
    """What a message of the model is called."""

    home = ".gemini"
    """The folder below the user's home where the logs are."""

    provider = ""

    def recognises(self, sample_: Sample) -> Match | None:
        return sample.recognised(sample_, self.voice, self.home)

    def fill(self, path: Path, to: Transcript) -> None:
        """Tell the messages that stand in the end; see `OneThread.fill`."""
        story = fold.told(path, to.out)
        self._learn(path, story, to)
        Teller(to, story.is_lines).tell(story.messages())
        to.facts.learn(model=text(mapping(story.about, "meta"), "model"))

    def _learn(self, path: Path, story: fold.Story, to: Transcript) -> None:
        about, facts = story.about, to.facts
        facts.session_id = text(about, "sessionId")
        facts.title = text(about, "summary")
        facts.created = moment(about, "startTime", "start_time") or ""
        facts.updated = moment(about, "lastUpdated") or ""
        facts.provider = self.provider
        facts.is_auxiliary = text(about, "kind") == "subagent"
        facts.parent_session_id = parent_of(path) if facts.is_auxiliary else ""
        folders = [folder for folder in items(about, "directories") if isinstance(folder, str)]
        facts.cwd = folders[0] if folders else project_root(path)


class GeminiParser(GeminiFamily):
    tool, schema = "gemini", "gemini-jsonl-v2"
    provider = "google"


def parent_of(path: Path) -> str:
    """Return the session whose subagent wrote a log: the folder is named after it."""
    return path.parent.name if path.parent.parent.name == "chats" else ""


def project_root(path: Path) -> str:
    """Return where the project lies, as the folder of its sessions tells it."""
    chats = path.parent if path.parent.name == "chats" else path.parent.parent
    if chats.name != "chats":
        return ""
    try:
        with (chats.parent / ROOT_FILE).open("rb") as file:
            root = file.read(_MOST_OF_A_PATH).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return "" if "\n" in root or "\0" in root else root
