"""The losses of reward models and of DPO, as functions of scores and log-probabilities. s is the logistic.

Pairs come as `gap` (m,) = score of the winner - score of the loser, and `prompt` (m,) says which prompt a
pair belongs to. Every loss is a scalar mean, so that its size does not depend on the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def score_loss(scores: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Mean of (score - target)^2 over the answers (n,) whose rating is `known` (boolean); 0 without any."""
    misses = (scores - targets.nan_to_num()) * known
    return misses.square().sum() / known.sum().clamp(min=1)


def pair_losses(gap: Tensor, reliability: Tensor | None = None, margin: Tensor | None = None) -> Tensor:
    """(m,) -log[e s(gap - margin) + (1 - e) s(margin - gap)], with e = 1 plain Bradley-Terry.

    The mixture is Crowd-BT's (Chen and others, WSDM 2013); the margin Llama 2's (Touvron and others 2023,
    arXiv:2307.09288, section 3.2.2).
    """
    x = gap if margin is None else gap - margin
    if reliability is None:
        return -functional.logsigmoid(x)
    right, wrong = reliability.log(), torch.log1p(-reliability)
    return -torch.logaddexp(right + functional.logsigmoid(x), wrong + functional.logsigmoid(-x))


def compare_loss(
    gap: Tensor,
    *,
    reliability: Tensor | None = None,
    margin: Tensor | None = None,
    weight: Tensor | None = None,
) -> Tensor:
    """The mean over pairs of weight x pair loss; each pair counts alike, whatever its prompt."""
    losses = pair_losses(gap, reliability, margin)
    return (losses if weight is None else losses * weight).mean()


def rank_loss(
    gap: Tensor, prompt: Tensor, *, reliability: Tensor | None = None, weight: Tensor | None = None
) -> Tensor:
    """All pairs of one prompt as one observation: their mean, then the mean over prompts.

    -1/C(K,2) sum over pairs of log s(gap) (Ouyang and others 2022, arXiv:2203.02155, equation 1): an answer
    stands in K - 1 pairs, and as separate rows they would be overfitted.
    """
    losses = pair_losses(gap, reliability)
    losses = losses if weight is None else losses * weight
    return prompt_means(losses, prompt).mean()


def plackett_luce(
    scores: Tensor, rankings: Sequence[Sequence[Sequence[int]]], weight: Tensor | None = None
) -> Tensor:
    """Mean over rankings of weight x -log P(order), P = product over i of e^s_i / (e^s_i + sum below e^s_j).

    `scores` (n,); a ranking lists tiers of places in it, best first (Luce 1959; Plackett 1975). Of tied
    answers each is compared with itself and all that stand below its tier: a tie says nothing about the order
    inside. With single answers in every tier this is the exact likelihood, of two it is Bradley-Terry.
    """
    losses = torch.stack([_order_loss(scores, tiers) for tiers in rankings])
    return (losses if weight is None else losses * weight).mean()


def _order_loss(scores: Tensor, tiers: Sequence[Sequence[int]]) -> Tensor:
    loss = scores.new_zeros(())
    below: list[int] = []
    for tier in reversed(tiers):
        if below:
            rest = scores[below].logsumexp(0)
            loss = loss + (torch.logaddexp(scores[list(tier)], rest) - scores[list(tier)]).sum()
        below = [*below, *tier]
    return loss


def centering(scores: Tensor, prompt: Tensor) -> Tensor:
    """Mean over prompts of the squared mean score of their answers; `prompt` (n,) is that of each score.

    Bradley-Terry leaves the zero free; this keeps it near the middle of a prompt. On pairs it is a quarter of
    (r+ + r-)^2 (Eisenstein and others 2023, arXiv:2312.09244).
    """
    return prompt_means(scores, prompt).square().mean()


def dpo_loss(
    policy: Tensor,
    reference: Tensor,
    winner: Tensor,
    loser: Tensor,
    *,
    beta: float,
    weight: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean over pairs of -weight log s(gap), gap = beta [(p - q)_winner - (p - q)_loser]; the loss and gap.

    `policy` p and `reference` q are log-probabilities of whole answers (n,), nats; each answer is run once,
    whatever the number of its pairs (Rafailov and others 2023, arXiv:2305.18290, equation 7).
    """
    rewards = beta * (policy - reference)
    gap = rewards[winner] - rewards[loser]
    return compare_loss(gap, weight=weight), gap


def best_answers_nll(
    logprobs: Tensor, mask: Tensor, winner: Tensor, loser: Tensor, *, weight: Tensor | None = None
) -> Tensor:
    """Mean negative log-likelihood per token of the answers that win and never lose, nats; 0 where none does.

    `logprobs` and `mask` (n, tokens) are of the answers' own tokens; an answer counts with the largest weight
    of the pairs it wins. The imitation term of Pang and others 2024, arXiv:2404.19733, equation 1: without
    it DPO may lower both answers of a pair and what shares their beginning (Razin and others 2024,
    arXiv:2410.08847).
    """
    won = logprobs.new_ones(len(winner)) if weight is None else weight.to(logprobs.dtype)
    share = logprobs.new_zeros(len(logprobs)).scatter_reduce(0, winner, won, "amax")
    share = share.index_fill(0, loser, 0.0)
    tokens = (mask.sum(1) * share).sum()
    return -(logprobs.sum(1) * share).sum() / tokens.clamp(min=1e-9)


def prompt_means(values: Tensor, prompt: Tensor) -> Tensor:
    """The mean of `values` (m,) for each prompt that has any, in the order of their numbers."""
    _, numbers, counts = torch.unique(prompt, return_inverse=True, return_counts=True)
    means: Tensor = values.new_zeros(len(counts)).index_add(0, numbers, values) / counts
    return means
