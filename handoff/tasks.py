"""What the tasks of a session say: what they set out to do, and what came of them."""

from __future__ import annotations

from handoff.claims import Stated, stated
from handoff.evidence import Landmark, landmark
from opensession.hail.actions import TaskEnd, TaskStart
from opensession.hail.extract import collapse, truncate
from opensession.hail.model import Event

SUMMARY_BYTES = 180
SYNTHETIC = "synthetic end (missing task_complete)"


def is_added(summary: str) -> bool:
    """Tell whether a parser had to add the end of a task, because the log stops before the task ends."""
    return summary.lower() == SYNTHETIC


class Tasks:
    """`first` is where the first task starts or ends; `title` and `summary` are the first that tasks give."""

    kinds = (TaskStart, TaskEnd)

    def __init__(self) -> None:
        self.first: Landmark | None = None
        self.title = ""
        self.summary = ""
        self._ends: dict[str, Landmark] = {}

    def see(self, event: Event) -> None:
        self.first = self.first or landmark(event)
        match event.action:
            case TaskStart(title=title):
                self.title = self.title or (title or "").strip()
            case TaskEnd(summary=summary) if summary and (words := collapse(summary)):
                self.summary = self.summary or words
                self._ends.setdefault(words, landmark(event))

    def summaries(self) -> tuple[Stated, ...]:
        """Return what the tasks came to, without the endings that a parser had to add."""
        return tuple(
            stated(truncate(words, SUMMARY_BYTES), shown.event_id)
            for words, shown in self._ends.items()
            if not is_added(words)
        )

    def ended(self, summary: str) -> Landmark | None:
        """Return where a task ended with exactly this summary; a summary that was cut has no such place."""
        return self._ends.get(summary)
