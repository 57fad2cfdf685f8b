"""The JSON Schema of a handoff (version 2 and our additions), made from the values themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from handoff.model import Summary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "OpenSession handoff, version 2"
ADDED = {
    "Change": ("lines_added", "lines_removed"),
    "CheckRun": ("kind", "link"),
    "Evidence": ("link",),
    "Summary": ("claim_evidence", "plan"),
}
"""The keys that version 2 did not have. They are left out where there is nothing to say."""


def schema() -> dict[str, Any]:
    """Return the schema of the array that `--format json` prints."""
    (items,), parts = msgspec.json.schema_components([Summary], ref_template="#/$defs/{name}")
    for name, keys in ADDED.items():
        for key in keys:
            parts[name]["properties"][key]["$comment"] = "An addition to version 2."
    return {
        "$schema": DIALECT,
        "title": TITLE,
        "description": "One object per session, as `handoff --format json` prints them.",
        "type": "array",
        "items": items,
        "$defs": dict(sorted(parts.items())),
    }


def schema_text() -> str:
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"
