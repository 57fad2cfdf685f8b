"""Nothing here touches the home or the data of the person who runs the tests; see also `tests/settings.py`."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import post_migrate
from pytest_django import Settings

from sessions import fulltext
from sessions.search import totals
from tests.base import CORPUS, write_home

# Playwright runs an event loop in the test's thread, where Django would refuse every query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty home directory of this test."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Path:
    """Return the data directory of this test, where bodies and the secret key go. It does not exist yet."""
    folder = tmp_path / "data"
    monkeypatch.setenv("OPENSESSION_DATA_DIR", str(folder))
    storages = copy.deepcopy(settings.STORAGES)
    for name in ("bodies", "raw"):
        storages[name]["OPTIONS"]["location"] = folder / name
    settings.OPENSESSION_DATA_DIR, settings.STORAGES = folder, storages
    settings.OPENSESSION_CONFIG = tmp_path / "opensession.toml"
    # Tests that commit leave the table of the cache behind: to Django it is no table of its own.
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": tmp_path.name}}
    return folder


@pytest.fixture(scope="session", autouse=True)
def words_go_with_the_rows() -> Iterator[None]:
    """Empty the full text whenever Django empties its tables, after a test that commits: to Django it is in none."""
    post_migrate.connect(_forget_words, sender=apps.get_app_config("ai_sessions"))
    yield
    post_migrate.disconnect(_forget_words, sender=apps.get_app_config("ai_sessions"))


def _forget_words(**options: Any) -> None:
    with connection.cursor() as cursor:
        fulltext.engine().clear(cursor)


@pytest.fixture(autouse=True)
def no_estimates() -> None:
    totals.forget()


@pytest.fixture
def logins(settings: Settings) -> Settings:
    """Turn on accounts, with their limits, and return the settings."""
    settings.JWT_SECRET = "a secret of tests, longer than thirty-two bytes"
    settings.AUTH_ENABLED = settings.AXES_ENABLED = True
    return settings


@pytest.fixture
def indexed_home(home: Path) -> Path:
    """Return the home directory with one session of every agent in it."""
    return write_home(home)


@pytest.fixture
def corpus() -> Path:
    """Return the folder of real logs, which is not part of this repository."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real logs is not on this machine")
    return CORPUS


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if chromium is None:
        pytest.skip("Chromium is not on this machine")
    return {**browser_type_launch_args, "executable_path": chromium, "args": _CHROMIUM_FLAGS}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that are about the other database."""
    other = "postgresql" if connection.vendor == "sqlite" else "sqlite"
    foreign = [item for item in items if item.get_closest_marker(other)]
    items[:] = [item for item in items if item not in foreign]
    config.hook.pytest_deselected(items=foreign)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _without_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _without_skips((yield))


def _without_skips(report: Report) -> Report:
    """Fail what is skipped, in CI: everything that a test needs is there."""
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI forbids: {report.longrepr}"
    return report
