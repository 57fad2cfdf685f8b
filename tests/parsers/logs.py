"""Where the tests find logs: our own fixtures, and the corpus of real ones beside the repository."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.golden import FIXTURES

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "files"


def corpus(tool: str) -> list[Path]:
    """Return the real logs of a tool. Without the corpus tests skip, except on CI, where that is a failure."""
    folder = CORPUS / tool
    if not folder.is_dir() and not os.environ.get("CI"):
        pytest.skip("the corpus is not here")
    return sorted(folder.rglob("*.jsonl"))


def fixtures(tool: str) -> list[Path]:
    return [path for path in sorted((FIXTURES / tool).rglob("*.jsonl")) if not path.name.endswith(".hail.jsonl")]


def lines(*records: dict[str, Any]) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def write(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines(*records)))
    return path
