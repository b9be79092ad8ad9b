"""`manage.py serve`: the web server, with the embedded worker where no Redis is set."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from training import embedded, webserver


class Command(BaseCommand):
    help = "Serve Rondo. Without REDIS_URL the worker and the sweeper run in this process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=16)

    def handle(self, *args: Any, host: str, port: int, threads: int, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        engine = embedded.start() if settings.EMBEDDED else None
        self.stdout.write(f"Rondo is at http://{host}:{port}/")
        try:
            webserver.serve(host, port, threads)
        finally:
            if engine is not None:
                engine.stop()  # running recipes save and give their runs back
