from __future__ import annotations

import pytest

from handoff.checkkinds import kind_of

COMMANDS = {
    "test": (
        "pytest -q",
        "cd app && uv run pytest tests",
        "python3 -m pytest",
        ".venv/bin/python manage.py test",
        "CI=1 npm test",
        "npm run test:unit -- --watch=false",
        "timeout 60 go test ./...",
        "./gradlew :app:test",
        "mvn -q verify",
        "bash -lc 'cargo nextest run'",
        'bash -lc "cd app && pytest -q"',
        "'pytest' -q",
        "docker compose exec web pytest",
        "ls; pytest -x 2>&1 | tail -5",
        "make -j4 test-fast",
        "hatch run test",
    ),
    "lint": ("ruff check .", "npx tsc --noEmit", "black --check .", "cargo clippy", "yarn lint", "go vet ./..."),
    "build": ("make", "tsc", "cargo build --release", "npm run build", "cmake --build out", "docker build ."),
}
OTHERS = (
    "ls -la",
    "git commit -m 'test'",
    "git checkout -b test",
    "echo pytest",
    "cat pytest.ini",
    "pip install pytest",
    "grep -rn build src",
    "black .",
    'rg "pytest|ruff" src',
    "grep -E 'old|make' notes",
    'git commit -m "fix the login (pytest)"',
    "make deploy",
    "",
)


@pytest.mark.parametrize(
    ("command", "kind"), [(command, kind) for kind, commands in COMMANDS.items() for command in commands]
)
def test_it_recognises_what_checks_the_work(command: str, kind: str) -> None:
    assert kind_of(command) == kind


@pytest.mark.parametrize("command", OTHERS)
def test_it_leaves_other_commands_alone(command: str) -> None:
    assert kind_of(command) is None


@pytest.mark.parametrize("starter", ["python -m ", "a=/python ", "-/python "])
def test_it_is_done_at_once_with_a_line_of_nothing_but_starters(starter: str) -> None:
    assert kind_of(starter * 49 + "nothing") is None
