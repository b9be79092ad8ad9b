"""A reward model before tuning: the linear probe on frozen features, or a fresh classifier head."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.hyperparameters import Reward
from training.linear.probe import Accuracy, Probe, accuracy, fit, fit_ratings
from training.recipes.features import SURPRISES, encoded_features
from training.recipes.material import Material, encode_groups
from training.recipes.preferences import Group, comparisons
from training.recipes.reward_loss import ratings_of
from training.recipes.reward_model import (
    Card,
    ClassifierNet,
    ProbeHead,
    ProbeNet,
    RewardModel,
    load_classifier,
)
from training.recipes.text import context, device, freeze, load_policy, load_tokenizer


@dataclass(frozen=True)
class Side:
    """Answers to train or to test on, with the base's (rows, 3) log-probability numbers of each."""

    material: Material
    surprise: Tensor

    @torch.no_grad()
    def raw_scores(self, net: nn.Module) -> Tensor:
        """Scores before standardising, of all answers: (rows,) float32 on the CPU."""
        scores = torch.zeros(len(self.material.rows))
        for rows in self.material.batches():
            scores[rows] = net(self.material.collated(rows), self.surprise[rows]).float().cpu()
        return scores

    def accuracy(self, scores: Tensor | NDArray[np.float64]) -> Accuracy | None:
        """How often scores (rows,) order the pairs as labelled; None without pairs."""
        labels = comparisons(self.material.groups)
        return accuracy(np.asarray(scores), labels.to_numpy()) if len(labels) else None


@dataclass(frozen=True)
class Start:
    """The model, what it is trained and tested on, and the probe's accuracy on the test prompts."""

    model: RewardModel
    train: Side
    test: Side
    accuracy: Accuracy | None


def start_probe(path: str, settings: Reward, train: Sequence[Group], test: Sequence[Group]) -> Start:
    """The linear probe on the base's features, as a head on a copy of the base's trunk."""
    base, tokenizer = freeze(load_policy(path)), load_tokenizer(path)
    limit = context(base, settings.max_length)
    features, sides = [], []
    for groups in (train, test):
        material = encode_groups(tokenizer, groups, limit)
        table = encoded_features(base, material.rows, material.pad)
        features.append(table)
        sides.append(Side(material, torch.from_numpy(table[:, -SURPRISES:]).to(device())))
    probe = solve_probe(features[0], train, settings)
    net = ProbeNet(_trunk(base, copied=settings.passes > 0), _head(probe))
    model = RewardModel(net, base, tokenizer, Card("probe", limit))
    return Start(model, sides[0], sides[1], sides[1].accuracy(probe.score(features[1])))


def start_classifier(
    path: str, settings: Reward, train: Sequence[Group], test: Sequence[Group], seed: int
) -> Start:
    """A fresh scalar head on the last token, drawn from N(0, 1 / (hidden + 1)) as Stiennon and others did
    (2020, arXiv:2009.01325)."""
    if not settings.passes:
        raise ValueError("a fresh classifier head says nothing before it is tuned: passes must be 1 or more")
    tokenizer = load_tokenizer(path)
    classifier = load_classifier(path, tokenizer)
    width = classifier.config.hidden_size
    source = torch.Generator().manual_seed(seed)
    fresh = torch.empty(1, width).normal_(0.0, (width + 1) ** -0.5, generator=source)
    classifier.score.weight.data.copy_(fresh)
    limit = context(classifier, settings.max_length)
    sides = []
    for groups in (train, test):
        material = encode_groups(tokenizer, groups, limit)
        sides.append(Side(material, torch.zeros(len(material.rows), SURPRISES, device=device())))
    model = RewardModel(ClassifierNet(classifier), None, tokenizer, Card("classifier", limit))
    return Start(model, sides[0], sides[1], None)


def solve_probe(features: NDArray[np.float32], groups: Sequence[Group], settings: Reward) -> Probe:
    """The probe for the loss of the settings: on ratings by ridge regression, on all else by its pairs."""
    if settings.loss != "score":
        return fit(features, comparisons(groups).to_numpy(), settings.probe_l2)
    targets = ratings_of(groups).targets(groups).numpy()
    known = ~np.isnan(targets)
    return fit_ratings(features[known], targets[known], settings.probe_l2)


def _head(probe: Probe) -> ProbeHead:
    head = ProbeHead(len(probe.weights))
    head.weight.data.copy_(torch.from_numpy(probe.weights))
    head.bias.data.fill_(probe.bias)
    head.centre.copy_(torch.from_numpy(probe.standard.centre))
    head.scale.copy_(torch.from_numpy(probe.standard.scale))
    return head.to(device())


def _trunk(base: Any, copied: bool) -> nn.Module:
    """The base's trunk itself, or a copy to tune: the base goes on giving the log-probabilities."""
    trunk: nn.Module = base.base_model
    return copy.deepcopy(trunk).requires_grad_(True) if copied else trunk
