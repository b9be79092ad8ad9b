"""`manage.py work`: carry out runs in this process, without Redis and without the web server."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from training import embedded
from training.models import Run, RunState

BUSY = (RunState.WAITING, RunState.QUEUED, RunState.RUNNING)


class Command(BaseCommand):
    help = "Carry out queued runs in this process until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slots", type=int, default=settings.EMBEDDED_SLOTS, help="Runs at once")
        parser.add_argument("--until-idle", action="store_true", help="End when no run is left to do")

    def handle(self, *args: Any, slots: int, until_idle: bool, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("REDIS_URL is set: start `celery -A config worker -Q training` instead")
        asked = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: asked.set())
        engine = embedded.start(slots)
        while not asked.wait(0.5):
            if until_idle and not Run.objects.filter(state__in=BUSY).exists():
                break
        engine.stop()
