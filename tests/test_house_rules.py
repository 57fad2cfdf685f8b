from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.source import PACKAGES, Function, files, functions, place, tree

OURS = (*PACKAGES, "benchmarks", "tests")
MOST_LINES_OF_A_FUNCTION = 40
MOST_LINES_OF_A_FILE = 400
MEDIAN_LINES_OF_A_FUNCTION = 7


def lines(function: Function) -> int:
    """Return the number of lines of the body, the docstring not counted."""
    body = function.body[ast.get_docstring(function) is not None :]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def untyped(function: Function) -> Iterator[str]:
    signature = function.args
    named = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs, signature.vararg, signature.kwarg]
    yield from (each.arg for each in named if each and not each.annotation and each.arg not in ("self", "cls"))
    if function.returns is None:
        yield "return"


def test_it_counts() -> None:
    (function,) = ast.parse('def f(self, a, *, b: int):\n    """Doc."""\n    x = (\n        1\n    )\n').body
    assert isinstance(function, ast.FunctionDef)
    assert lines(function) == 3
    assert list(untyped(function)) == ["a", "return"]


def test_it_keeps_functions_short() -> None:
    assert [place(file, each) for file, each in every() if lines(each) > MOST_LINES_OF_A_FUNCTION] == []


def test_it_keeps_most_functions_very_short() -> None:
    assert median(lines(each) for _, each in every(*PACKAGES)) <= MEDIAN_LINES_OF_A_FUNCTION


def test_it_keeps_files_short() -> None:
    long = [str(file) for file in files(*OURS) if len(file.read_bytes().splitlines()) > MOST_LINES_OF_A_FILE]
    assert long == []


def test_it_types_every_signature() -> None:
    assert [f"{place(file, each)} {name}" for file, each in every() for name in untyped(each)] == []


def test_it_prints_nothing_by_the_way() -> None:
    assert [place(file, node) for file in files(*PACKAGES, "tests") for node in prints(file)] == []


def every(*folders: str) -> Iterator[tuple[Path, Function]]:
    return ((file, function) for file in files(*(folders or OURS)) for function in functions(file))


def prints(file: Path) -> Iterator[ast.Call]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node
