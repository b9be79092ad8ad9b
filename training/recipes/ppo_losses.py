"""The objectives of proximal policy optimisation, as pure tensor functions.

Schulman et al. 2017, arXiv:1707.06347. Tensors are (rows, positions), log-probabilities in nats; `mask` is
True at the tokens of the answer, and every mean is taken over those tokens, whichever row they stand in.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.recipes.advantages import masked_mean


def policy_loss(
    logprobs: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float
) -> tuple[Tensor, Tensor]:
    """-mean min(rho A, clamp(rho, 1 - clip, 1 + clip) A), rho = pi / pi_old (equation 7), and the share of
    tokens outside the clip. There the gradient is 0 where A would push further out."""
    ratio = ((logprobs - old) * mask).exp()
    bounded = ratio.clamp(1 - clip, 1 + clip)
    loss = masked_mean(torch.maximum(-advantages * ratio, -advantages * bounded), mask)
    return loss, masked_mean((ratio != bounded).float(), mask)


def value_loss(values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float) -> Tensor:
    """mean max((V - R)^2, (clamp(V, V_old - clip, V_old + clip) - R)^2) / 2; the first alone for clip 0.

    The clipped form is that of the published PPO code (Engstrom et al. 2020, arXiv:2005.12729, section 3).
    """
    error = (values - returns) ** 2
    if clip > 0:
        error = torch.maximum(error, (old + (values - old).clamp(-clip, clip) - returns) ** 2)
    return masked_mean(error, mask) / 2


def kl_k1(logprobs: Tensor, reference: Tensor) -> Tensor:
    """log pi - log pi_ref at tokens drawn from pi: unbiased for KL(pi || pi_ref), may be negative.

    k1 and k3: J. Schulman, Approximating KL divergence, 2020, http://joschu.net/blog/kl-approx.html.
    """
    return logprobs - reference


def kl_k3(logprobs: Tensor, reference: Tensor) -> Tensor:
    """(rho - 1) - log rho with rho = pi_ref / pi: unbiased too, never negative, less spread near equality."""
    log_ratio = reference - logprobs
    return log_ratio.exp() - 1 - log_ratio


def adapted_kl(kl: float, measured: float, target: float, answers: int, horizon: int) -> float:
    """The weight of the KL penalty after seeing `answers` answers at `measured` nats an answer.

    kl (1 + clamp(measured / target - 1, -0.2, 0.2) answers / horizon), after Ziegler et al. 2019,
    arXiv:1909.08593, section 2.2.
    """
    error = max(-0.2, min(0.2, measured / target - 1))
    return kl * (1 + error * answers / horizon)
