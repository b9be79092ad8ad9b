"""How far each annotator's labels are trusted, and what they weigh in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from annotation import selectors
from annotation.models import Project
from training.linear.probe import Pairs
from training.linear.probe import pairs as columns
from training.linear.reliability import Checks, Estimate, estimate, weight
from training.services.statements import FeatureTable

SURPRISES = 3  # a feature vector ends with the base's mean, minimum and sum of log-probabilities
FEW_PAIRS, FEW_PROMPTS = 20, 6  # below these the probe knows nothing of anybody


class Method(StrEnum):
    """Where reliabilities come from."""

    NONE = "none"  # everybody counts alike
    CHECKS = "checks"  # hidden checks alone
    EM = "em"  # labels against the linear reward model, anchored by the checks


class Choice(NamedTuple):
    """An annotator put one completion before another."""

    annotator: int
    prompt: int
    winner: int
    loser: int


@dataclass(frozen=True)
class Trust:
    """P(a label of this annotator points the right way), and what it weighs where no mixture is used."""

    reliability: float = 1.0
    weight: float = 1.0
    low: float | None = None
    high: float | None = None
    checks_right: int = 0
    checks_total: int = 0

    @property
    def backwards(self) -> bool:
        """More often wrong than right."""
        return self.reliability < 0.5


@dataclass(frozen=True)
class Trusts:
    """Everybody's, by account. Not `anchored`: hidden checks say too little to know the sign."""

    method: Method
    people: dict[int, Trust]
    anchored: bool = True


def trust_nobody_more(annotators: Sequence[int]) -> Trusts:
    """Everybody counts alike."""
    return Trusts(Method.NONE, dict.fromkeys(annotators, Trust()))


def trusts(
    project: Project, annotators: Sequence[int], choices: Sequence[Choice], table: FeatureTable | None
) -> Trusts:
    """Reliabilities by EM where there are features for enough choices, else by the hidden checks alone."""
    checks = {who: Checks(*found) for who, found in selectors.checks(project).items()}
    known = [] if table is None else [choice for choice in choices if _known(choice, table)]
    if table is None or len(known) < FEW_PAIRS or len({choice.prompt for choice in known}) < FEW_PROMPTS:
        people = {who: _by_checks(checks.get(who, Checks(0, 0)), project) for who in annotators}
        return Trusts(Method.CHECKS, people, anchored=all(checks.get(who) for who in annotators))
    found = _by_probe(known, table, checks)
    people = {who: _trust(who, found, checks, project) for who in annotators}
    return Trusts(Method.EM, people, found.anchored)


def as_pairs(choices: Sequence[Choice], rows: Mapping[int, int]) -> Pairs:
    """Choices as rows of a feature table."""
    return columns(
        [rows[choice.winner] for choice in choices],
        [rows[choice.loser] for choice in choices],
        [choice.prompt for choice in choices],
    )


def _known(choice: Choice, table: FeatureTable) -> bool:
    return choice.winner in table.rows and choice.loser in table.rows


def _by_probe(choices: Sequence[Choice], table: FeatureTable, checks: Mapping[int, Checks]) -> Estimate:
    return estimate(
        table.vectors,
        as_pairs(choices, table.rows),
        [str(choice.annotator) for choice in choices],
        checks={str(who): found for who, found in checks.items()},
        likelihood=table.vectors.shape[1] - SURPRISES,
    )


def _trust(who: int, found: Estimate, checks: Mapping[int, Checks], project: Project) -> Trust:
    own = checks.get(who, Checks(0, 0))
    learnt = found.annotators.get(str(who))
    if learnt is None:  # gave no choice that the probe knows
        return _by_checks(own, project)
    value = learnt.value
    return Trust(value, _weight(value, project), learnt.low, learnt.high, own.right, own.total)


def _by_checks(own: Checks, project: Project) -> Trust:
    """One right and one wrong answer are imagined; who was never checked counts in full."""
    if not own.total:
        return Trust()
    value = (own.right + 1) / (own.total + 2)
    return Trust(value, _weight(value, project), None, None, own.right, own.total)


def _weight(reliability: float, project: Project) -> float:
    return weight(reliability, read_backwards=project.read_backwards)
