"""Watch the agents' folders. An event only says "look at this path"; what changed is told by `stat` later."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from parsers import discover
from parsers.extra import ToolPlace

logger = logging.getLogger(__name__)

Changes = SimpleQueue[str | None]
"""Paths of logs that changed. None: folders came or went, or an end is wanted, so look around."""

_FOLDER_EVENTS: list[type[FileSystemEvent]] = [DirCreatedEvent, DirDeletedEvent, DirMovedEvent]
# Opening and closing are left out: reading a log would otherwise be news about it.
_ALL_EVENTS = [*_FOLDER_EVENTS, FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent]


class Watch(NamedTuple):
    """A folder to watch for the logs below `root`: the root itself, or the nearest folder above it that exists.

    `folder` is free of links, as the root itself may be one; `name` is the same folder as the root spells it. Device
    and inode tell a folder from one that was made anew in its place. `is_log` tells that the root is a log itself.
    """

    root: str
    name: str
    folder: str
    device: int
    inode: int
    is_log: bool

    @property
    def is_root(self) -> bool:
        return self.name == self.root


class Watcher:
    """Puts into `changes` what happens in the folders of all agents, also in those that do not exist yet."""

    def __init__(self, home: Path, env: Mapping[str, str], changes: Changes, places: Sequence[ToolPlace] = ()) -> None:
        self._home, self._env, self._changes, self._places = home, env, changes, places
        self._observer: BaseObserver | None = None
        self._watched: list[Watch] = []
        # Folders that appear nested are registered twice; each warning about it lists every watch there is.
        warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)

    def refresh(self) -> None:
        """Watch the folders that exist by now. Costs a few `stat`s when that is what is watched already."""
        # A folder may appear while the watch on the one above it starts, so this looks again until nothing is new.
        while (wanted := list(self._wanted())) != self._watched or not self._is_alive():
            self.stop()
            self._watched = wanted
            self._start()

    def stop(self) -> None:
        if self._observer:
            self._observer.stop()
            self._observer.join()
        self._observer = None

    def _wanted(self) -> Iterator[Watch]:
        for root in discover.watched(self._home, self._env, self._places):
            yield _nearest(root)

    def _owner(self, path: str) -> discover.Owner | None:
        return discover.tool_of(path, self._home, self._env, self._places)

    def _is_alive(self) -> bool:
        """Tell whether no watch has ended. One does when its folder is removed, even if it is made again at once."""
        return self._observer is None or all(emitter.should_keep_running() for emitter in self._observer.emitters)

    def _start(self) -> None:
        """Start all watches. A folder that cannot be watched is left to the rescans."""
        try:
            observer = Observer()
        except OSError as error:
            logger.warning("Cannot watch for changes (%s); rescans will find them", error.strerror)
            return
        observer.start()
        self._observer = observer
        for watch in self._watched:
            try:
                observer.schedule(
                    _Handler(watch, self._owner, self._changes),
                    watch.folder,
                    recursive=watch.is_root,
                    event_filter=_ALL_EVENTS if watch.is_root or watch.is_log else _FOLDER_EVENTS,
                )
            except OSError as error:
                logger.warning("Cannot watch %s (%s); rescans will find what changes", watch.name, error.strerror)


class _Handler(FileSystemEventHandler):
    """Runs in the observer's thread and only fills the queue."""

    def __init__(self, watch: Watch, owner: Callable[[str], discover.Owner | None], changes: Changes) -> None:
        self._watch, self._owner, self._changes = watch, owner, changes

    def on_any_event(self, event: FileSystemEvent) -> None:
        # A file that is replaced as a whole arrives as moved: its name is the destination.
        for path in (event.src_path, event.dest_path):
            if path:
                self._note(self._named(os.fsdecode(path)), event.is_directory)

    def _named(self, path: str) -> str:
        return self._watch.name + path.removeprefix(self._watch.folder)

    def _note(self, path: str, is_folder: bool) -> None:
        if is_folder:
            if _is_within(path, self._watch.root) or _is_within(self._watch.root, path):
                self._changes.put(None)
        elif found := self._owner(path):
            self._changes.put(found.log)


def _nearest(root: Path) -> Watch:
    for folder in (root, *root.parents):
        try:
            stat = os.stat(os.path.join(folder, ""))  # The slash asks for a folder: a file in its place is none.
        except OSError:
            continue
        return Watch(str(root), str(folder), os.path.realpath(folder), stat.st_dev, stat.st_ino, os.path.isfile(root))
    raise FileNotFoundError(root)


def _is_within(path: str, folder: str) -> bool:
    return f"{path}{os.sep}".startswith(f"{folder.rstrip(os.sep)}{os.sep}")
