"""How the sources compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.models import Project, Round
from annotation.selectors.annotators import checks
from annotation.selectors.votes import criteria_of_rounds, reported_rounds, votes
from annotation.stats.estimate import Floats, Ints
from annotation.stats.judgements import Judgements, gather
from annotation.stats.rating import bradley_terry, elo_scale, running_elo, win_probabilities
from annotation.stats.report import SourceRating, source_ratings
from annotation.stats.report import report as report_of_rows


@dataclass(frozen=True)
class RatedSource:
    """A source by its rating of the record (unweighted Bradley-Terry), the running Elo and the weighted one.

    `component`: sources of different components were never compared, directly or through others.
    """

    source: str
    elo: float
    low: float
    high: float
    strength: float
    votes: int
    component: int
    live_elo: float
    weighted_elo: float


@dataclass(frozen=True)
class Ratings:
    """Best first. `connected` is False where the ratings of some sources cannot be compared.

    `wins[i][j]`: chance that source i is preferred to source j, in the order of `sources`.
    """

    sources: list[RatedSource]
    connected: bool
    wins: list[list[float]]


def report(project: Project, rounds: Iterable[Round] | None = None) -> dict[str, Any]:
    """Agreement and ratings in one piece, as `manage.py report` prints it."""
    chosen = list(reported_rounds(project) if rounds is None else rounds)
    return report_of_rows(votes(chosen), criteria_of_rounds(chosen))


def ratings(project: Project, rounds: Iterable[Round] | None = None) -> Ratings:
    """The ratings of all sources that were compared."""
    chosen = list(reported_rounds(project) if rounds is None else rounds)
    judgements = gather(votes(chosen), criteria_of_rounds(chosen))
    rated = source_ratings(judgements)
    live = running_elo(*_meetings(judgements))
    weighted = _weighted(judgements, checks(project))
    places = {source: place for place, source in enumerate(judgements.sources)}
    sources = [_rated(one, live[places[one.source]], weighted[places[one.source]]) for one in rated]
    return Ratings(
        sources=sources,
        connected=len({one.component for one in rated}) <= 1,
        wins=win_probabilities(np.array([one.strength for one in rated])).tolist(),
    )


def _rated(one: SourceRating, live_elo: float, weighted_elo: float) -> RatedSource:
    return RatedSource(
        source=one.source,
        elo=one.elo,
        low=one.low,
        high=one.high,
        strength=one.strength,
        votes=one.votes,
        component=one.component,
        live_elo=float(live_elo),
        weighted_elo=float(weighted_elo),
    )


def _meetings(judgements: Judgements) -> tuple[int, Ints, Ints, Floats]:
    """The votes between different sources."""
    votes = judgements.votes
    met = (votes.i >= 0) & (votes.j >= 0) & (votes.i != votes.j)
    return len(judgements.sources), votes.i[met], votes.j[met], votes.outcome[met]


def _weighted(judgements: Judgements, right: Mapping[int, tuple[int, int]]) -> Floats:
    """Elo with every vote weighed by how far its annotator is to be believed: 2 e - 1, at least 0.

    e is the chance of being right by the hidden checks, with two right of three as prior (Beta(2, 1)).
    """
    things, i, j, outcome = _meetings(judgements)
    votes = judgements.votes
    met = (votes.i >= 0) & (votes.j >= 0) & (votes.i != votes.j)
    weights = np.array([_weight(*right.get(int(str(one)), (0, 0))) for one in judgements.annotators] or [0.0])
    rated = bradley_terry(things, i, j, outcome, weights=weights[votes.raters[met]])
    return elo_scale(rated.values)


def _weight(right: int, total: int) -> float:
    return max(0.0, 2 * (right + 2) / (total + 3) - 1)
