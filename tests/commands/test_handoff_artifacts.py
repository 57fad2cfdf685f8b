"""`handoff save` and `handoff artifact`, in real repositories."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from handoff.references import Newest
from sessions import handoffs
from sessions.artifacts import shelf
from sessions.models import Frame, Session
from tests.base import REPOSITORY
from tests.commands.test_handoff import failure, handoff
from tests.gitstore.repositories import check, git, repository, user_files
from tests.ingest.world import SESSION, World, ran, said

pytestmark = pytest.mark.django_db

OTHER = "9" * 8 + SESSION[8:]
REF = "refs/opensession/handoff/artifacts/fees"


@pytest.fixture
def world(home: Path) -> World:
    world = World(home)
    world.write(said(60, "fix the login"), ran(61, "pytest -q"))
    world.write(said(0, "an older one", session=OTHER), session=OTHER)
    return world


@pytest.fixture
def repo(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = repository(tmp_path / "shop")
    monkeypatch.chdir(folder)
    return folder


def save(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(handoff("save", "--artifact-id", "fees", *arguments)[0])
    return answer


def artifact(*words: str) -> Any:
    return json.loads(handoff("artifact", *words)[0])


def test_it_goes_through_the_life_of_an_artifact(world: World, repo: Path) -> None:
    before = user_files(repo)
    saved = save(str(world.log()), str(world.log(OTHER)))
    assert saved == {"artifact_id": "fees", "ref": REF, "source_count": 2, "stale": False}
    (row,) = artifact("list")
    assert list(row) == ["artifact_id", "created_at", "payload_format", "ref", "source_count", "stale"]
    assert (row["ref"], row["stale"]) == (REF, False)
    assert artifact("show", "fees")["stale"] is False
    assert artifact("refresh", REF) == {"artifact_id": "fees", "ref": REF, "refreshed": False, "stale": False}
    world.write(said(62, "and the fees"))
    shown = artifact("show", REF)
    assert shown["stale_reasons"] == [
        {"reason": "source_fingerprint_changed", "session_id": SESSION, "source_path": f"~/{log_of(world)}"}
    ]
    refreshed = artifact("refresh", "fees")
    assert refreshed == {
        "artifact_id": "fees",
        "left_out": [],
        "ref": REF,
        "refreshed": True,
        "stale_after": False,
        "stale_before": 1,
    }
    again = artifact("show", "fees")
    assert again["artifact"]["created_at"] == row["created_at"]
    assert again["artifact"]["payload"][1]["user_messages"] == ["fix the login", "and the fees"]
    assert handoff("artifact", "render-md", "fees") == ("", "Wrote HANDOFF.md\n")
    assert (repo / "HANDOFF.md").read_text() == again["artifact"]["derived_markdown"]
    assert handoff("artifact", "render-md", "fees") == ("", "Wrote HANDOFF.md\n")
    (repo / "HANDOFF.md").write_text("Notes of my own")
    assert "HANDOFF.md is there and is no handoff of ours" in failure("artifact", "render-md", "fees")[1]
    assert (repo / "HANDOFF.md").read_text() == "Notes of my own"
    assert handoff("artifact", "render-md", "fees", "--output", "HANDOFF.md") == ("", "Wrote HANDOFF.md\n")
    (repo / "HANDOFF.md").unlink()
    assert user_files(repo) == before
    assert (
        git(repo, "log", "--format=%s|%an <%ae>", REF).splitlines()
        == ["handoff-artifact: fees|opensession <cli@opensession.io>"] * 2
    )
    check(repo)


def log_of(world: World, session: str = SESSION) -> str:
    return str(world.log(session).relative_to(world.home))


def test_it_keeps_the_document_in_the_original_order(world: World, repo: Path) -> None:
    save("--last", "2", "--payload-format", "jsonl")
    document = json.loads(git(repo, "cat-file", "blob", f"{REF}:artifact.json"))
    assert list(document) == [
        "version",
        "artifact_id",
        "created_at",
        "merge_policy",
        "sources",
        "payload_format",
        "payload",
        "derived_markdown",
    ]
    assert (document["version"], document["merge_policy"], document["payload_format"]) == ("1", "time_asc", "jsonl")
    assert document["created_at"].endswith("Z")
    assert [each["session_id"] for each in document["payload"]] == [OTHER, SESSION]
    assert list(document["sources"][0]) == [
        "session_id",
        "tool",
        "model",
        "source_path",
        "source_mtime_ms",
        "source_size",
        "content_sha256",
    ]
    assert document["derived_markdown"].startswith("# Merged Session Handoff")


def test_it_is_stale_by_content_and_not_by_time(world: World, repo: Path) -> None:
    save()
    os.utime(world.log(), (1, 1))
    assert artifact("show", "fees")["stale"] is False


def test_it_is_stale_when_the_log_grew_between_indexing_and_saving(world: World, repo: Path) -> None:
    world.index()
    subjects = handoffs.newest(Newest(1))
    world.write(said(62, "and the fees"))
    artifacts = shelf(repo, world.home)
    artifacts.save(subjects, "fees", "json", timezone.now())
    world.index()
    assert [each.reason for each in artifacts.stale(artifacts.load("fees"))] == ["source_fingerprint_changed"]


def test_it_lists_an_artifact_whose_session_cannot_be_read(world: World, repo: Path) -> None:
    save()
    world.write(said(62, "and the fees"))
    world.index()
    Frame.objects.update(data=b"damaged")
    assert artifact("list")[0]["stale"] is True
    assert artifact("show", "fees")["stale_reasons"][0]["reason"] == "unreadable_source_file"


def test_it_keeps_what_the_agent_deleted(world: World, repo: Path) -> None:
    save()
    world.log().unlink()
    assert artifact("show", "fees")["stale"] is False
    Session.objects.all().delete()
    assert artifact("show", "fees")["stale_reasons"][0]["reason"] == "missing_source_file"


def test_it_says_which_sources_are_left_out_of_a_refreshed_artifact(world: World, repo: Path) -> None:
    save("--last", "2")
    world.log(OTHER).unlink()
    Session.objects.all().delete()
    out, errors = handoff("artifact", "refresh", "fees")
    path = f"~/{log_of(world, OTHER)}"
    assert json.loads(out)["left_out"] == [{"reason": "missing_source_file", "session_id": OTHER, "source_path": path}]
    assert f"Left out: session {OTHER}, whose log {path} has vanished\n" in errors
    kept = artifact("show", "fees")["artifact"]
    assert [each["session_id"] for each in kept["payload"]] == [SESSION]


def test_it_tells_a_log_that_cannot_be_read_from_one_that_vanished(world: World, repo: Path) -> None:
    save("--last", "2")
    world.log(OTHER).unlink()
    world.log(OTHER).mkdir()
    Session.objects.all().delete()
    out, errors = handoff("artifact", "refresh", "fees")
    assert [each["reason"] for each in json.loads(out)["left_out"]] == ["unreadable_source_file"]
    assert f"{log_of(world, OTHER)} cannot be read" in errors


def test_it_leaves_an_artifact_as_it_is_when_all_its_sources_are_gone(world: World, repo: Path) -> None:
    save("--last", "2")
    before = git(repo, "rev-parse", REF)
    world.log().unlink()
    world.log(OTHER).unlink()
    Session.objects.all().delete()
    code, message = failure("artifact", "refresh", "fees")
    assert (code, f"all sources of {REF} are gone ({OTHER}, {SESSION}); it stays as it is" in message) == (1, True)
    assert git(repo, "rev-parse", REF) == before


def test_it_reads_artifacts_of_the_original(world: World, repo: Path) -> None:
    stat = world.log().stat()
    document = {
        "version": "1",
        "artifact_id": "theirs",
        "created_at": "2026-02-21T04:38:11.123456789Z",
        "merge_policy": "time_asc",
        "sources": [
            {
                "session_id": SESSION,
                "tool": "claude-code",
                "model": "m",
                "source_path": str(world.log()),
                "source_mtime_ms": stat.st_mtime_ns // 1_000_000,
                "source_size": stat.st_size,
            }
        ],
        "payload_format": "json",
        "payload": [{"session_id": SESSION}],
        "derived_markdown": "# Theirs\n",
    }
    write_by_git(repo, "theirs", json.dumps(document, indent=2))
    assert artifact("show", "theirs") == {"artifact": document, "stale": False, "stale_reasons": []}
    world.write(said(63, "more"))
    assert artifact("refresh", "theirs")["stale_before"] == 1
    assert artifact("show", "theirs")["artifact"]["created_at"] == document["created_at"]


def write_by_git(repo: Path, name: str, text: str) -> None:
    blob = git(repo, "hash-object", "-w", "--stdin", given=text).strip()
    tree = git(repo, "mktree", given=f"100644 blob {blob}\tartifact.json\n").strip()
    commit = git(repo, "commit-tree", tree, given="handoff-artifact: x").strip()
    git(repo, "update-ref", f"refs/opensession/handoff/artifacts/{name}", commit)


def test_it_lists_what_can_be_read_and_names_the_rest(world: World, repo: Path) -> None:
    save()
    write_by_git(repo, "broken", "{")
    out, errors = handoff("artifact", "list")
    assert [row["artifact_id"] for row in json.loads(out)] == ["fees"]
    assert "Left out: refs/opensession/handoff/artifacts/broken is no handoff artifact" in errors


def test_it_takes_secrets_out_of_what_it_keeps(world: World, repo: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    world.write(said(64, f"use {secret} in {world.home}/shop"))
    _, errors = handoff("save", "--artifact-id", "fees")
    kept = git(repo, "cat-file", "blob", f"{REF}:artifact.json")
    assert secret not in kept
    assert str(world.home) not in kept
    assert "Taken out before saving: " in errors


def test_it_writes_no_home_folder_into_the_path_of_a_log(world: World, repo: Path) -> None:
    dashed = re.sub(r"[/.]", "-", str(world.home))
    log = world.log().parent.with_name(f"{dashed}-shop") / world.log().name
    world.log().parent.rename(log.parent)
    save()
    assert dashed not in git(repo, "cat-file", "blob", f"{REF}:artifact.json")
    assert artifact("show", "fees")["stale"] is False
    Session.objects.all().delete()
    with log.open("a") as file:
        file.write(json.dumps(said(62, "and the fees")) + "\n")
    assert artifact("refresh", "fees")["stale_before"] == 1
    log.unlink()
    Session.objects.all().delete()
    (reason,) = artifact("show", "fees")["stale_reasons"]
    assert (reason["reason"], reason["source_path"]) == (
        "missing_source_file",
        f"~/.claude/projects/~-shop/{log.name}",
    )


def test_it_names_an_artifact_for_the_time(world: World, repo: Path) -> None:
    name = json.loads(handoff("save")[0])["artifact_id"]
    assert len(name) == len("artifact-20260221T043811123")
    assert json.loads(handoff("save", "--artifact-id", " a b/c ")[0])["artifact_id"] == "a-b-c"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("artifact",), 2, "say what to do: `handoff artifact` list|show|refresh|render-md"),
        (("artifact", "show"), 2, "name one artifact"),
        (("artifact", "show", "nothing"), 3, "no handoff artifact refs/opensession/handoff/artifacts/nothing"),
        (("artifact", "show", "refs/heads/main"), 2, "their refs start with"),
        (("artifact", "list", "--output", "x"), 2, "takes no --output"),
        (("save", "--artifact-id", "x.lock"), 2, "git allows no ref of the name"),
        (("save", "--format", "json"), 2, "`handoff save` takes no --format"),
    ],
)
def test_it_says_what_is_wrong(repo: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    found, words = failure(*arguments)
    assert (found, message in words) == (code, True), words


def test_it_needs_a_repository(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, message = failure("save")
    assert (code, "not a git repository" in message) == (1, True)


def test_it_gives_the_same_bytes_for_the_same_sessions(world: World, repo: Path) -> None:
    save()
    first = git(repo, "cat-file", "blob", f"{REF}:artifact.json")
    Session.objects.all().delete()
    world.index(full=True)
    save()
    second = git(repo, "cat-file", "blob", f"{REF}:artifact.json")
    made = json.loads(first)["created_at"]
    assert second.replace(json.loads(second)["created_at"], made) == first


@pytest.mark.django_db(transaction=True)
def test_it_loses_none_of_many_that_are_saved_at_once(world: World, repo: Path, tmp_path: Path) -> None:
    """Eight processes save at once, each its own artifact and all of them the same one."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "opensession.settings"}
    manage = [sys.executable, str(REPOSITORY / "manage.py")]
    subprocess.run([*manage, "migrate", "--verbosity=0"], cwd=repo, env=environment, check=True)
    savers = [
        subprocess.Popen(
            [*manage, "handoff", "save", "--artifact-id", name], cwd=repo, env=environment, stdout=subprocess.DEVNULL
        )
        for number in range(4)
        for name in (f"own-{number}", "shared")
    ]
    assert [saver.wait(timeout=120) for saver in savers] == [0] * 8
    assert len(git(repo, "log", "--format=%s", "refs/opensession/handoff/artifacts/shared").splitlines()) == 4
    assert len(git(repo, "for-each-ref", "refs/opensession/").splitlines()) == 5
    check(repo)
