from __future__ import annotations

import os
from pathlib import Path

import pytest

from parsers.yamllines import MAX_BYTES, pairs, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("name: Fix the cart", "Fix the cart"),
        ("name: Fix: the cart # now", "Fix: the cart"),
        ('name: "Fix \\"the\\" cart: caf\\u00e9"', 'Fix "the" cart: café'),
        ("name: 'It''s fixed'", "It's fixed"),
        ("name: >-\n  Fix\n  the cart\ncwd: /", "Fix the cart"),
        ("name: |-\n  Fix\n  the cart", "Fix\nthe cart"),
        ("name: Fix\n  the cart", "Fix the cart"),
        ("name:\n  first: Fix", ""),
        ("name: null", ""),
        ("name:", ""),
        ('name: "unclosed', "unclosed"),
    ],
)
def test_it_reads_a_value(text: str, value: str) -> None:
    assert pairs(f"id: a\n{text}\n")["name"] == value


def test_it_passes_over_what_is_no_pair() -> None:
    assert pairs("---\n# note\n- item\n? odd\nno pair\nid: a\n") == {"id": "a"}


def test_it_reads_no_link_no_pipe_and_nothing_large(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text("id: a\n")
    assert read(real) == {"id": "a"}
    (tmp_path / "link.yaml").symlink_to(real)
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "large.yaml").write_text("id: a\n" + "#" * MAX_BYTES)
    assert [read(tmp_path / f"{name}.yaml") for name in ("link", "pipe", "large", "gone")] == [{}, {}, {}, {}]
