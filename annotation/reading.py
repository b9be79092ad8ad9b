"""Stored labels and what it takes to read them: the criteria of their round, the researchers' reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, QuerySet

from annotation.labels import Criterion, Kind, Label, pairs, tiers_of
from annotation.models import Annotation, Item, Project, ResearcherLabel, Round, RoundState
from annotation.stats.consensus import Reference
from annotation.stats.consensus import reference as consensus
from annotation.stats.screening import Observation, observe

CRITERION_FIELDS = (
    "name", "low", "high", "step", "weight",
    "label_en", "label_zh", "low_words_en", "low_words_zh", "high_words_en", "high_words_zh",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """An annotator's label beside the researchers' reference."""

    annotation_id: int
    annotator_id: int
    kind: Kind
    label: Label
    reference: Label
    criteria: Sequence[Criterion]

    @property
    def rated_criteria(self) -> list[Criterion]:
        """Those that the reference rates."""
        return [criterion for criterion in self.criteria if criterion.name in self.reference.ratings]

    def observation(self) -> Observation:
        """How near they are; a score is measured on what the researchers rated."""
        criteria = self.rated_criteria if self.kind is Kind.SCORE else self.criteria
        return observe(self.kind, self.label, self.reference, criteria)

    def pairs_right(self) -> tuple[int, int]:
        """How many of the pairs that the reference tells apart the label tells apart alike, of how many."""
        said, right = tiers_of(self.label, self.criteria), tiers_of(self.reference, self.criteria)
        told = pairs(right or ())
        return len(set(told) & set(pairs(said or ()))), len(told)

    def statements(self) -> tuple[float, float]:
        """The same as independent statements: a ranking of c completions rests on c - 1 of them."""
        right, total = self.pairs_right()
        tiers = tiers_of(self.reference, self.criteria) or ()
        rest_on = min(total, sum(map(len, tiers)) - 1)
        return (right / total * rest_on, rest_on) if total else (0.0, 0.0)


def criteria_of(round: Round) -> list[Criterion]:
    """The criteria that labels of the round are read by: frozen when it opened, else the project's."""
    return _numeric(described_criteria(round))


def project_criteria(project: Project) -> list[Criterion]:
    return _numeric(frozen_criteria(project))


def described_criteria(round: Round) -> list[dict[str, Any]]:
    """The same, each with the words for people: `CRITERION_FIELDS`."""
    if round.state != RoundState.DRAFT:
        return list(round.criteria)
    return frozen_criteria(round.project)


def frozen_criteria(project: Project) -> list[dict[str, Any]]:
    """The project's criteria as a round keeps them."""
    return list(project.criteria.values(*CRITERION_FIELDS))


def _numeric(described: Sequence[dict[str, Any]]) -> list[Criterion]:
    names = [field.name for field in fields(Criterion)]
    return [Criterion(**{name: one[name] for name in names}) for one in described]


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


def answers_of(annotations: QuerySet[Annotation]) -> list[Answer]:
    """Every label for whose item there is a reference, beside it."""
    rows = list(annotations.select_related("item__round__project"))
    found = references({row.item_id: row.item for row in rows}.values())
    counts = _candidates({row.item_id for row in rows})
    rounds = {row.round_id: row.item.round for row in rows}
    criteria = {pk: criteria_of(round) for pk, round in rounds.items()}
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
