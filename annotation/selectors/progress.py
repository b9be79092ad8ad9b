"""How far a round is, and what a person has done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.models import (
    Annotation,
    Hold,
    HoldState,
    Project,
    Round,
    RoundPurpose,
    SeatPurpose,
    SeatState,
    User,
)


@dataclass(frozen=True)
class Progress:
    """A round in numbers. `wanted` labels: `done` are there, `held` in somebody's hands, `left` free."""

    items: int
    wanted: int
    done: int
    held: int
    left: int
    surplus: int
    skipped: int
    annotators: int


@dataclass(frozen=True)
class PastAnswer:
    """One answer as its annotator gave it: `label` in the item's own order, `order` as it was shown."""

    annotation_id: int
    item_id: int
    kind: str
    prompt: str
    label: dict[str, Any]
    order: Sequence[int]
    seconds: float | None
    created_at: datetime
    revised: bool


def round_progress(round: Round) -> Progress:
    """What is there and what is missing. Without seats (imported, calibration) nothing is missing."""
    labels = Annotation.objects.standing().filter(round=round, purpose=SeatPurpose.LABEL)
    counted = labels.filter(surplus=False)
    done = counted.count()
    seats = Counter(round.seats.filter(purpose=SeatPurpose.LABEL).values_list("state", flat=True))
    return Progress(
        items=round.items.count(),
        wanted=sum(round.items.values_list("overlap", flat=True)) if _has_seats(round) else done,
        done=done,
        held=seats[SeatState.HELD],
        left=seats[SeatState.OPEN],
        surplus=labels.filter(surplus=True).count(),
        skipped=Hold.objects.filter(seat__round=round, state=HoldState.SKIPPED).count(),
        annotators=counted.values("annotator").distinct().count(),
    )


def history(project: Project, annotator: User, limit: int = 100) -> list[PastAnswer]:
    """A person's own standing answers, newest first. Says nothing of purposes, sources or other people."""
    rows = Annotation.objects.standing().filter(project=project, annotator=annotator)
    rows = rows.select_related("item__prompt", "hold").order_by("-pk")[:limit]
    return [
        PastAnswer(
            annotation_id=row.pk,
            item_id=row.item_id,
            kind=row.kind,
            prompt=row.item.prompt.text,
            label=row.label,
            order=row.hold.order if row.hold else [],
            seconds=row.seconds,
            created_at=row.created_at,
            revised=row.replaces_id is not None,
        )
        for row in rows
    ]


def _has_seats(round: Round) -> bool:
    return round.purpose == RoundPurpose.LABEL
