"""How far people agree: overall, two by two, and on which items least."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from annotation.labels import Criterion
from annotation.models import Item, Project, Round, RoundPurpose, User
from annotation.selectors.votes import criteria_of_rounds, reported_rounds, researcher_votes, votes
from annotation.stats.agreement import rater_pairs
from annotation.stats.estimate import Estimate
from annotation.stats.judgements import Judgements, Row, gather
from annotation.stats.longform import within_units
from annotation.stats.report import (
    ComparisonAgreement,
    RatingAgreement,
    comparison_agreement,
    rating_agreement,
)


@dataclass(frozen=True)
class Agreement:
    """Agreement of many people, with intervals; ratings by criterion."""

    labels: int
    annotators: int
    comparisons: ComparisonAgreement
    ratings: dict[str, RatingAgreement]


@dataclass(frozen=True)
class Person:
    pk: int
    name: str


@dataclass(frozen=True)
class Matrix:
    """Share of equal comparisons of every two people who shared some, by their places in `people`."""

    people: list[Person]
    cells: dict[tuple[int, int], Estimate]


@dataclass(frozen=True)
class DisputedItem:
    """An item that several people judged. `disagreement`: 0 where all said the same, 1 where no two did."""

    item_id: int
    external_id: str
    round_number: int
    purpose: str
    kind: str
    prompt: str
    annotators: int
    disagreement: float


def round_agreement(project: Project, rounds: Iterable[Round] | None = None) -> Agreement:
    """Agreement of the annotators on these rounds, else on all that are reported."""
    chosen = list(reported_rounds(project) if rounds is None else rounds)
    return _agreement(gather(votes(chosen), criteria_of_rounds(chosen)))


def calibration_ceiling(project: Project) -> Agreement:
    """Agreement of the researchers among themselves on the calibration set: nobody can be asked for more."""
    rounds = project.rounds.filter(purpose=RoundPurpose.CALIBRATION).select_related("project")
    return _agreement(gather(researcher_votes(project), criteria_of_rounds(rounds)))


def agreement_matrix(project: Project, rounds: Iterable[Round] | None = None) -> Matrix:
    """Every two annotators who compared the same completions."""
    chosen = list(reported_rounds(project) if rounds is None else rounds)
    judgements = gather(votes(chosen), criteria_of_rounds(chosen))
    said = judgements.votes
    names = {person.pk: person.name for person in User.objects.filter(pk__in=judgements.annotators)}
    return Matrix(
        people=[Person(pk, names[pk]) for pk in map(_pk, judgements.annotators)],
        cells={
            (pair.first, pair.second): pair.agreement
            for pair in rater_pairs(said.raters, said.units, said.outcome)
        },
    )


def most_disputed(project: Project, limit: int = 20) -> list[DisputedItem]:
    """The items on which annotators differ most, those with more annotators first among equals."""
    chosen = list(reported_rounds(project))
    rows = votes(chosen)
    judgements = gather(rows, criteria_of_rounds(chosen))
    people = Counter(_pk(row.item) for row in rows)
    disagreement = _by_comparisons(judgements) | _by_scores(rows, criteria_of_rounds(chosen))
    ranked = sorted(disagreement, key=lambda item: (-disagreement[item], -people[item], item))[:limit]
    items = Item.objects.select_related("prompt", "round").in_bulk(ranked)
    return [_disputed(items[item], people[item], disagreement[item]) for item in ranked]


def _agreement(judgements: Judgements) -> Agreement:
    return Agreement(
        labels=judgements.labels,
        annotators=len(judgements.annotators),
        comparisons=comparison_agreement(judgements.votes),
        ratings=rating_agreement(judgements.scores),
    )


def _by_comparisons(judgements: Judgements) -> dict[int, float]:
    """Mean difference of two people's outcomes, by item."""
    said = judgements.votes
    left, right = within_units(said.units)
    if len(left) == 0:
        return {}
    places = said.item_of_unit[said.units[left]]
    differences = np.abs(said.outcome[left] - said.outcome[right])
    sums, counts = np.bincount(places, weights=differences), np.bincount(places)
    means = sums / np.maximum(counts, 1)
    return {_pk(judgements.items[place]): float(means[place]) for place in np.flatnonzero(counts)}


def _by_scores(rows: Sequence[Row], criteria: Sequence[Criterion]) -> dict[int, float]:
    """Mean difference of two people's ratings over the scale, for items with one completion."""
    scales = {criterion.name: criterion.high - criterion.low for criterion in criteria}
    said: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for name, values in row.ratings.items():
            if len(row.sources) == 1 and values[0] is not None:
                said[_pk(row.item)][name].append(values[0] / scales[name])
    found = {}
    for item, ratings in said.items():
        gaps = [abs(a - b) for values in ratings.values() for a, b in combinations(values, 2)]
        if gaps:
            found[item] = sum(gaps) / len(gaps)
    return found


def _disputed(item: Item, annotators: int, disagreement: float) -> DisputedItem:
    return DisputedItem(
        item_id=item.pk,
        external_id=item.external_id,
        round_number=item.round.number,
        purpose=item.round.purpose,
        kind=item.kind,
        prompt=item.prompt.text,
        annotators=annotators,
        disagreement=disagreement,
    )


def _pk(key: Hashable) -> int:
    """A key of `votes`, which are primary keys."""
    return int(str(key))
