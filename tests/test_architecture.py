"""Imports go one way: hail, then parsers and handoff, then sessions, then the faces that people meet."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.base import REPOSITORY
from tests.source import PACKAGES, files, functions, module_name, place, tree

# The first row whose name fits a module says what it may import, beside the standard library and its own package.
LAYERS = {
    "opensession.hail": ("msgspec",),
    "opensession.gitstore": ("opensession.hail", "dulwich"),
    "opensession.redaction": ("opensession.hail", "msgspec", "re2"),
    "parsers": ("opensession.hail", "msgspec", "zstandard"),
    "handoff": ("opensession.hail", "opensession.redaction", "msgspec"),
    "accounts": ("django", "jwt", "oauthlib", "requests", "rest_framework"),
}
FACES = re.compile(
    r"accounts\.(admin|api|urls|views)\b|handoff\.(apps|management)\b|opensession\.(?!gitstore\b|hail\b|redaction\b)\w"
    r"|sessions\.(admin|api|daemon|management|tui|urls|\w*views)\b"
)
STARTERS = re.compile(r"\.urls$|\.management\.commands\.\w+$")
HEAVY = ("boto3", "dulwich", "mcp", "opensession.gitstore", "prompt_toolkit", "rich", "sessions.artifacts", "watchdog")
# Every command loads these, so nothing that loads git may stand at their top.
ALWAYS_LOADED = re.compile(r"\.(apps|models|management)\b|^opensession\.settings$")


def imported(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def below(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def may_import(importer: str, name: str) -> bool:
    layer = next((layer for layer in LAYERS if below(importer, layer)), None)
    if layer is None or FACES.match(importer):
        return True
    own = (layer, *LAYERS[layer])
    return name.split(".")[0] in sys.stdlib_module_names or any(below(name, package) for package in own)


def face(name: str) -> str | None:
    """Return the package of a face, such as `sessions.daemon`, to which a module belongs."""
    return ".".join(name.split(".")[:2]) if FACES.match(name) else None


def test_it_sees_the_product() -> None:
    assert {module_name(file).split(".")[0] for file in files(*PACKAGES)} == set(PACKAGES)


def test_it_would_notice_a_wrong_import() -> None:
    assert not may_import("opensession.hail.model", "django.db.models")
    assert not may_import("parsers.codex", "sessions.models.Session")
    assert not may_import("handoff.render", "sessions.bodies")
    assert not may_import("opensession.gitstore.objects", "django.conf")
    assert may_import("handoff.management.commands.handoff", "sessions.handoffs")


def test_it_imports_only_what_lies_below() -> None:
    wrong = [
        f"{place(file, node)} imports {name}"
        for file in files(*PACKAGES)
        for node, name in imported(tree(file))
        if not may_import(module_name(file), name)
    ]
    assert wrong == []


def test_it_lets_nobody_import_a_face() -> None:
    wrong = [
        f"{place(file, node)} imports {name}"
        for file in files("accounts", "handoff", "parsers", "sessions", "opensession/hail")
        for node, name in imported(tree(file))
        if face(name) and face(name) != face(module_name(file)) and not STARTERS.search(module_name(file))
    ]
    assert wrong == []


def test_it_imports_inside_functions_only_what_is_heavy_and_only_in_faces() -> None:
    wrong = [
        f"{place(file, node)} imports {name}"
        for file in files(*PACKAGES)
        for function in functions(file)
        for node, name in imported(function)
        if not (face(module_name(file)) and any(below(name, heavy) for heavy in HEAVY))
    ]
    assert wrong == []


def test_it_knows_dulwich_in_one_package_only() -> None:
    knowing = {
        module_name(file).rpartition(".")[0]
        for file in files(*PACKAGES)
        for _, name in imported(tree(file))
        if below(name, "dulwich")
    }
    assert knowing == {"opensession.gitstore"}


def test_it_does_not_load_git_for_every_command() -> None:
    wrong = [
        place(file, node)
        for file in files(*PACKAGES)
        for node, name in imported(tree(file))
        if below(name, "opensession.gitstore") and node in tree(file).body and ALWAYS_LOADED.search(module_name(file))
    ]
    assert wrong == []


def test_it_loads_no_django_for_the_pure_packages() -> None:
    pure = "parsers, handoff.render, opensession.hail.jsonl, opensession.gitstore.sessions"
    code = f"import json, sys, {pure}; print(json.dumps(list(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True)
    assert [name for name in json.loads(answer.stdout) if below(name, "django")] == []


def test_it_keeps_a_folder_of_tests_from_hiding_a_package() -> None:
    # Without it, pytest takes tests/sessions for the package `sessions`.
    folders = {file.parent for file in (REPOSITORY / "tests").rglob("*.py")}
    assert [folder for folder in folders if not Path(folder, "__init__.py").exists()] == []
