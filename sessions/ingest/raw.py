"""Make runs of a source's own bytes ready to be kept. Knows no Django."""

from __future__ import annotations

import hashlib

from zstandard import ZstdCompressor

from sessions.ingest.work import RawRun

_pack = ZstdCompressor(level=3).compress


def raw_run(offset: int, data: bytes) -> RawRun:
    return RawRun(offset, len(data), hashlib.sha256(data).hexdigest(), _pack(data))
