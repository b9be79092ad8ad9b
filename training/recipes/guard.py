"""How a recipe process hears that it should stop, and makes sure that it never outlives its supervisor.

The supervisor holds the write end of a pipe (the lifeline). When it dies, however it dies, the read
end sees the end of file: the process is asked to stop, and soon after its whole group is killed. The same
when it is silent: it writes a byte each time it renews its lease, and without the lease the run may be
somebody else's by now, on another host.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time

from training.rundir import LIFELINE, SILENCE

GRACE_SECONDS = 10.0


class Stop:
    """Set once by SIGTERM; a recipe looks at it between steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def ask(self, *_signal: object) -> None:
        self._event.set()


def listen(stop: Stop) -> None:
    """Let SIGTERM set `stop`, and watch the lifeline if there is one. Call before heavy imports."""
    signal.signal(signal.SIGTERM, stop.ask)
    handle = os.environ.get(LIFELINE)
    if handle is not None:
        silence = float(os.environ.get(SILENCE, "inf"))
        watch = threading.Thread(
            target=_watch, args=(int(handle), silence, stop), daemon=True, name="lifeline"
        )
        watch.start()


def _watch(handle: int, silence: float, stop: Stop) -> None:
    patience = None if silence == float("inf") else silence
    while select.select([handle], [], [], patience)[0] and os.read(handle, 1):
        pass
    stop.ask()
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)
