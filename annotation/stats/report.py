"""The figures of a project or round in one piece: agreement of its people and ratings of its sources."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.labels import Criterion
from annotation.stats.agreement import ROUNDS, Level, krippendorff_of_labels, observed_of_labels
from annotation.stats.estimate import Estimate, wilson
from annotation.stats.judgements import Judgements, Row, Scores, Votes, gather
from annotation.stats.rating import Strengths, bradley_terry, elo_scale


@dataclass(frozen=True)
class RatingAgreement:
    """Agreement on one criterion, over the candidates that at least two people rated."""

    alpha_interval: Estimate
    alpha_ordinal: Estimate


@dataclass(frozen=True)
class ComparisonAgreement:
    """Agreement on which of two is better, over the comparisons that at least two people made."""

    votes: int
    tie_rate: Estimate
    observed: Estimate
    alpha_nominal: Estimate
    alpha_ordinal: Estimate


@dataclass(frozen=True)
class SourceRating:
    """One source on the Elo scale (`low`..`high` too); `strength` is in natural logarithms of odds."""

    source: str
    elo: float
    strength: float
    low: float
    high: float
    votes: int
    component: int


def report(rows: Iterable[Row], criteria: Sequence[Criterion] = ()) -> dict[str, Any]:
    """Plain JSON without NaN (None where a figure is not defined), sources from best to worst."""
    judgements = gather(rows, criteria)
    comparisons = comparison_agreement(judgements.votes, rounds=0)
    return {
        "labels": judgements.labels,
        "annotators": len(judgements.annotators),
        "agreement": {
            "ratings": {
                name: {
                    "alpha_interval": number(agreement.alpha_interval.value),
                    "alpha_ordinal": number(agreement.alpha_ordinal.value),
                }
                for name, agreement in rating_agreement(judgements.scores, rounds=0).items()
            },
            "comparisons": {
                "votes": comparisons.votes,
                "tie_rate": number(comparisons.tie_rate.value),
                "observed": number(comparisons.observed.value),
                "alpha_nominal": number(comparisons.alpha_nominal.value),
            },
        },
        "ratings": [
            {
                "source": rating.source,
                "elo": number(rating.elo),
                "strength": number(rating.strength),
                "low": number(rating.low),
                "high": number(rating.high),
                "votes": rating.votes,
            }
            for rating in source_ratings(judgements)
        ],
    }


def number(value: float) -> float | None:
    """A number that JSON can hold."""
    return value if math.isfinite(value) else None


def rating_agreement(
    scores: dict[str, Scores], *, rounds: int = ROUNDS, seed: int = 0
) -> dict[str, RatingAgreement]:
    """Per criterion; intervals by resampling candidates (none with `rounds` 0)."""
    return {
        name: RatingAgreement(
            *(
                krippendorff_of_labels(said.units, said.values, level, rounds=rounds, seed=seed)
                for level in (Level.INTERVAL, Level.ORDINAL)
            )
        )
        for name, said in scores.items()
    }


def comparison_agreement(votes: Votes, *, rounds: int = ROUNDS, seed: int = 0) -> ComparisonAgreement:
    """Win, tie and loss as three values; intervals of alpha by resampling items (none with `rounds` 0)."""
    nominal, ordinal = (
        krippendorff_of_labels(
            votes.units, votes.outcome, level, clusters=votes.item_of_unit, rounds=rounds, seed=seed
        )
        for level in (Level.NOMINAL, Level.ORDINAL)
    )
    count = len(votes.outcome)
    return ComparisonAgreement(
        votes=count,
        tie_rate=wilson(float(np.sum(votes.outcome == 0.5)), count),
        observed=observed_of_labels(votes.units, votes.outcome),
        alpha_nominal=nominal,
        alpha_ordinal=ordinal,
    )


def source_ratings(judgements: Judgements) -> list[SourceRating]:
    """Bradley-Terry of the sources that were compared, best first."""
    rated = source_strengths(judgements)
    elo, low, high = elo_scale(rated.values), elo_scale(rated.low), elo_scale(rated.high)
    ratings = [
        SourceRating(
            source,
            float(elo[place]),
            float(rated.values[place]),
            float(low[place]),
            float(high[place]),
            int(rated.votes[place]),
            int(rated.component[place]),
        )
        for place, source in enumerate(judgements.sources)
        if rated.votes[place]
    ]
    return sorted(ratings, key=lambda rating: (-rating.elo, rating.source))


def source_strengths(judgements: Judgements) -> Strengths:
    """Strengths in the order of `judgements.sources`.

    Two candidates of one source say nothing about sources. The comparisons of one item hang together
    (one ranking makes many of them), so the errors are clustered by item.
    """
    votes = judgements.votes
    met = (votes.i >= 0) & (votes.j >= 0) & (votes.i != votes.j)
    return bradley_terry(
        len(judgements.sources),
        votes.i[met],
        votes.j[met],
        votes.outcome[met],
        clusters=votes.item_of_unit[votes.units[met]],
    )
