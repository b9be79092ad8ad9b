"""Labels of many items and annotators as plain arrays, ready for agreement and rating."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from annotation.labels import Criterion, Tiers, tiers_of_ratings
from annotation.stats.estimate import Floats, Ints


class Row(NamedTuple):
    """What one annotator said about one item; `sources` has one entry a candidate ("" or None: no source).

    Items are told apart by `item` alone, and each annotator's word on an item stands in one row.
    """

    item: Hashable
    annotator: Hashable
    tiers: Tiers | None
    ratings: Mapping[str, Sequence[float | None]]
    sources: Sequence[str | None]


@dataclass(frozen=True)
class Scores:
    """Ratings on one criterion, one entry a rating. A unit is one candidate of one item."""

    raters: Ints
    units: Ints
    values: Floats


@dataclass(frozen=True)
class Votes:
    """Comparisons out of all labels, one entry a comparison. A unit is two candidates i < j of one item.

    `i` and `j` are places in the list of sources (-1: none); `outcome` is 1.0 where i is better, 0.5 for a
    tie, 0.0 where j is. `item_of_unit` has one entry a unit.
    """

    raters: Ints
    units: Ints
    i: Ints
    j: Ints
    outcome: Floats
    item_of_unit: Ints


@dataclass(frozen=True)
class Judgements:
    """Everything that was said; the arrays speak of places in `annotators`, `items` and `sources`."""

    labels: int
    annotators: list[Hashable]
    items: list[Hashable]
    sources: list[str]
    scores: dict[str, Scores]
    votes: Votes


def gather(rows: Iterable[Row], criteria: Sequence[Criterion] = ()) -> Judgements:
    """Arrays from rows, read once. Tiers come before tiers that the ratings imply.

    `criteria` say how ratings on several criteria make one order; one that is left out counts with weight 1
    over the range in which it was used.
    """
    kept = [Row(*row) for row in rows]
    known = {scale.name for scale in criteria}
    scales = [*criteria, *(scale for scale in _observed_criteria(kept) if scale.name not in known)]
    annotators, items = _numbered(row.annotator for row in kept), _numbered(row.item for row in kept)
    sources = _numbered(source for row in kept for source in row.sources if source)
    who = np.array([annotators[row.annotator] for row in kept], dtype=np.int64)
    what = np.array([items[row.item] for row in kept], dtype=np.int64)
    sizes = _sizes(kept, what, len(items))
    return Judgements(
        labels=len(kept),
        annotators=list(annotators),
        items=list(items),
        sources=[str(source) for source in sources],
        scores={
            scale.name: _scores(scale.name, kept, who, _starts(sizes)[what])
            for scale in scales
            if any(scale.name in row.ratings for row in kept)
        },
        votes=_votes(kept, scales, who, what, sizes, sources),
    )


def _numbered(names: Iterable[Hashable]) -> dict[Hashable, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _starts(sizes: Ints) -> Ints:
    return np.asarray(np.cumsum(sizes) - sizes, dtype=np.int64)


def _sizes(rows: Sequence[Row], what: Ints, items: int) -> Ints:
    """Candidates of each item."""
    sizes = np.full(items, -1, dtype=np.int64)
    for row, item in zip(rows, what, strict=True):
        if sizes[item] not in (-1, len(row.sources)):
            raise ValueError(f"item {row.item!r} has {sizes[item]} candidates and {len(row.sources)}")
        sizes[item] = len(row.sources)
    return sizes


def _observed_criteria(rows: Sequence[Row]) -> list[Criterion]:
    ranges: dict[str, tuple[float, float]] = {}
    for row in rows:
        for name, values in row.ratings.items():
            low, high = ranges.get(name, (math.inf, -math.inf))
            rated = [value for value in values if value is not None]
            ranges[name] = (min([low, *rated]), max([high, *rated]))
    return [
        Criterion(name, low, high if high > low else low + 1, step=0)
        for name, (low, high) in ranges.items()
        if low <= high
    ]


def _scores(criterion: str, rows: Sequence[Row], who: Ints, starts: Ints) -> Scores:
    raters, units, values = [], [], []
    for row, rater, start in zip(rows, who.tolist(), starts.tolist(), strict=True):
        for candidate, value in enumerate(row.ratings.get(criterion, ())):
            if value is not None:
                raters.append(rater)
                units.append(start + candidate)
                values.append(value)
    return Scores(
        np.array(raters, dtype=np.int64), np.array(units, dtype=np.int64), np.array(values, dtype=float)
    )


def _votes(
    rows: Sequence[Row],
    criteria: Sequence[Criterion],
    who: Ints,
    what: Ints,
    sizes: Ints,
    sources: Mapping[Hashable, int],
) -> Votes:
    pairs = sizes * (sizes - 1) // 2
    starts, none = _starts(pairs), np.zeros(0, dtype=np.int64)
    blocks = [(none, none, none, none, np.zeros(0))]
    for size in np.unique(sizes[sizes > 1]).tolist():  # items of one size in one go
        chosen = np.flatnonzero(sizes[what] == size)
        picked = [rows[place] for place in chosen.tolist()]
        levels = np.array([_levels(row, criteria) for row in picked])
        tags = np.array([[sources.get(tag, -1) for tag in row.sources] for row in picked])
        first, second = np.triu_indices(size, 1)
        gap = levels[:, second] - levels[:, first]
        told = ~np.isnan(gap)
        raters = np.broadcast_to(who[chosen, None], gap.shape)
        units = starts[what[chosen], None] + np.arange(len(first))
        i, j = tags[:, first], tags[:, second]
        blocks.append((raters[told], units[told], i[told], j[told], (1 + np.sign(gap[told])) / 2))
    raters, units, i, j, outcome = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Votes(raters, units, i, j, outcome, item_of_unit=np.repeat(np.arange(len(sizes)), pairs))


def _levels(row: Row, criteria: Sequence[Criterion]) -> list[float]:
    """Tier of each candidate, 0 the best; NaN where it stands in none."""
    tiers = row.tiers
    if tiers is None:
        tiers = tiers_of_ratings({name: tuple(values) for name, values in row.ratings.items()}, criteria)
    levels = [math.nan] * len(row.sources)
    for depth, tier in enumerate(tiers or ()):
        for candidate in tier:
            levels[candidate] = depth
    return levels
