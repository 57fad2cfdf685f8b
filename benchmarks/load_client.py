"""One client of `make load`: asks for addresses in turn over one connection, and prints milliseconds by kind.

Needs nothing but the standard library, so that it starts at once: `load_client.py PORT SECONDS SEED < addresses`.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import defaultdict
from http.client import HTTPConnection

MOST = 20_000
"""Requests; a fast machine ends with this many."""


def main(port: int, seconds: float, seed: int) -> None:
    asked: dict[str, list[str]] = json.load(sys.stdin)
    chance, kinds = random.Random(seed), list(asked)
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    taken: dict[str, list[float]] = defaultdict(list)
    end = time.monotonic() + seconds
    for number in range(MOST):
        kind = kinds[number % len(kinds)]
        taken[kind].append(_milliseconds(connection, chance.choice(asked[kind])))
        if time.monotonic() > end:
            break
    json.dump(taken, sys.stdout)


def _milliseconds(connection: HTTPConnection, path: str) -> float:
    started = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, (path, answer.status)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
