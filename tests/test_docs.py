"""README tells all: what is not in it does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver

from tests.base import REPOSITORY
from tests.source import PACKAGES

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SETTINGS = (REPOSITORY / "opensession" / "settings.py").read_text(encoding="utf-8")
COMMANDS = sorted(name for name, app in get_commands().items() if app in PACKAGES)


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Yield every address that is ours, its variable parts written `{}`."""
    for entry in resolver.url_patterns:
        route = prefix + re.sub(r"<[^>]+>", "{}", str(entry.pattern))
        if isinstance(entry, URLPattern) or entry.namespace == "admin":
            # What catches all that there is nothing at is no address.
            yield from () if route.endswith("$") else (route,)
        else:
            yield from routes(entry, route)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_documents_every_command(name: str) -> None:
    assert f"| `{name}" in README
    assert "Example: " in load_command_class(get_commands()[name], name).help


def test_it_documents_every_route() -> None:
    documented = re.sub(r"\{[^}]*\}", "{}", README)
    assert [route for route in routes(get_resolver()) if f"`{route}`" not in documented] == []


def test_it_documents_every_setting() -> None:
    names = re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', SETTINGS)
    assert len(names) > 10
    assert [name for name in names if f"| `{name}`" not in README] == []


def test_it_offers_every_setting_only_where_it_is_read() -> None:
    offered = re.findall(r"^#(\w+)=", (REPOSITORY / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert offered
    assert [name for name in offered if f'"{name.removesuffix("_FILE")}"' not in SETTINGS] == []


def test_it_documents_every_make_target() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    assert "run" in targets
    assert [target for target in targets if f"`make {target}`" not in README and target != "all"] == []


@pytest.mark.parametrize(
    "page", [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")], ids=lambda page: page.name
)
def test_it_links_only_to_what_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_it_lists_every_page() -> None:
    index = (REPOSITORY / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in (REPOSITORY / "docs").glob("*.md") if page.name != "README.md"]
    assert [page for page in pages if f"({page})" not in index] == []
