"""Seats, holds and answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from annotation.models import Annotation, Hold, Project, Seat, SeatState, User
from annotation.services import seats
from tests.factories import FIRST, make_round, shown


def take(project: Project, annotator: User) -> Hold:
    hold = seats.next_hold(project=project, annotator=annotator)
    assert hold is not None
    return hold


def answer(hold: Hold, label: dict[str, Any] = FIRST) -> Annotation:
    """Submit a label that is given in the item's own order."""
    told = shown(label, hold.order)
    return seats.submit(token=hold.token, annotator=hold.annotator, label=told).annotation


def run_out(hold: Hold) -> None:
    """Let the hold's time pass."""
    past = timezone.now() - timedelta(minutes=1)
    Hold.objects.filter(pk=hold.pk).update(until=past)
    Seat.objects.filter(pk=hold.seat_id, until__isnull=False).update(until=past)


def test_an_item_is_handed_out_with_a_time_limit(project: Project, annotator: User) -> None:
    make_round(project, 1)
    hold = take(project, annotator)
    assert hold.seat.state == SeatState.HELD
    assert hold.seat.annotator == annotator
    assert hold.until > timezone.now() + timedelta(minutes=29)


def test_asking_twice_gives_the_same_item(project: Project, annotator: User) -> None:
    make_round(project, 3)
    assert take(project, annotator) == take(project, annotator)


def test_two_people_get_different_items_at_overlap_1(
    project: Project, annotator: User, other_annotator: User
) -> None:
    make_round(project, 2)
    assert take(project, annotator).seat.item != take(project, other_annotator).seat.item


def test_nobody_gets_more_when_all_is_handed_out(
    project: Project, annotator: User, other_annotator: User
) -> None:
    make_round(project, 1)
    take(project, annotator)
    assert seats.next_hold(project=project, annotator=other_annotator) is None
