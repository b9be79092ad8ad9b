"""Which seat is next for a person."""

from __future__ import annotations

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from annotation.labels import Kind
from annotation.models import Annotation, Hold, HoldState, Project, Seat, SeatPurpose, SeatState, User
from annotation.services import checks
from annotation.services.chance import chance


def own_seat(project: Project, annotator: User, purpose: SeatPurpose) -> Seat | None:
    """A seat that was made for this person and came back open."""
    own = Seat.objects.filter(project=project, annotator=annotator, purpose=purpose, state=SeatState.OPEN)
    return own.order_by("pk").first()


def label_seat(project: Project, annotator: User) -> Seat | None:
    """A locked seat: the one this person gave back by undoing, else the next free one, else one that ran out.

    Now and then, at the rate of the round, a hidden check instead.
    """
    wanted = _open_to(project, annotator)
    free = wanted.filter(state=SeatState.OPEN)
    released = Hold.objects.filter(
        project=project, annotator=annotator, state=HoldState.RELEASED, revises=None
    ).order_by("-pk")
    seat = (
        _locked(free.filter(pk__in=released.values("seat")[:1])).first()
        or _locked(free.order_by("rank", "id")).first()
        or _locked(wanted.filter(state=SeatState.HELD, until__lt=Now()).order_by("until")).first()
    )
    return seat and (_check_instead(seat, annotator) or seat)


def _open_to(project: Project, annotator: User) -> QuerySet[Seat]:
    """Label seats of items that this person has neither in hand, nor judged, nor skipped."""
    item = OuterRef("item")
    return Seat.objects.select_related("round").filter(
        ~Exists(Seat.objects.filter(item=item, annotator=annotator)),
        ~Exists(Annotation.objects.filter(item=item, annotator=annotator)),
        ~Exists(Hold.objects.filter(seat__item=item, annotator=annotator, state=HoldState.SKIPPED)),
        project=project,
        purpose=SeatPurpose.LABEL,
    )


def _locked(seats: QuerySet[Seat]) -> QuerySet[Seat]:
    """Locked against everybody else; what somebody else has locked is passed over."""
    if connection.features.has_select_for_update_skip_locked:
        return seats.select_for_update(skip_locked=True, of=("self",))
    return seats


def _check_instead(seat: Seat, annotator: User) -> Seat | None:
    """A check of the same kind, so that nothing gives it away."""
    if not seat.round.check_rate:
        return None
    answered = Annotation.objects.filter(project=seat.project_id, annotator=annotator).count()
    if chance("check", annotator.pk, seat.project_id, answered).random() >= seat.round.check_rate:
        return None
    return checks.seat_for(seat.project_id, annotator, Kind(seat.kind))
