from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.world import World


@pytest.fixture
def world(home: Path, db: None) -> World:
    return World(home)
