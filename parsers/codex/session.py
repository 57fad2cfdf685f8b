"""What a rollout tells about its session: ids, place, model, and whether it is a subagent's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from opensession.hail import times
from opensession.hail.model import Agent, Context, Header
from parsers.codex.line import micros
from parsers.codex.records import Payload, Record, trimmed
from parsers.codex.state import State
from parsers.titles import native_title

TOOL = "codex"
UUID_LENGTH = 36

SUBAGENT_ROLES = frozenset({"awaiter", "explorer", "subagent", "worker"})

PROVIDERS: Mapping[str, str] = {"claude": "anthropic", "gemini": "google"}
"""Words in a model's name that tell its maker; every other one is taken for OpenAI's."""

BRANCH_KEYS = ("branch", "git_branch", "current_branch", "ref", "head")
REPO_KEYS = ("repo_name", "repository", "repo", "name")
REMOTE_KEYS = ("repository_url", "remote", "repo_url", "origin", "url")


def learn_meta(state: State, record: Record, at: str) -> None:
    """Take the facts of a `session_meta`. The first one is the file's own, others are copied from a parent."""
    told = record.whole()
    if state.is_desktop:
        if trimmed(told.get("id")) != state.id and not state.made:
            state.is_replaying = True
        return
    state.is_desktop = True
    state.began = micros(at)
    state.id = trimmed(told.get("id")) or state.id
    state.stamp = times.normal(trimmed(told.get("timestamp"))) or state.stamp
    state.git = _storable(told.get("git"))
    state.cwd = trimmed(told.get("cwd")) or None
    state.version = trimmed(told.get("cli_version")) or None
    state.originator = trimmed(told.get("originator")) or None
    state.provider = _provider(told.get("model_provider"))
    state.model = trimmed(told.get("model")) or None
    state.forked_from = trimmed(told.get("forked_from_id")) or None
    state.is_replaying = state.forked_from is not None
    _learn_parent(state, told)


def learn_legacy(state: State, record: Record) -> bool:
    """Take the facts of a header without `type`, as the first line was in early 2025; False if it holds none."""
    told = record.line()
    session, stamp = trimmed(told.get("id")), times.normal(trimmed(told.get("timestamp")))
    state.id = state.id or session or None
    state.stamp = state.stamp or stamp
    state.git = _storable(told["git"]) if "git" in told else state.git
    return bool(session or stamp)


def _storable(git: Any) -> Any:
    """Return the value unless the state, which holds it as it came, could not be stored with it."""
    try:
        msgspec.msgpack.encode(git)
    except OverflowError:
        return None
    return git


def learn_turn(state: State, payload: Payload) -> None:
    """Take the model: the one of the last turn is the session's."""
    state.model = trimmed(payload.model) or state.model


def _learn_parent(state: State, told: dict[str, Any]) -> None:
    source = told.get("source")
    source = source if isinstance(source, dict) else {}
    subagent = source.get("subagent")
    spawn = subagent.get("thread_spawn") if isinstance(subagent, dict) else None
    role = trimmed(told.get("agent_role")).lower()
    state.is_auxiliary = subagent is not None or role in SUBAGENT_ROLES
    candidates: tuple[Any, ...] = (spawn, subagent, source, told)
    parents = (trimmed(holder.get("parent_thread_id")) for holder in candidates if isinstance(holder, dict))
    state.parent = next(filter(None, parents), None)


def _provider(name: Any) -> str | None:
    provider = trimmed(name).lower()
    return provider if provider != "auto" else None


def header(state: State, path: Path, mtime: str) -> Header:
    """Return what is known so far; `mtime` stands in for times that the log does not tell."""
    model = state.model or "unknown"
    moment = state.stamp or mtime
    return Header(
        session_id=state.id or id_of(path),
        agent=Agent(
            provider=state.provider or _maker(model),
            model=model,
            tool=TOOL,
            tool_version=state.version,
        ),
        context=Context(
            title=native_title(state.thread_name or "") or state.prompt or state.fallback_prompt or state.parent_prompt,
            tags=(TOOL,),
            created_at=state.created or moment,
            updated_at=state.updated or moment,
            related_session_ids=(state.parent,) if state.parent and state.is_auxiliary else (),
            attributes=_attributes(state, path),
        ),
    )


def id_of(path: Path) -> str:
    """Return the session id in a file name, or the whole name when it is no rollout's."""
    stem = path.name.removesuffix(".zst").removesuffix(".jsonl")
    ending = stem[-UUID_LENGTH:]
    return ending if stem.startswith("rollout-") and ending.count("-") == 4 and len(ending) == UUID_LENGTH else stem


def _maker(model: str) -> str:
    lowered = model.lower()
    return next((maker for word, maker in PROVIDERS.items() if word in lowered), "openai")


def _attributes(state: State, path: Path) -> dict[str, Any]:
    known: dict[str, Any] = {
        "source_path": str(path),
        "cwd": state.cwd,
        "git": state.git,
        "git_branch": _found(state.git, BRANCH_KEYS),
        "git_repo_name": _found(state.git, REPO_KEYS) or _name_of(_found(state.git, REMOTE_KEYS)),
        "originator": state.originator,
        "session_role": "auxiliary" if state.is_auxiliary else None,
        "parent_session_id": state.parent if state.is_auxiliary else None,
        "forked_from": state.forked_from,
    }
    return {name: value for name, value in known.items() if value}


def _found(value: Any, keys: tuple[str, ...]) -> str | None:
    """Return the first text under one of the keys, at this level or else nested, depth first in key order."""
    if not isinstance(value, dict):
        return None
    texts = (value[key].strip() for key in keys if isinstance(value.get(key), str))
    return next(filter(None, (*texts, *_nested(value, keys))), None)


def _nested(value: dict[str, Any], keys: tuple[str, ...]) -> Iterator[str | None]:
    return (_found(value[key], keys) for key in sorted(value))


def _name_of(remote: str | None) -> str | None:
    """Return the repository's name in the address of a remote."""
    if not remote:
        return None
    return remote.rstrip("/").replace(":", "/").rsplit("/", 1)[-1].removesuffix(".git") or None
