"""The product's own source, for the tests that read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.base import REPOSITORY

PACKAGES = ("accounts", "handoff", "opensession", "parsers", "sessions")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*folders: str) -> Iterator[Path]:
    """Yield every Python file below the folders; migrations are written by Django."""
    for folder in folders:
        yield from (file for file in sorted((REPOSITORY / folder).rglob("*.py")) if file.parent.name != "migrations")


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, Function))


def place(file: Path, node: ast.AST) -> str:
    return f"{file.relative_to(REPOSITORY)}:{getattr(node, 'lineno', 0)}"
