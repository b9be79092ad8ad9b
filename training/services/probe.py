"""The live probe: how well a linear reward model on stored features predicts the labels it has not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotation.models import Project, Round
from annotation.selectors import reported_rounds
from training.linear.probe import Accuracy, Pairs, fit
from training.linear.probe import accuracy as accuracy_of
from training.services.recall import suspended
from training.services.statements import FeatureTable, features_of, said_in, texts_of
from training.services.trust import Choice, as_pairs

FOLDS = 5


def accuracy(project: Project, rounds: Sequence[Round] | None = None) -> Accuracy | None:
    """Share of pairs ordered as labelled, each by a probe that has not seen its prompt; None with too few.

    Of all reported rounds unless given, without suspended people. Milliseconds for some hundred labels.
    """
    out = suspended(project)
    heard = said_in(list(reported_rounds(project)) if rounds is None else rounds)
    said = [one for one in heard if one.annotator not in out]
    texts = texts_of(said)
    table = features_of(sorted(texts))
    if table is None:
        return None
    choices = [
        Choice(one.annotator, one.prompt, winner, loser)
        for one in said
        for winner, loser in one.pairs()
        if texts[winner] != texts[loser] and winner in table.rows and loser in table.rows
    ]
    if len({choice.prompt for choice in choices}) < FOLDS:
        return None
    labels = as_pairs(choices, table.rows)
    return accuracy_of(_held_out_scores(table, labels), labels)


def _held_out_scores(table: FeatureTable, labels: Pairs) -> np.ndarray:
    """The score of every row by the probe that was fitted without its prompt."""
    prompts = np.unique(labels.prompt)
    order = np.random.default_rng(0).permutation(len(prompts))
    fold = order[np.searchsorted(prompts, labels.prompt)] % FOLDS
    scores = np.zeros(len(table.vectors))
    for part in range(FOLDS):
        probe = fit(table.vectors, labels.take(fold != part))
        rows = np.unique(np.concatenate([labels.winner[fold == part], labels.loser[fold == part]]))
        scores[rows] = probe.score(table.vectors[rows])
    return scores
