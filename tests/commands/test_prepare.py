from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def prepare() -> str:
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_it_makes_what_a_server_needs(data_dir: Path) -> None:
    assert "No migrations to apply" in prepare()
    assert (data_dir / "bodies").is_dir()
    assert "Ready." in prepare()


@pytest.mark.django_db
def test_it_says_why_nothing_can_be_kept(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "bodies").write_text("a file where the folder belongs")
    with pytest.raises(CommandError, match="bodies cannot be kept"):
        prepare()
