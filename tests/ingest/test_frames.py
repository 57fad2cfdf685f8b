from __future__ import annotations

import subprocess
import sys

from tests.base import REPOSITORY

# In a process of its own, as it would take the tests with it.
PACKING = """
import zlib
from concurrent.futures import ThreadPoolExecutor
from sessions.ingest.frames import OpenFrame, lines
from tests.factories import user

def pack(thread):
    for number in range(60):
        frame = OpenFrame()
        for one in events:
            frame.add(one, 0)
        assert len(lines(frame.packed().data)) == len(events)

events = [user(f"word{number} " * 200) for number in range(100)]
with ThreadPoolExecutor(16) as threads:
    list(threads.map(pack, range(16)))
"""


def test_it_packs_in_many_threads_at_once() -> None:
    code = f"import django; django.setup()\n{PACKING}"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
