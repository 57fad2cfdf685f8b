"""The image and the composition cannot be built in tests; what they name can be looked at."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.base import REPOSITORY

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (REPOSITORY / "compose.yaml").read_text(encoding="utf-8")
SETTINGS = (REPOSITORY / "opensession" / "settings.py").read_text(encoding="utf-8")
SECRET = re.compile(r"PASSWORD|SECRET|ACCESS_KEY$")


def copied() -> list[str]:
    lines = [
        line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line
    ]
    return [source for line in lines for source in line]


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
    return found


def test_the_image_copies_what_is_there_and_all_that_is_needed() -> None:
    assert [source for source in copied() if not (REPOSITORY / source).exists()] == []
    packages = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")} - {"benchmarks", "tests"}
    assert packages <= set(copied())


def test_the_context_of_the_image_holds_what_it_copies() -> None:
    kept = re.findall(r"^!(\S+)$", (REPOSITORY / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(kept) == sorted(copied())


def test_what_is_copied_starts_by_itself(tmp_path: Path) -> None:
    for source in copied():
        (tmp_path / source).parent.mkdir(exist_ok=True)
        copy = shutil.copytree if (REPOSITORY / source).is_dir() else shutil.copy
        copy(REPOSITORY / source, tmp_path / source)
    asks = "from django.test import Client; assert Client(SERVER_NAME='localhost').get('/docs').status_code == 200"
    env = {
        "DJANGO_SETTINGS_MODULE": "opensession.settings",
        "OPENSESSION_PROFILE": "server",
        "OPENSESSION_DEBUG": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {asks}"],
        cwd=tmp_path,
        env=env | {"BASE_URL": "http://localhost", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_image_runs_as_nobody_special_and_locked() -> None:
    *_, user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user == "opensession"
    assert "--require-hashes" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_the_composition_sets_only_what_is_read() -> None:
    own = {"FORWARDED_ALLOW_IPS", "OPENSESSION_TASKS"}
    for name in ("prepare", "web", "tasks"):
        environment = services()[name]["environment"]
        assert [key for key in environment if key not in own and f'"{key}"' not in SETTINGS] == []


def test_the_composition_holds_no_secret() -> None:
    for service in services().values():
        for name, value in service["environment"].items():
            if SECRET.search(name) and name != "OPENSESSION_S3_ACCESS_KEY":
                assert re.fullmatch(r"\$\{\w+:\?[\w .]+\}", value.replace("-", " ")), name


@pytest.mark.parametrize("name", ["prepare", "web", "tasks"])
def test_the_composition_waits_for_what_it_names(name: str) -> None:
    assert set(services()[name]["depends_on"]) <= set(services())
