"""A command for people answers at once, so it loads nothing that it does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.base import REPOSITORY

UNWANTED = {
    "axes",
    "boto3",
    "csp",
    "django.contrib.admin",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "dulwich",
    "gunicorn",
    "hypothesis",
    "markdown_it",
    "mcp",
    "nh3",
    "oauthlib",
    "opensession.urls",
    "prompt_toolkit",
    "psycopg",
    "pygments",
    "requests",
    "rest_framework",
    "rich",
    "sessions.views",
    "tomlkit",
    "watchdog",
    "whitenoise",
}
RUN = """
import json, runpy, sys
try:
    runpy.run_path("manage.py", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def loaded_by(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", RUN, *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True, env=environment())
    return set(json.loads(done.stderr.splitlines()[-1]))


def manage(*arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=REPOSITORY, check=True, env=environment())


def environment() -> dict[str, str]:
    return os.environ | {"DJANGO_SETTINGS_MODULE": "opensession.settings"}


def test_it_sees_what_is_loaded() -> None:
    assert loaded_by("check", "--help") >= {"django.contrib.admin", "sessions.models"}


def test_it_loads_git_for_no_page_before_something_is_saved() -> None:
    loaded = loaded_by("check")
    assert "sessions.views" in loaded
    assert loaded & {"dulwich", "sessions.artifacts"} == set()


def test_it_loads_little_for_the_help_of_handoff() -> None:
    assert loaded_by("handoff", "--help") & UNWANTED == set()


def test_it_loads_little_for_a_handoff(indexed_home: Path) -> None:
    manage("migrate", "--verbosity=0")
    manage("index")
    loaded = loaded_by("handoff", "--last", "--format", "json")
    assert "handoff.render" in loaded
    assert loaded & UNWANTED == set()
