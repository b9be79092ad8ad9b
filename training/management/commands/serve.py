"""`manage.py serve`: the web server, with the embedded worker where no Redis is set."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from training import webserver


class Command(BaseCommand):
    help = "Serve Rondo. Without REDIS_URL the worker and the sweeper run in this process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=16)

    def handle(self, *args: Any, host: str, port: int, threads: int, **options: Any) -> None:
        if settings.EMBEDDED:
            from training import embedded

            embedded.start()
        self.stdout.write(f"Rondo is at http://{host}:{port}/")
        webserver.serve(host, port, threads)
