"""What the researchers say about an item, and the items that are clear enough to measure people by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from annotation.labels import Kind, Label
from annotation.models import (
    Item,
    ResearcherLabel,
    RoundPurpose,
    RoundState,
    Seat,
    SeatPurpose,
    User,
)
from annotation.reading import criteria_of
from annotation.reading import read_label as read_label
from annotation.reading import references as references
from annotation.transactions import write

CHUNK = 8


@dataclass(frozen=True)
class CalibrationItem:
    """What it takes to make a seat on an item."""

    pk: int
    round_id: int
    kind: Kind


def add_researcher_label(
    *, item: Item, researcher: User, label: dict[str, Any], reason: str = "", complete: bool = True
) -> ResearcherLabel:
    """Add a researcher's label (in the item's own order) to the reference of the item."""
    said = Label.from_json(
        label,
        kind=Kind(item.kind),
        candidates=item.places.count(),
        criteria=criteria_of(item.round),
        complete=complete,
    )
    with write():
        return ResearcherLabel.objects.create(
            item=item, researcher=researcher, label=said.to_json(), reason=reason
        )


def calibration_items(project_id: int) -> list[CalibrationItem]:
    """The items of open calibration rounds that any researcher has labelled."""
    labels = ResearcherLabel.objects.filter(Q(item=OuterRef("pk")) | Q(item=OuterRef("copy_of")))
    items = Item.objects.filter(
        Exists(labels),
        round__project=project_id,
        round__purpose=RoundPurpose.CALIBRATION,
        round__state=RoundState.OPEN,
    )
    return [
        CalibrationItem(pk, round, Kind(kind)) for pk, round, kind in items.values_list("pk", "round", "kind")
    ]


def first_clear(items: Sequence[CalibrationItem]) -> CalibrationItem | None:
    """The first item on which the researchers are of one mind."""
    for begin in range(0, len(items), CHUNK):  # nearly always the first chunk has one
        chunk = items[begin : begin + CHUNK]
        found = references(Item.objects.filter(pk__in=[item.pk for item in chunk]))
        for item in chunk:
            clear = found.get(item.pk)
            if clear is not None and clear.unanimous and _says_something(clear.label):
                return item
    return None


def unseen(items: Iterable[CalibrationItem], annotator: User) -> list[CalibrationItem]:
    """Those that this person never had before them."""
    seen = seen_by(annotator)
    return [item for item in items if item.pk not in seen]


def seen_by(annotator: User, since: datetime | None = None) -> set[int]:
    holds = annotator.holds.all() if since is None else annotator.holds.filter(taken_at__gte=since)
    seen = set(holds.values_list("seat__item", flat=True))
    return seen if since else seen | set(annotator.annotations.values_list("item", flat=True))


def make_seat(project_id: int, annotator: User, item: CalibrationItem, purpose: SeatPurpose) -> Seat:
    """A seat for this person alone."""
    return Seat.objects.create(
        item_id=item.pk,
        project_id=project_id,
        round_id=item.round_id,
        kind=item.kind,
        purpose=purpose,
        number=0,
        annotator=annotator,
    )


def _says_something(label: Label) -> bool:
    return label.tiers is not None or any(
        value is not None for values in label.ratings.values() for value in values
    )
