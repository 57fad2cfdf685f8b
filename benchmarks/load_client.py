"""One client of `make load`: asks for addresses in turn, and uploads a session now and then.

Needs nothing but the standard library, so that it starts at once: `load_client.py PORT SECONDS SEED < what-to-ask-for`.
Prints milliseconds by kind, and what went wrong.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import defaultdict
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

MOST = 200_000
"""Requests; a fast machine ends with this many."""
READS_PER_UPLOAD = 30
"""Of each kind."""


class Client:
    def __init__(self, port: int, chance: random.Random, told: dict[str, Any]) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._chance, self._reads = chance, told["reads"]
        self._key, self._session = told["key"], Path(told["session"]).read_bytes()
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    def turn(self) -> None:
        """Ask for each kind once, and upload by chance. Each turn has a connection of its own, to whichever worker."""
        self._connection.close()
        self._connection.connect()
        for kind, paths in self._reads.items():
            self._ask(kind, 200, "GET", self._chance.choice(paths))
        if self._chance.random() < 1 / READS_PER_UPLOAD:
            body = self._session.replace(b"SESSION-ID", b"%032x" % self._chance.getrandbits(128))
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            self._ask("upload", 201, "POST", "/api/sessions", body, headers)

    def _ask(self, kind: str, expected: int, *request: Any) -> None:
        started = time.perf_counter()
        try:
            self._connection.request(*request)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            self.errors.append(f"{kind}: {error!r}")
            self._connection.close()
            return
        self.taken[kind].append((time.perf_counter() - started) * 1000)
        if answer.status != expected:
            self.errors.append(f"{kind}: {answer.status} {content[:200].decode(errors='replace')}")


def main(port: int, seconds: float, seed: int) -> None:
    client = Client(port, random.Random(seed), json.load(sys.stdin))
    end = time.monotonic() + seconds
    while time.monotonic() < end and sum(map(len, client.taken.values())) < MOST:
        client.turn()
    json.dump({"taken": client.taken, "errors": client.errors}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
