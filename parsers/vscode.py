"""What editors that are built on VS Code keep beside the state of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from parsers.documents import beside
from parsers.fields import text


def folder_of(state: Path) -> str:
    """Return the folder, or the file of a workspace of several, that the state at a path is of; else empty."""
    return path_of(text(beside(state, "workspace.json"), "folder", "workspace", "configuration"))


def path_of(address: Any) -> str:
    """Return the path in an address: text, or an object of its parts as VS Code writes it."""
    if isinstance(address, dict):
        return text(address, "fsPath", "_fsPath", "path") or path_of(text(address, "external"))
    if not isinstance(address, str) or "://" not in address:
        return ""
    try:
        path = unquote(urlsplit(address).path)
    except ValueError:
        return ""
    return path[1:] if path[2:3] == ":" else path
