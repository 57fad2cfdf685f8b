from __future__ import annotations

from sessions.daemon.debounce import Debounce


def test_it_works() -> None:
    debounce = Debounce(0.5)
    debounce.note("a", 10.0)
    assert debounce.take(10.0) == ["a"]
    assert debounce.take(99.0) == []


def test_it_visits_a_growing_path_at_most_once_per_interval() -> None:
    debounce = Debounce(0.5)
    debounce.note("a", 10.0)
    debounce.take(10.0)
    debounce.note("a", 10.1)
    assert debounce.take(10.4) == []
    assert debounce.next_due() == 10.5
    assert debounce.take(10.5) == ["a"]


def test_it_visits_a_path_once_more_after_its_last_change() -> None:
    debounce = Debounce(0.5)
    for now in (10.0, 10.1, 10.2):
        debounce.note("a", now)
        debounce.take(now)
    assert debounce.take(10.5) == ["a"]
    assert debounce.next_due() is None


def test_it_never_starves_a_path_that_changes_all_the_time() -> None:
    debounce = Debounce(0.5)
    visits = 0
    for tick in range(1000):
        debounce.note("a", tick / 100)
        visits += len(debounce.take(tick / 100))
    assert visits == 20


def test_it_lets_a_path_rest_that_was_quiet_for_less_than_the_interval() -> None:
    debounce = Debounce(0.5)
    debounce.note("a", 10.0)
    debounce.take(10.0)
    debounce.take(10.3)
    debounce.note("a", 10.4)
    assert debounce.take(10.4) == []


def test_it_is_at_once_again_after_a_rest() -> None:
    debounce = Debounce(0.5)
    debounce.note("a", 10.0)
    debounce.take(10.0)
    debounce.note("a", 10.6)
    assert debounce.take(10.6) == ["a"]


def test_it_keeps_paths_apart_and_gives_the_longest_waiting_first() -> None:
    debounce = Debounce(0.5)
    debounce.note("b", 10.0)
    debounce.note("a", 10.1)
    debounce.note("b", 10.2)
    assert debounce.take(10.3) == ["b", "a"]


def test_it_forgets_paths_that_rested() -> None:
    debounce = Debounce(0.5)
    for number in range(100):
        debounce.note(f"{number}", float(number))
        debounce.take(float(number))
    assert len(debounce._rests) == 1
