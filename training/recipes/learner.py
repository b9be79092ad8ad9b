"""The two networks that PPO trains, with everything that changes from one update to the next."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from training.hyperparameters import Ppo
from training.recipes.advantages import gae, masked_mean, shaped_rewards, whiten
from training.recipes.generate import row_seed
from training.recipes.ppo_losses import adapted_kl, kl_k1, kl_k3, policy_loss, value_loss
from training.recipes.rollout import Actors, Rollouts, pick_rows
from training.recipes.state import load_state, save_state
from training.recipes.text import answer_logprobs

BAD_STEPS = 3  # gradient steps in a row that may be left out


class Diverged(RuntimeError):
    """Losses or gradients were not finite too many times in a row."""


class Learner:
    """Policy and value net with their optimizers, the weight of the KL penalty, and the counts."""

    def __init__(self, actors: Actors, settings: Ppo, seed: int) -> None:
        self.actors = actors
        self.settings = settings
        self.seed = seed
        self.kl = settings.kl
        self.gradient_steps = 0
        self.skipped = 0
        self.bad_in_a_row = 0
        self.networks: dict[str, nn.Module] = {"policy": actors.policy, "value": actors.value}
        self.rates = {"policy": settings.learning_rate, "value": settings.value_learning_rate}
        self.optimizers = {
            name: AdamW(network.parameters(), lr=self.rates[name], weight_decay=0.0)
            for name, network in self.networks.items()
        }

    def update(self, rollouts: Rollouts, step: int) -> dict[str, float]:
        """Learn from the samples of one step; its metrics, as means over the gradient steps."""
        mask = rollouts.batch.answer_mask
        rewards = shaped_rewards(self._earned(rollouts), rollouts.logprobs, rollouts.reference, mask, self.kl)
        advantages = gae(rewards, rollouts.values, mask, self.settings.gamma, self.settings.gae_lambda)
        returns, white = advantages + rollouts.values, whiten(advantages, mask)
        parts = [
            self._minibatch(rollouts, rows, white, returns) for rows in self._minibatches(len(mask), step)
        ]
        metrics = describe(rollouts) | {"kl_weight": self.kl}
        self._adapt_kl(metrics["kl"], len(mask))
        return metrics | {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}

    def save(self, place: Path, extra: dict[str, int]) -> None:
        """Write everything a later update depends on, and `extra`."""
        counts = {"gradient_steps": self.gradient_steps, "skipped": self.skipped, "bad": self.bad_in_a_row}
        save_state(place, self.networks, self.optimizers, {"kl": self.kl, **counts, **extra})

    def load(self, place: Path) -> dict[str, int]:
        """Go back to a savepoint; the `extra` of then."""
        extra = load_state(place, self.networks, self.optimizers)
        self.kl = extra.pop("kl")
        self.gradient_steps, self.skipped = extra.pop("gradient_steps"), extra.pop("skipped")
        self.bad_in_a_row = extra.pop("bad")
        return extra

    def _earned(self, rollouts: Rollouts) -> Tensor:
        """(rows,) the score within its bounds, less the penalty of an answer that never ended."""
        ended = torch.tensor([answer.ended for answer in rollouts.answers], device=rollouts.scores.device)
        clipped = rollouts.scores.clamp(self.settings.reward_low, self.settings.reward_high)
        return clipped - self.settings.end_penalty * ~ended

    def _minibatches(self, rows: int, step: int) -> list[Tensor]:
        """The rows of each gradient step: every epoch holds every row once, in an order of its own."""
        pieces: list[Tensor] = []
        for epoch in range(self.settings.epochs):
            source = torch.Generator().manual_seed(row_seed(self.seed, f"step {step}", "minibatches", epoch))
            pieces += torch.split(torch.randperm(rows, generator=source), self.settings.minibatch)
        return pieces

    def _minibatch(
        self, rollouts: Rollouts, rows: Tensor, white: Tensor, returns: Tensor
    ) -> dict[str, float]:
        """One gradient step of both networks; what it measured."""
        settings, batch = self.settings, pick_rows(rollouts.batch, rows)
        mask, old = batch.answer_mask, rollouts.logprobs[rows]
        logprobs = answer_logprobs(self.actors.policy, batch, settings.temperature)
        gain, outside = policy_loss(logprobs, old, white[rows], mask, settings.clip)
        values = self.actors.value(batch)
        misfit = value_loss(values, rollouts.values[rows], returns[rows], mask, settings.value_clip)
        return {
            "policy_loss": gain.item(),
            "value_loss": misfit.item(),
            "clip_fraction": outside.item(),
            "update_kl": masked_mean(kl_k3(old, logprobs.detach()), mask).item(),
            "gradient_norm": self._descend(gain + settings.value_weight * misfit),
        }

    def _descend(self, loss: Tensor) -> float:
        """One step of both optimizers, left out where something is not finite; the policy's gradient norm."""
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norms = [self._clip(network) for network in self.networks.values()]
        self._watch(loss.item(), norms)
        if self.bad_in_a_row == 0:
            self.gradient_steps += 1
            warm = min(1.0, self.gradient_steps / max(1, self.settings.warmup_steps))
            for name, optimizer in self.optimizers.items():
                optimizer.param_groups[0]["lr"] = warm * self.rates[name]
                optimizer.step()
        return norms[0]

    def _clip(self, network: nn.Module) -> float:
        return nn.utils.clip_grad_norm_(network.parameters(), self.settings.max_gradient).item()

    def _watch(self, loss: float, norms: list[float]) -> None:
        """Count what is not finite. Raises Diverged when it goes on."""
        if all(map(math.isfinite, (loss, *norms))):
            self.bad_in_a_row = 0
            return
        self.skipped += 1
        self.bad_in_a_row += 1
        if self.bad_in_a_row > BAD_STEPS:
            raise Diverged(
                f"loss {loss}, gradient norms {norms}: not finite {self.bad_in_a_row} steps running, "
                f"after {self.gradient_steps} good ones; try a lower learning rate or a stronger kl"
            )

    def _adapt_kl(self, measured: float, answers: int) -> None:
        if self.settings.kl_target > 0:
            target, horizon = self.settings.kl_target, self.settings.kl_horizon
            self.kl = adapted_kl(self.kl, measured, target, answers, horizon)


def describe(rollouts: Rollouts) -> dict[str, float]:
    """What the samples of a step look like.

    reward: mean standardised score before clipping; kl: nats an answer to the reference; length: tokens;
    entropy: nats a token, estimated as the mean surprise of the samples; ended: share that ended by itself.
    """
    mask = rollouts.batch.answer_mask
    return {
        "reward": rollouts.scores.mean().item(),
        "kl": (kl_k1(rollouts.logprobs, rollouts.reference) * mask).sum(1).mean().item(),
        "length": mask.sum(1).float().mean().item(),
        "entropy": -masked_mean(rollouts.logprobs, mask).item(),
        "ended": sum(answer.ended for answer in rollouts.answers) / len(rollouts.answers),
    }
