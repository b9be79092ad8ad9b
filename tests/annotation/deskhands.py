"""Steps that tests of the desk take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from annotation.models import Annotation, Hold, Project, Seat, User
from annotation.services import seats
from tests.factories import FIRST, shown


def take(project: Project, annotator: User) -> Hold:
    """The next item, which has to be there."""
    hold = seats.next_hold(project=project, annotator=annotator)
    assert hold is not None
    return hold


def answer(hold: Hold, label: dict[str, Any] = FIRST) -> Annotation:
    """Submit a label that is given in the item's own order."""
    return seats.submit(token=hold.token, annotator=hold.annotator, label=shown(label, hold.order)).annotation


def run_out(hold: Hold) -> None:
    """Let the hold's time pass."""
    past = timezone.now() - timedelta(minutes=1)
    Hold.objects.filter(pk=hold.pk).update(until=past)
    Seat.objects.filter(pk=hold.seat_id, until__isnull=False).update(until=past)
