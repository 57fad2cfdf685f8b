"""`make chaos`: kill the indexer at random moments and see that nothing is lost.

An undisturbed run over a home of logs is compared with one whose `index` is killed with SIGKILL again and again:
after every kill `fsck` must find nothing lost, and in the end the rows and the bodies must be the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import homes
from benchmarks.process import ROOT, environment, manage, run

_DIGEST = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "opensession.settings"
sys.argv = ["manage.py", "index"]
import django, hashlib, json
django.setup()
from sessions import bodies
from sessions.models import Frame, SearchBlock, Session, Strand
left_out = {"indexed_at"}
rows = {}
for session in Session.objects.order_by("pk"):
    columns = [f.attname for f in Session._meta.concrete_fields if f.attname not in left_out]
    strands = Strand.objects.filter(session=session).order_by("key", "source__path")
    frames = Frame.objects.filter(strand__in=strands).order_by("strand_id", "n")
    facts = [
        [str(getattr(session, name)) for name in columns],
        [str(row) for row in strands.values_list("key", "generation", "consumed", "events", "tally", "state")],
        [str(row) for row in frames.values_list("n", "first", "count", "offset", "length", "ids", "kinds")],
        hashlib.sha256(b"".join(bodies.raw(session))).hexdigest(),
        SearchBlock.objects.filter(strand__in=strands).count(),
    ]
    rows[str(session.pk)] = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
print(json.dumps(rows))
"""


def main() -> int:
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    work = Path(tempfile.mkdtemp(prefix="opensession-chaos-"))
    try:
        return _run(work, options.kills, options.copies, random.Random(options.seed))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--copies", type=int, default=4, help="copies of the corpus in the home directory")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _run(work: Path, kills: int, copies: int, chance: random.Random) -> int:
    home = work / "home"
    homes.corpus(home, copies)
    calm, struck = environment(home, work / "calm"), environment(home, work / "struck")
    manage("migrate", "--verbosity", "0", env=calm)
    alone = manage("index", env=calm).seconds
    manage("migrate", "--verbosity", "0", env=struck)
    done = 0
    for number in range(kills):
        if done:
            shutil.rmtree(work / "struck")
            manage("migrate", "--verbosity", "0", env=struck)
        done = _strike(struck, chance.uniform(0.2, alone * 1.05))
        found = _checked(struck)
        lost = [finding for finding in found["findings"] if finding["lost"]]
        if lost:
            print(f"kill {number + 1}: LOST {lost}")
            return 1
        print(f"kill {number + 1} of {kills}: {found['sessions']} sessions stored, nothing lost", file=sys.stderr)
    manage("index", env=struck)
    same = _digest(calm) == _digest(struck)
    print(f"{kills} kills: nothing lost; rows and bodies are {'the same' if same else 'NOT the same'} as undisturbed.")
    return 0 if same else 1


def _checked(env: dict[str, str]) -> dict[str, Any]:
    """Return what `fsck` found. It fails when something is lost, and has printed what."""
    try:
        output = manage("fsck", "--json", env=env).output
    except subprocess.CalledProcessError as error:
        output = error.output
    found: dict[str, Any] = json.loads(output)
    return found


def _strike(env: dict[str, str], after: float) -> bool:
    """Start the indexer and kill it and its processes after some seconds. Tell whether it was done before that."""
    command = [sys.executable, str(ROOT / "manage.py"), "index"]
    process = subprocess.Popen(
        command, env=env, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + after
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    was_done = process.poll() is not None
    if not was_done:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return was_done


def _digest(env: dict[str, str]) -> str:
    output = run([sys.executable, "-c", _DIGEST], env | {"PYTHONPATH": str(ROOT)}).output
    return hashlib.sha256(output.encode()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
