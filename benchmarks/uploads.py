"""What an upload costs, against storing the same session as `index` stores it; and how much of a large one is held."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.process import ROOT, environment, manage, run
from benchmarks.table import Row, ratio

ROUNDS = 15
MOST_HELD = 300 << 20

_WORLD = """
import json, os, random, resource, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "opensession.settings"
import django
django.setup()
from django.test import Client
from accounts import keys
from accounts.models import ApiKey, User
from opensession.hail import actions, jsonl, times
from opensession.hail.model import Agent, Context, Event, Header, Session, text
WORDS = "the cart sums up what was bought but import from return None path/to/file.py test fails with code".split()
KINDS = (actions.UserMessage(), actions.AgentMessage(), actions.ShellCommand(command="make test", exit_code=0))
chance = random.Random(1)
def event(number):
    words = " ".join(chance.choices(WORDS, k=chance.choice((20, 60, 200))))
    moment = times.from_ms(1_770_000_000_000 + number * 1_000)
    return Event(event_id=f"e{number}", timestamp=moment, action=KINDS[number % 3], content=text(words))
def session(name, size):
    events, length = [], 0
    while length < size:
        events.append(event(len(events)))
        length += len(jsonl.event_line(events[-1]))
    context = Context(created_at=events[0].timestamp, updated_at=events[-1].timestamp)
    agent = Agent(provider="bench", model="bench-1", tool="claude-code")
    return Session(header=Header(session_id=name, agent=agent, context=context), events=tuple(events))
def body(one):
    return b'{"session": ' + jsonl.to_json(one) + b"}"
client = Client(SERVER_NAME="localhost")
secret = keys.new_key()
owner = User.objects.get_or_create(nickname="bench")[0]
ApiKey.objects.create(user=owner, key_sha256=keys.digest(secret), prefix=secret[:12])
def upload(data):
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post("/api/sessions", data, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
"""
_COST = """
from parsers.base import MAIN
from sessions.ingest.accumulator import Accumulator
from sessions.ingest.work import Increment, Stat
from sessions.ingest.writer import Step, Writer
from sessions.models import source_uuid
def index(data):
    one = jsonl.from_json(data[len(b'{"session": '):-1])
    taken = Accumulator()
    for each in one.events:
        taken.out.emit(each)
        taken.drain_if_full()
    made, path = taken.take(one.header), one.header.session_id
    step = Increment(0, Stat(0, 0, 0), MAIN, 0, 0, 1, b"", b"", made, [], 0, True, True)
    Writer().store([Step("claude-code", path, source_uuid(path), 1, True, step)])
def spent(work, data):
    started = time.perf_counter()
    work(data)
    return time.perf_counter() - started
# Machines drift, so the two take turns, and the best of each counts.
turns = []
for number in range(int(sys.argv[1])):
    turns.append([spent(work, body(session(f"{work.__name__}-{number}", 1 << 20))) for work in (upload, index)])
print(json.dumps([min(times) for times in zip(*turns)]))
"""
_HELD = """
from io import BytesIO
from sessions.publishing.collect import Collector
from sessions.publishing.request import read
file, spool = open(sys.argv[1], "rb"), open(sys.argv[1] + ".body", "w+b")
read(file, spool)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_WRITE = """
with open(sys.argv[1], "wb") as file:
    head, _, tail = body(session("large", 1)).partition(b'"events":[')
    file.write(head + b'"events":[')
    number = 0
    while file.tell() < int(sys.argv[2]):
        line = jsonl.event_line(event(number)).rstrip().replace(b'"type":"event",', b"", 1)
        file.write(b"," + line if number else line)
        number += 1
    file.write(b"]" + tail[tail.index(b',"stats"'):])
"""


def cost(work: Path, megabytes: int) -> Iterator[Row]:
    env = environment(work / "upload-home", work / "uploads") | {"PYTHONPATH": str(ROOT)}
    manage("migrate", "--verbosity", "0", env=env)
    upload, index = json.loads(run([sys.executable, "-c", _WORLD + _COST, str(ROUNDS)], env).output)
    times = f"{upload * 1000:.0f} ms over {index * 1000:.0f} ms"
    yield ratio("upload of 1 MiB, against storing the same session by `index`", upload / index, 2, times)
    large = work / "large.json"
    run([sys.executable, "-c", _WORLD + _WRITE, str(large), str(megabytes << 20)], env)
    held = int(run([sys.executable, "-c", _WORLD + _HELD, str(large)], env).output) << 10
    work_name = f"upload of {large.stat().st_size >> 20} MiB: peak memory of the process (RSS)"
    yield Row(work_name, f"{held >> 20} MiB", f"≤ {MOST_HELD >> 20} MiB", held <= MOST_HELD)
