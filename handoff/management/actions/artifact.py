"""`handoff artifact list|show|refresh|render-md`: the artifacts of the repository that one stands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand
from django.utils import timezone

from handoff.errors import HandoffError, NoData, Usage
from handoff.management.actions import inputs
from handoff.management.actions.files import write_file
from handoff.markup import printable
from handoff.populate import TARGET
from handoff.render import HEADINGS
from sessions.artifacts import MISSING, Kept, Shelf, Stale, shelf
from sessions.terminal import inert

Verb = Callable[[BaseCommand, Shelf, list[str], dict[str, Any]], None]


def run(command: BaseCommand, words: list[str], options: dict[str, Any]) -> None:
    verb = _VERBS.get(words[0] if words else "")
    if verb is None:
        raise Usage(f"say what to do: `handoff artifact` {'|'.join(_VERBS)}")
    if options["output"] and verb is not _render:
        raise Usage(f"`handoff artifact {words[0]}` takes no --output; it prints to stdout")
    verb(command, shelf(Path.cwd(), Path.home()), words[1:], options)


def told(document: Any) -> str:
    """Return pretty JSON for stdout, its keys in alphabetical order."""
    return inert(msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2)).decode()


def _list(command: BaseCommand, artifacts: Shelf, words: list[str], options: dict[str, Any]) -> None:
    if words:
        raise Usage("`handoff artifact list` takes no name; `handoff artifact show` does")
    inputs.freshen(command.stderr)
    rows = []
    for ref in artifacts.refs():
        try:
            rows.append(_row(artifacts, artifacts.load(ref)))
        except HandoffError as error:
            command.stderr.write(f"Left out: {error}")
    command.stdout.write(told(rows))


def _row(artifacts: Shelf, kept: Kept) -> dict[str, Any]:
    return {
        "artifact_id": kept.artifact.artifact_id,
        "created_at": kept.artifact.created_at,
        "payload_format": kept.artifact.payload_format,
        "ref": kept.ref,
        "source_count": len(kept.artifact.sources),
        "stale": bool(artifacts.stale(kept)),
    }


def _show(command: BaseCommand, artifacts: Shelf, words: list[str], options: dict[str, Any]) -> None:
    kept = artifacts.load(_only(words))
    inputs.freshen(command.stderr)
    reasons = [_reason(each) for each in artifacts.stale(kept)]
    # The artifact has an order of its own, so it stands as it was kept.
    command.stdout.write(told({"artifact": msgspec.Raw(kept.data), "stale": bool(reasons), "stale_reasons": reasons}))


def _reason(stale: Stale) -> dict[str, str]:
    source = stale.source
    return {"reason": stale.reason, "session_id": source.session_id, "source_path": source.source_path}


def _refresh(command: BaseCommand, artifacts: Shelf, words: list[str], options: dict[str, Any]) -> None:
    kept = artifacts.load(_only(words))
    inputs.freshen(command.stderr)
    before = artifacts.stale(kept)
    answer: dict[str, Any] = {"artifact_id": kept.artifact.artifact_id, "ref": kept.ref, "refreshed": bool(before)}
    if before:
        renewed = artifacts.refresh(kept, timezone.now())
        _name_gone(command, renewed.gone)
        answer |= {"stale_before": len(before), "stale_after": bool(artifacts.stale(renewed.kept))}
        answer["left_out"] = [_reason(each) for each in renewed.gone]
    else:
        answer["stale"] = False
    command.stdout.write(told(answer))


def _name_gone(command: BaseCommand, gone: Sequence[Stale]) -> None:
    for each in gone:
        how = "has vanished" if each.reason == MISSING else "cannot be read"
        source = each.source
        command.stderr.write(printable(f"Left out: session {source.session_id}, whose log {source.source_path} {how}"))


def _render(command: BaseCommand, artifacts: Shelf, words: list[str], options: dict[str, Any]) -> None:
    kept = artifacts.load(_only(words))
    if kept.artifact.derived_markdown is None:
        raise NoData(f"{kept.ref} holds no Markdown; `handoff artifact refresh` makes it anew")
    target = options["output"] or _unasked()
    write_file(target, kept.artifact.derived_markdown)
    command.stderr.write(f"Wrote {target}")


def _unasked() -> Path:
    """Return the file that is written where none is named. Raises Usage if it is somebody's own."""
    target = Path(TARGET)
    if target.is_file() and not target.read_text(encoding="utf-8", errors="replace").startswith(HEADINGS):
        raise Usage(f"{target} is there and is no handoff of ours; `--output {target}` replaces it all the same")
    return target


def _only(words: list[str]) -> str:
    if len(words) != 1:
        raise Usage("name one artifact, by id or ref; `handoff artifact list` shows them")
    return words[0]


_VERBS: Mapping[str, Verb] = {"list": _list, "show": _show, "refresh": _refresh, "render-md": _render}
