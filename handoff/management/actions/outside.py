"""What another agent's program is given goes to its provider, so it leaves the machine."""

from __future__ import annotations

from pathlib import Path

from opensession.redaction.engine import Redactor


def clean(text: str) -> str:
    """Return the text without secrets, home folders written `~`."""
    return Redactor(homes=[str(Path.home())]).text(text)[0]
