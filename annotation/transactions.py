"""One way to write: a transaction, with a queue in front of it where the database has none.

SQLite's busy handler sleeps and retries, so under load some writers starve. A lock across threads and
processes in front of it is a queue (measured: docs/decisions/0002-sqlite.md). PostgreSQL needs none.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

_threads = threading.RLock()
_depth = threading.local()


@contextmanager
def write() -> Iterator[None]:
    """An atomic block that holds the writer lock on SQLite. May be nested; do nothing slow inside."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            yield
        return
    with _threads, _across_processes(), transaction.atomic():
        yield


@contextmanager
def _across_processes() -> Iterator[None]:
    depth = getattr(_depth, "value", 0)
    if depth:
        _depth.value = depth + 1
        try:
            yield
        finally:
            _depth.value = depth
        return
    path = Path(settings.DATA) / "writer.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _depth.value = 1
        try:
            yield
        finally:
            _depth.value = 0
            fcntl.flock(file, fcntl.LOCK_UN)
