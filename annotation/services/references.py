"""What the researchers say about an item, and the items that are clear enough to measure people by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from annotation.labels import Criterion, Kind, Label, pairs, tiers_of
from annotation.models import (
    Annotation,
    Item,
    ResearcherLabel,
    Round,
    RoundPurpose,
    RoundState,
    Seat,
    SeatPurpose,
    User,
)
from annotation.services.rounds import criteria_of
from annotation.stats.consensus import Reference
from annotation.stats.consensus import reference as consensus
from annotation.stats.screening import Observation, observe
from annotation.transactions import write

CHUNK = 8


@dataclass(frozen=True)
class CalibrationItem:
    """What it takes to make a seat on an item."""

    pk: int
    round_id: int
    kind: Kind


@dataclass(frozen=True)
class Answer:
    """An annotator's label beside the researchers' reference."""

    annotation_id: int
    annotator_id: int
    kind: Kind
    label: Label
    reference: Label
    criteria: Sequence[Criterion]

    def observation(self) -> Observation:
        """How near they are; a score is measured on what the researchers rated."""
        criteria = self.criteria
        if self.kind is Kind.SCORE:
            criteria = [criterion for criterion in criteria if criterion.name in self.reference.ratings]
        return observe(self.kind, self.label, self.reference, criteria)

    def pairs_right(self) -> tuple[int, int]:
        """How many of the pairs that the reference tells apart the label tells apart alike, of how many."""
        said, right = tiers_of(self.label, self.criteria), tiers_of(self.reference, self.criteria)
        told = pairs(right or ())
        return len(set(told) & set(pairs(said or ()))), len(told)


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


def reference(item: Item) -> Reference | None:
    """What the researchers say together; a copy of an item has its labels too."""
    return references([item]).get(item.pk)


def references(items: Iterable[Item]) -> dict[int, Reference]:
    """The reference of every item that has one, by item."""
    rows = list(items)
    labels = _researcher_labels({row.pk for row in rows} | {row.copy_of_id for row in rows if row.copy_of_id})
    counts = _candidates({row.pk for row in rows})
    rounds = Round.objects.select_related("project").in_bulk({row.round_id for row in rows})
    criteria = {pk: criteria_of(round) for pk, round in rounds.items()}
    found = {}
    for row in rows:
        said = labels[row.pk] + (labels[row.copy_of_id] if row.copy_of_id else [])
        kind, scales = Kind(row.kind), criteria[row.round_id]
        if said:
            read = [read_label(label, kind, counts[row.pk], scales) for label in said]
            found[row.pk] = consensus(kind, read, scales)
    return found


def read_label(data: object, kind: Kind, candidates: int, criteria: Sequence[Criterion]) -> Label:
    """A stored label."""
    return Label.from_json(data, kind=kind, candidates=candidates, criteria=criteria, complete=False)


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


def answers(annotations: QuerySet[Annotation]) -> list[Answer]:
    """Every label for whose item there is a reference, beside it."""
    rows = list(annotations.select_related("item__round__project"))
    found = references({row.item_id: row.item for row in rows}.values())
    counts = _candidates({row.item_id for row in rows})
    criteria = {row.round_id: criteria_of(row.item.round) for row in rows}
    return [
        Answer(
            row.pk,
            row.annotator_id,
            Kind(row.kind),
            read_label(row.label, Kind(row.kind), counts[row.item_id], criteria[row.round_id]),
            found[row.item_id].label,
            criteria[row.round_id],
        )
        for row in rows
        if row.item_id in found
    ]


def _says_something(label: Label) -> bool:
    return label.tiers is not None or any(
        value is not None for values in label.ratings.values() for value in values
    )


def _researcher_labels(items: set[int]) -> dict[int, list[Any]]:
    labels: dict[int, list[Any]] = defaultdict(list)
    for item, label in (
        ResearcherLabel.objects.filter(item__in=items).order_by("pk").values_list("item", "label")
    ):
        labels[item].append(label)
    return labels


def _candidates(items: set[int]) -> dict[int, int]:
    counted = Item.objects.filter(pk__in=items).annotate(count=Count("places"))
    return dict(counted.values_list("pk", "count"))
