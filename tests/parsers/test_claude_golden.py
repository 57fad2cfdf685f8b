from __future__ import annotations

import pytest

from tests.golden import FIXTURES, assert_golden

CASES = [
    path.name
    for path in sorted((FIXTURES / "claude-code").glob("*.jsonl"))
    if not path.name.endswith(".hail.jsonl") and not path.name.startswith("agent-")
]


@pytest.mark.parametrize("case", CASES)
def test_it_gives_the_golden_hail(case: str) -> None:
    assert_golden("claude-code", case)
