"""Steps that tests of the desk take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from annotation.labels import Kind
from annotation.models import Annotation, Hold, Item, Project, Qualification, Seat, User
from annotation.services import screening, seats
from tests.factories import FIRST, right_label, shown


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


def wrong_label(item: Item) -> dict[str, Any]:
    if item.kind == Kind.SCORE:
        return {"ratings": {"helpful": [7]}}
    return {"tiers": [[place] for place in reversed(range(item.places.count()))]}


def work(
    project: Project, person: User, label: Callable[[Item], dict[str, Any]] = right_label
) -> list[Annotation]:
    """Answer until the test is over."""
    answers = []
    while screening.in_test(project, person):
        hold = seats.next_hold(project=project, annotator=person)
        if hold is None:
            break
        answers.append(answer(hold, label(hold.seat.item)))
    return answers


def state(project: Project, person: User) -> Qualification:
    return Qualification.objects.get(project=project, annotator=person)
