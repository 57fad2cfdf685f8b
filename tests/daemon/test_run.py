from __future__ import annotations

from pathlib import Path

import pytest

from sessions.daemon.run import RESCAN, RESCAN_SOONEST, Daemon
from sessions.faces import ingest_settings
from sessions.ingest.lock import ingest_lock
from sessions.models import Session
from tests.daemon.watching import LINES, SESSION, Clock, append, write_lines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def daemon(clock: Clock) -> Daemon:
    return Daemon(ingest_settings(), clock)


def records() -> int:
    return Session.objects.get(hail_id=SESSION).records


def change(daemon: Daemon, path: Path) -> None:
    daemon.note(str(path))
    daemon.work()


def test_it_works(home: Path, daemon: Daemon) -> None:
    path = write_lines(home, LINES[:-1])
    daemon.work()
    assert records() == len(LINES) - 1
    append(path, LINES[-1])
    change(daemon, path)
    assert records() == len(LINES)


def test_it_waits_for_the_rest_of_a_half_written_line(home: Path, daemon: Daemon, clock: Clock) -> None:
    path = write_lines(home, LINES[:-1])
    daemon.work()
    append(path, LINES[-1][:40])
    change(daemon, path)
    assert records() == len(LINES) - 1
    clock.now += 1
    append(path, LINES[-1][40:])
    change(daemon, path)
    assert records() == len(LINES)


def test_it_finds_a_new_log_at_once(home: Path, daemon: Daemon, clock: Clock) -> None:
    daemon.work()
    clock.now += 10
    path = write_lines(home, LINES)
    change(daemon, path)
    daemon.work()
    assert records() == len(LINES)


def test_it_finds_by_rescan_what_no_event_told(home: Path, daemon: Daemon, clock: Clock) -> None:
    path = write_lines(home, LINES[:-1])
    daemon.work()
    append(path, LINES[-1])
    clock.now += RESCAN - 1
    daemon.work()
    assert records() == len(LINES) - 1
    clock.now += 1
    daemon.work()
    assert records() == len(LINES)


def test_it_reads_a_replaced_log_anew(home: Path, daemon: Daemon) -> None:
    path = write_lines(home, LINES)
    daemon.work()
    draft = path.with_suffix(".tmp")
    draft.write_bytes(b"".join(LINES[:8]))
    draft.rename(path)
    change(daemon, path)
    assert records() == 8


def test_it_keeps_a_session_whose_log_was_removed(home: Path, daemon: Daemon, clock: Clock) -> None:
    path = write_lines(home, LINES)
    daemon.work()
    path.unlink()
    change(daemon, path)
    clock.now += RESCAN_SOONEST
    daemon.work()
    assert Session.objects.get(hail_id=SESSION).source_missing
    write_lines(home, LINES)
    clock.now += RESCAN_SOONEST
    change(daemon, path)
    daemon.work()
    assert not Session.objects.get(hail_id=SESSION).source_missing


def test_it_rescans_at_most_once_a_second_however_much_comes_and_goes(home: Path, daemon: Daemon, clock: Clock) -> None:
    daemon.work()
    path = write_lines(home, LINES)
    clock.now += RESCAN_SOONEST / 2
    change(daemon, path)
    daemon.note(None)
    daemon.work()
    assert not Session.objects.exists()
    clock.now += RESCAN_SOONEST / 2
    daemon.work()
    assert records() == len(LINES)


def test_it_tries_again_when_another_program_was_indexing(
    home: Path, data_dir: Path, daemon: Daemon, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    write_lines(home, LINES)
    with ingest_lock(data_dir, wait=0.0):
        for _ in range(3):
            daemon.work()
            clock.now += 2
    assert caplog.text.count("another process is indexing") == 1
    daemon.work()
    assert records() == len(LINES)


def test_it_waits_longer_and_longer_after_failures_in_a_row(
    home: Path, data_dir: Path, daemon: Daemon, clock: Clock
) -> None:
    write_lines(home, LINES)
    (data_dir / "ingest.lock").mkdir(parents=True)
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        daemon.work()
        clock.now += pause
    (data_dir / "ingest.lock").rmdir()
    clock.now -= 1
    daemon.work()
    assert not Session.objects.exists()
    clock.now += 1
    daemon.work()
    assert records() == len(LINES)


def test_it_survives_a_slip_in_our_own_code_and_tells_the_place_but_no_content(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    broken = ingest_settings()._replace(data_dir="secret words")  # type: ignore[arg-type]
    Daemon(broken, clock).work()
    assert "AttributeError at" in caplog.text
    assert "lock.py:" in caplog.text
    assert "secret words" not in caplog.text


def test_it_goes_on_past_a_bad_log_and_names_it_once(
    home: Path, daemon: Daemon, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    bad = home / ".codex/sessions/rollout-1.jsonl.zst"
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"this is not compressed")
    write_lines(home, LINES)
    for _ in range(3):
        daemon.work()
        clock.now += RESCAN
    assert caplog.text.count(str(bad)) == 1
    assert records() == len(LINES)


def test_it_stops_after_the_batch_that_is_being_stored(
    home: Path, daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    write_lines(home, LINES)
    daemon.stop()
    daemon.work()
    assert records() == len(LINES)
    assert [record.message for record in caplog.records] == ["Stopping after the current batch"]
    daemon.wait()
    daemon.run()
