from __future__ import annotations

import pytest

from tests.golden import assert_golden
from tests.parsers.logs import fixtures

CASES = [path.name for path in fixtures("codex")]


@pytest.mark.parametrize("case", CASES)
def test_it_gives_the_golden_hail(case: str) -> None:
    assert_golden("codex", case)


def test_it_has_cases() -> None:
    assert len(CASES) >= 7
