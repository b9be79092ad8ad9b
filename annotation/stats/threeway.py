"""The fixed screening rule: agreement of each kind on a given number of items, held against a bar.

It asks for about three times the items of the sequential rule and decides no better, but every figure in it
can be shown and explained.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from annotation.labels import Criterion, Kind, Label, Tiers, comparisons, tiers_of
from annotation.stats.agreement import Level, cohen, krippendorff, mean_tau
from annotation.stats.estimate import Estimate
from annotation.stats.screening import State

Answer = tuple[Label, Label]


@dataclass(frozen=True)
class ThreeWay:
    """The bars, and how many items of each kind are asked for (none: the kind is left out)."""

    kappa: float = 0.6
    tau: float = 0.6
    alpha: float = 0.667
    items: Mapping[Kind, int] = field(
        default_factory=lambda: {Kind.COMPARE: 24, Kind.RANK: 8, Kind.SCORE: 24}
    )

    def __post_init__(self) -> None:
        if not all(-1 <= bar <= 1 for bar in (self.kappa, self.tau, self.alpha)):
            raise ValueError(f"a bar of {self.kappa}, {self.tau} or {self.alpha} is outside -1..1")
        if min(self.items.values(), default=0) < 0 or not any(self.items.values()):
            raise ValueError(f"{dict(self.items)} items ask for nothing")


@dataclass(frozen=True)
class ThreeWayResult:
    """Cohen's kappa of comparisons, mean tau-b of rankings, interval alpha of scores, and what is missing."""

    state: State
    kappa: Estimate
    tau: Estimate
    alpha: Estimate
    missing: Mapping[Kind, int]


def three_way(
    rule: ThreeWay, answers: Iterable[tuple[Kind, Label, Label]], criteria: Sequence[Criterion]
) -> ThreeWayResult:
    """Measure a candidate's answers: (kind, label, reference) each."""
    by_kind: dict[Kind, list[Answer]] = {kind: [] for kind in Kind}
    for kind, label, reference in answers:
        by_kind[kind].append((label, reference))
    outcomes = _outcomes([_tiers(answer, criteria) for answer in by_kind[Kind.COMPARE]])
    kappa = cohen(outcomes[0], outcomes[1])
    tau = mean_tau(_tiers(answer, criteria) for answer in by_kind[Kind.RANK])
    alpha = krippendorff(_scores(by_kind[Kind.SCORE], criteria), Level.INTERVAL)
    missing = {
        kind: wanted - len(by_kind[kind])
        for kind, wanted in rule.items.items()
        if len(by_kind[kind]) < wanted
    }
    bars = {Kind.COMPARE: (kappa, rule.kappa), Kind.RANK: (tau, rule.tau), Kind.SCORE: (alpha, rule.alpha)}
    # Kappa and alpha are undefined only where both said one and the same thing throughout.
    met = all(
        not estimate.known or estimate.value >= bar
        for kind, (estimate, bar) in bars.items()
        if rule.items.get(kind)
    )
    state = State.PENDING if missing else State.PASSED if met else State.FAILED
    return ThreeWayResult(state, kappa, tau, alpha, missing)


def _tiers(answer: Answer, criteria: Sequence[Criterion]) -> tuple[Tiers, Tiers]:
    said, right = (tiers_of(label, criteria) for label in answer)
    if said is None or right is None:
        raise ValueError(f"an answer without tiers: {said} against {right}")
    return said, right


def _outcomes(pairs: Sequence[tuple[Tiers, Tiers]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """2 x n outcomes, said and right.

    Which candidate comes first in an item is arbitrary, and a file may hold the better one always first;
    kappa would then take agreement for chance. So items are turned until the first is right in every other.
    """
    told = np.zeros((2, len(pairs)))
    for place, pair in enumerate(pairs):
        said, right = (comparisons(tiers)[0][2] for tiers in pair)
        turned = right != 0.5 and (right == 1.0) != (place % 2 == 0)
        told[:, place] = (1 - said, 1 - right) if turned else (said, right)
    return told


def _scores(
    answers: Sequence[Answer], criteria: Sequence[Criterion]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """2 x n ratings, said and right, each scale stretched to 0..1; NaN where it does not apply."""
    rated = [
        [
            [np.nan if v is None else (v - scale.low) / (scale.high - scale.low) for v in values]
            for values in pair
        ]
        for label, reference in answers
        for scale in criteria
        if (pair := _both(label, reference, scale.name))
    ]
    return np.concatenate([np.zeros((2, 0)), *map(np.array, rated)], axis=1)


def _both(label: Label, reference: Label, criterion: str) -> list[tuple[float | None, ...]]:
    if criterion not in reference.ratings or criterion not in label.ratings:
        return []
    return [label.ratings[criterion], reference.ratings[criterion]]
