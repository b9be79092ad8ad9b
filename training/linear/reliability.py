"""How far each annotator's labels can be trusted, without overlap: EM on the linear reward model. Numpy only.

Every annotator k points the right way with probability e_k. Alternate: (a) the probability that each label
is right, given a probe fitted to the *other* prompts (three folds); (b) e_k = the mean of these with a Beta
prior; (c) fit the probes again with the mixture likelihood. Like Dawid and Skene (1979), with the probe in
the place of a second annotator; the likelihood is that of Crowd-BT (Chen and others, WSDM 2013).

The sign must be anchored: where the hostile outvote the careful, labels alone cannot tell which are which.
Hidden checks anchor it; without them EM starts from how far each annotator agrees with the base's likelihood.
A bias that the probe can learn (for long answers, say) is not seen: only checks made for it show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.linear.probe import L2, Z95, Floats, Ints, Pairs, logistic, logit, solve, standard_of

FOLDS = 3
ROUNDS = 8
PRIOR = (2.0, 1.0)  # Beta: most people mean well


@dataclass(frozen=True)
class Checks:
    """Hidden checks of one annotator: how many were answered as the researchers do."""

    right: int
    total: int


@dataclass(frozen=True)
class Reliability:
    """P(a label points the right way), its 95 % interval, and from how many pairs and hidden checks."""

    value: float
    low: float
    high: float
    pairs: int
    checks: int


@dataclass(frozen=True)
class Estimate:
    """What EM found. Not `anchored`, checked people gave less than half of the pairs: warn of that."""

    annotators: dict[str, Reliability]
    anchored: bool
    right: Floats  # (m,) probability that each pair points the right way


def estimate(
    features: ArrayLike,
    labels: Pairs,
    annotators: Sequence[str],
    *,
    checks: Mapping[str, Checks] | None = None,
    likelihood: int | None = None,
    l2: float = L2,
    seed: int = 0,
) -> Estimate:
    """The reliability of whoever gave the pairs; `annotators[i]` gave pair i, `features` is (n, d).

    `likelihood` is the column of the features that holds a log-probability of the base: the start for people
    without checks. Weights and reliabilities in `labels` are not read.
    """
    names = list(dict.fromkeys(annotators))
    who = np.array([names.index(name) for name in annotators], dtype=np.int64)
    known = [(checks or {}).get(name, Checks(0, 0)) for name in names]
    z = standard_of(features)(features)
    differences = z[labels.winner] - z[labels.loser]
    prior = _prior(known)
    start = _start(prior, known, who, None if likelihood is None else differences[:, likelihood])
    e, right = _alternate(differences, who, _folds(labels.prompt, seed), prior, start, l2)
    low, high = _interval(e, right, who, labels.prompt, prior)
    counts = np.bincount(who, minlength=len(names))
    found = {
        name: Reliability(float(e[k]), float(low[k]), float(high[k]), int(counts[k]), known[k].total)
        for k, name in enumerate(names)
    }
    return Estimate(found, _anchored(counts, known), right)


def weight(e: float, *, read_backwards: bool = False) -> float:
    """What a label of reliability `e` weighs in a loss without a mixture: |2e - 1|, and 0 below one half.

    With `read_backwards` a label below one half weighs |2e - 1| too; whoever asks for it must swap winner and
    loser. Off by default: hostility is shown to a researcher, not used in silence.
    """
    if not 0 <= e <= 1:
        raise ValueError(f"a reliability is between 0 and 1, not {e}")
    return abs(2 * e - 1) if e >= 0.5 or read_backwards else 0.0


def _alternate(
    x: Floats, who: Ints, fold: Ints, prior: Floats, e: Floats, l2: float
) -> tuple[Floats, Floats]:
    """EM; the reliabilities (annotators,) and the probability (m,) that each label is right."""
    probes: list[Floats | None] = [None] * FOLDS
    ones, gap = np.ones(len(x)), np.zeros(len(x))
    counts = np.bincount(who, minlength=len(e))
    for number in range(ROUNDS):
        for part in range(FOLDS):
            out = fold != part
            probes[part] = solve(x[out], ones[out], e[who[out]], l2, probes[part], rounds=2 if number else 6)
            gap[~out] = x[~out] @ probes[part]
        right = logistic(gap + logit(e[who]))
        e = (prior[:, 0] + np.bincount(who, right, len(e))) / (prior.sum(axis=1) + counts)
    return e, logistic(gap + logit(e[who]))


def _prior(known: Sequence[Checks]) -> Floats:
    """Beta parameters (annotators, 2): one of each beside the checks, or the general prior without any."""
    rows = [(one.right + 1, one.total - one.right + 1) if one.total else PRIOR for one in known]
    return np.array(rows, dtype=np.float64)


def _start(prior: Floats, known: Sequence[Checks], who: Ints, likelihood: Floats | None) -> Floats:
    """First reliabilities: the prior's mean, after agreement with the base where there are no checks."""
    start: Floats = prior[:, 0] / prior.sum(axis=1)
    if likelihood is None:
        return start
    agree = np.bincount(who, likelihood > 0, len(prior))
    counts = np.bincount(who, minlength=len(prior))
    agreed = (prior[:, 0] + agree) / (prior.sum(axis=1) + counts)
    return np.where(np.array([one.total for one in known]) > 0, start, agreed)


def _folds(prompt: Ints, seed: int) -> Ints:
    """The fold of each pair; pairs of one prompt stay together."""
    groups = np.unique(prompt, return_inverse=True)[1]
    order = np.random.default_rng(seed).permutation(int(groups.max()) + 1) if len(groups) else groups
    return np.asarray(order[groups] % FOLDS, dtype=np.int64)


def _interval(e: Floats, right: Floats, who: Ints, prompt: Ints, prior: Floats) -> tuple[Floats, Floats]:
    """95 % limits (annotators,) on the logit scale, the probes taken as given.

    The sandwich: the score of a label is (right - e) / (e (1 - e)), its information the square of that; the
    scores of a prompt are summed first, since its labels hang together. The prior stands for labels known to
    be right or wrong.
    """
    miss = right - e[who]
    anchors = prior[:, 0] * (1 - e) ** 2 + prior[:, 1] * e**2
    information = np.bincount(who, miss**2, len(e)) + anchors
    clusters, cluster = np.unique(np.stack([who, prompt]), axis=1, return_inverse=True)
    sums = np.bincount(cluster.ravel(), miss)
    spread = np.sqrt(np.bincount(clusters[0], sums**2, len(e)) + anchors)
    half = Z95 * spread / information
    return logistic(logit(e) - half), logistic(logit(e) + half)


def _anchored(counts: NDArray[np.int64], known: Sequence[Checks]) -> bool:
    checked = sum(int(count) for count, one in zip(counts, known, strict=True) if one.total)
    return checked * 2 >= int(counts.sum())
