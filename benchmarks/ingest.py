"""The full index, the second pass, one large session, and the bytes on disk."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import homes
from benchmarks.process import Ran, best, environment, manage, run
from benchmarks.table import Row, ratio

_FLOOR = """
import os, sys, msgspec
decode = msgspec.json.Decoder().decode
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as log:
            for line in log:
                try:
                    decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    pass
"""
_SCAN = """
import os, sys, django
from django.conf import settings
settings.configure()
django.setup()
def scan(folder):
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                scan(entry.path)
            else:
                entry.stat()
scan(sys.argv[1])
"""


def full_index(work: Path, copies: int) -> Iterator[Row]:
    """Index a home of real logs from nothing, several times, each time beside its floor: machines drift."""
    home, data = work / "home", work / "data"
    kind = homes.corpus(home, copies)
    env = environment(home, data)
    size = _size(home)
    floor = [sys.executable, "-c", _FLOOR, str(home)]
    best(1, floor, env)
    pairs = sorted(
        ((_indexed(env, data).seconds, best(1, floor, env)) for _ in range(5)), key=lambda pair: pair[0] / pair[1]
    )
    seconds, least = pairs[len(pairs) // 2]
    detail = f"median of {len(pairs)}; {size / 1e6:.0f} MB of {kind}, {seconds:.1f} s over a floor of {least:.1f} s"
    yield ratio("full index, against decoding every line once on one core", seconds / least, 7, detail)
    yield _memory("full index: peak memory of all processes (PSS)", _indexed(env, data, memory=True).peak_pss)
    share = _size(data) / size
    yield Row("bytes on disk: bodies, index and search", f"{share:.3f} of the source", "≤ 0.25", share <= 0.25)


def second_pass(work: Path, files: int) -> Iterator[Row]:
    """Look at many unchanged files."""
    home, data = work / "small", work / "small-data"
    homes.many_small(home, files)
    env = environment(home, data)
    manage("migrate", "--verbosity", "0", env=env)
    manage("index", env=env)
    report = json.loads(manage("index", "--json", env=env).output)
    floor = best(5, [sys.executable, "-c", _SCAN, str(home)], env)
    taken = min(manage("index", env=env).seconds for _ in range(5))
    detail = f"{taken * 1000:.0f} ms, {report['files_opened']} files opened, {report['bytes_read']} bytes read"
    yield ratio(f"second pass over {files:,} unchanged files, against scandir + stat", taken / floor, 1.5, detail)


def large_session(work: Path, megabytes: int) -> Iterator[Row]:
    """Index one session as large as a disk image."""
    home, data = work / "large", work / "large-data"
    path = homes.session(home, 1, messages=megabytes * 260)
    env = environment(home, data)
    manage("migrate", "--verbosity", "0", env=env)
    ran = manage("index", env=env, memory=True)
    name = f"one session of {path.stat().st_size / 1e6:,.0f} MB: peak memory of all processes (PSS)"
    yield _memory(name, ran.peak_pss)
    shutil.rmtree(home)
    shutil.rmtree(data)


def _indexed(env: dict[str, str], data: Path, memory: bool = False) -> Ran:
    shutil.rmtree(data, ignore_errors=True)
    manage("migrate", "--verbosity", "0", env=env)
    run(["sync"], env)
    return manage("index", env=env, memory=memory)


def _memory(work: str, peak: int) -> Row:
    return Row(work, f"{peak / 2**20:.0f} MiB", "≤ 350 MiB", peak <= 350 * 2**20)


def _size(folder: Path) -> int:
    return sum(os.stat(os.path.join(at, name)).st_size for at, _, names in os.walk(folder) for name in names)
