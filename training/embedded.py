"""Worker and sweeper inside this process, for an installation without Redis.

The broker is in memory, so it rings only here. Training runs and light tasks have a worker each, so that
a long run does not hold up the rest. kill -9 of this process ends the trainers with it (the lifeline);
the next start takes the runs up again once their lease is over.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection

from training import supervisor
from training.services import leases

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
STOP_SECONDS = 60.0


class Engine:
    """The threads that were started together."""

    def __init__(self, slots: int) -> None:
        self.workers = [_worker("training", slots), _worker("light", 1)]
        self.stopping = threading.Event()
        self.threads = [
            *(
                threading.Thread(target=worker.start, daemon=True, name="embedded-worker")
                for worker in self.workers
            ),
            threading.Thread(target=self._sweep, daemon=True, name="embedded-sweeper"),
        ]

    def start(self) -> None:
        supervisor.stopping.clear()
        leases.forget_rings()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Let running recipes save and give their runs back; then end the threads."""
        supervisor.stopping.set()
        self.stopping.set()
        for worker in self.workers:
            worker.stop()
        for thread in self.threads:
            thread.join(STOP_SECONDS)

    def _sweep(self) -> None:
        sweep = current_app.tasks["training.tasks.sweep"]
        while not self.stopping.wait(SWEEP_SECONDS):
            try:
                sweep()
            except Exception:
                log.exception("the sweep failed; the next one tries again")
                connection.close()
        connection.close()


def start(slots: int | None = None) -> Engine:
    """Start worker and sweeper threads; `slots` runs train at once."""
    engine = Engine(slots or settings.EMBEDDED_SLOTS)
    engine.start()
    return engine


def _worker(queue: str, concurrency: int) -> Any:
    return current_app.WorkController(
        pool="threads",
        concurrency=concurrency,
        queues=[queue],
        hostname=f"{queue}@embedded",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        quiet=True,
        loglevel="WARNING",
    )
