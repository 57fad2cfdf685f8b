from __future__ import annotations

import gc
import os
import signal
import threading
from types import FrameType

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from sessions.live import watcher

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opensession.settings")

application = get_wsgi_application()
# With the addresses all views are loaded, for which the first request need not wait then.
get_resolver().url_patterns  # noqa: B018

# What is loaded by now stays until the end. Looking through it for garbage took 10 ms of a request now and then.
gc.collect()
gc.freeze()


def _end_streams_first(number: int) -> None:
    """Have pages that listen let go when the process is asked to end: it would wait for them until it is killed."""
    ending = signal.getsignal(number)

    def end(number: int, frame: FrameType | None) -> None:
        watcher.close()
        if callable(ending):
            ending(number, frame)

    signal.signal(number, end)


if threading.current_thread() is threading.main_thread():
    _end_streams_first(signal.SIGTERM)
