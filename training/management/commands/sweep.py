"""`manage.py sweep`: find lost workers, overdue holds and unheard doorbells once, as the beat does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from training.tasks import sweep


class Command(BaseCommand):
    help = "Find lost workers, overdue holds and unheard doorbells once."

    def handle(self, *args: Any, **options: Any) -> None:
        sweep()
