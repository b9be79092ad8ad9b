"""The settings of each kind of run: frozen dataclasses with defaults, help and bounds. No torch.

A form is built from these fields, a run's row stores them as JSON, and its recipe reads them back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import Any


class RunKind(StrEnum):
    """What a run does."""

    ECHO = "echo"  # counts; no weights, to test the engine and a worker
    REWARD = "reward"
    DPO = "dpo"
    PPO = "ppo"
    EVALUATE = "evaluate"
    SAMPLE = "sample"


class SettingsError(ValueError):
    """A setting that is unknown, of the wrong type or out of its bounds."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


def setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field with what a form must know of it."""
    return field(default=default, metadata={"help": help, "low": low, "high": high, "choices": choices})


@dataclass(frozen=True)
class Echo:
    steps: int = setting(10, "Steps to count", low=1, high=100_000)
    seconds_per_step: float = setting(0.05, "Pause in each step, seconds", low=0, high=60)
    save_every: int = setting(1, "Steps between savepoints", low=1, high=100_000)
    fail_at: int = setting(0, "Step at which to fail; 0 for never", low=0, high=100_000)


@dataclass(frozen=True)
class Reward:
    start: str = setting(
        "probe", "Head before tuning: a linear probe solved on frozen features, or a fresh classifier head",
        choices=("probe", "classifier"),
    )  # fmt: skip
    loss: str = setting(
        "rank",
        "score: squared error on ratings; compare: log-sigmoid with margin; rank: all pairs of a prompt; "
        "plackett_luce: likelihood of the order",
        choices=("score", "compare", "rank", "plackett_luce"),
    )
    passes: int = setting(
        2, "Passes over the preferences when tuning; 0 keeps the probe alone", low=0, high=50
    )
    learning_rate: float = setting(5e-4, "AdamW learning rate of the tuning", low=1e-8, high=1)
    batch_groups: int = setting(
        8, "Prompts per step; all completions of a prompt stay together", low=1, high=4096
    )
    warmup_steps: int = setting(10, "Steps of linear warm-up", low=0, high=100_000)
    weight_decay: float = setting(0.01, "AdamW weight decay", low=0, high=1)
    max_gradient: float = setting(1.0, "Gradient norm is clipped to this", low=1e-6, high=1e6)
    probe_l2: float = setting(30.0, "L2 penalty of the probe on standardised differences", low=0, high=1e6)
    margin: float = setting(0.0, "Margin per step of strength above negligible, in compare", low=0, high=10)
    centering: float = setting(0.001, "Weight of the squared mean reward", low=0, high=10)
    max_length: int = setting(
        1024, "Tokens of prompt and answer; longer ones are cut, and counted", low=8, high=1 << 20
    )
    save_every: int = setting(20, "Steps between savepoints", low=1, high=100_000)


@dataclass(frozen=True)
class Dpo:
    beta: float = setting(0.1, "How strongly the policy is held to the reference", low=1e-6, high=100)
    sft_weight: float = setting(
        1.0,
        "Weight of the likelihood of the best answers, which keeps them likely; 0 is plain DPO",
        low=0,
        high=100,
    )
    learning_rate: float = setting(5e-4, "AdamW learning rate", low=1e-8, high=1)
    passes: int = setting(3, "Passes over the preferences", low=1, high=50)
    batch_groups: int = setting(
        8, "Prompts per step; all completions of a prompt stay together", low=1, high=4096
    )
    warmup_steps: int = setting(10, "Steps of linear warm-up", low=0, high=100_000)
    final_rate: float = setting(0.1, "Share of the learning rate at the last step", low=0, high=1)
    weight_decay: float = setting(0.0, "AdamW weight decay", low=0, high=1)
    max_gradient: float = setting(1.0, "Gradient norm is clipped to this", low=1e-6, high=1e6)
    latest_round_only: bool = setting(True, "Use the newest round of the preference set alone")
    max_length: int = setting(
        1024, "Tokens of prompt and answer; longer ones are cut, and counted", low=8, high=1 << 20
    )
    save_every: int = setting(20, "Steps between savepoints", low=1, high=100_000)


@dataclass(frozen=True)
class Ppo:
    steps: int = setting(12, "Updates, each on fresh samples", low=1, high=100_000)
    prompts_per_step: int = setting(64, "Prompts sampled for one update", low=1, high=65_536)
    epochs: int = setting(2, "Passes over the samples of one update", low=1, high=50)
    minibatch: int = setting(64, "Samples per gradient step", low=1, high=65_536)
    learning_rate: float = setting(5e-4, "AdamW learning rate of the policy", low=1e-8, high=1)
    value_learning_rate: float = setting(1e-3, "AdamW learning rate of the value net", low=1e-8, high=1)
    warmup_steps: int = setting(5, "Gradient steps of linear warm-up", low=0, high=100_000)
    clip: float = setting(0.2, "The probability ratio is clipped to 1 ± this", low=1e-3, high=1)
    value_clip: float = setting(
        0.2, "The value may move this far from its old estimate; 0 switches it off", low=0, high=10
    )
    value_weight: float = setting(0.5, "Weight of the value loss", low=0, high=10)
    kl: float = setting(0.1, "KL penalty to the reference, per token", low=0, high=100)
    kl_target: float = setting(
        0.0, "Nats an answer that the KL penalty is steered to; 0 keeps the penalty fixed", low=0, high=10_000
    )
    kl_horizon: int = setting(10_000, "Answers over which the penalty is steered", low=1, high=1_000_000_000)
    gamma: float = setting(1.0, "Discount", low=0, high=1)
    gae_lambda: float = setting(0.95, "Lambda of the generalised advantage estimate", low=0, high=1)
    reward_low: float = setting(-3.0, "Standardised rewards below this are clipped", low=-1e6, high=1e6)
    reward_high: float = setting(1.5, "Standardised rewards above this are clipped", low=-1e6, high=1e6)
    end_penalty: float = setting(1.0, "Taken off the reward of an answer that never ended", low=0, high=1e6)
    max_gradient: float = setting(1.0, "Gradient norm is clipped to this", low=1e-6, high=1e6)
    temperature: float = setting(1.0, "Sampling temperature", low=0.01, high=10)
    max_new_tokens: int = setting(56, "Longest answer, in tokens", low=1, high=65_536)
    batch: int = setting(64, "Answers generated at once", low=1, high=4096)
    save_every: int = setting(4, "Updates between savepoints", low=1, high=100_000)


@dataclass(frozen=True)
class Sample:
    per_prompt: int = setting(4, "Answers per prompt", low=1, high=256)
    temperature: float = setting(1.0, "Sampling temperature", low=0.01, high=10)
    max_new_tokens: int = setting(56, "Longest answer, in tokens", low=1, high=65_536)
    batch: int = setting(64, "Answers generated at once", low=1, high=4096)


@dataclass(frozen=True)
class Evaluate:
    per_prompt: int = setting(3, "Answers per prompt and policy", low=1, high=256)
    temperature: float = setting(1.0, "Sampling temperature", low=0.01, high=10)
    max_new_tokens: int = setting(56, "Longest answer, in tokens", low=1, high=65_536)
    batch: int = setting(64, "Answers generated at once", low=1, high=4096)


Settings = Echo | Reward | Dpo | Ppo | Sample | Evaluate

SETTINGS: dict[RunKind, type[Settings]] = {
    RunKind.ECHO: Echo,
    RunKind.REWARD: Reward,
    RunKind.DPO: Dpo,
    RunKind.PPO: Ppo,
    RunKind.SAMPLE: Sample,
    RunKind.EVALUATE: Evaluate,
}


def read(kind: RunKind, values: Mapping[str, Any]) -> Settings:
    """The settings of `kind` with `values` over the defaults. Raises SettingsError at the first bad one."""
    known = {entry.name: entry for entry in fields(SETTINGS[kind])}
    for name in values:
        if name not in known:
            raise SettingsError(name, f"a {kind.value} run has no such setting")
    return SETTINGS[kind](**{name: _checked(known[name], value) for name, value in values.items()})


def _checked(entry: Field[Any], value: Any) -> Any:
    """`value` in the type of the field's default and inside its bounds."""
    assert entry.default is not MISSING, entry.name
    value = _typed(entry.name, type(entry.default), value)
    low, high, choices = (entry.metadata[key] for key in ("low", "high", "choices"))
    if choices and value not in choices:
        raise SettingsError(entry.name, f"{value!r} is none of {', '.join(choices)}")
    if low is not None and not low <= value <= high:
        raise SettingsError(entry.name, f"{value} is outside {low:g} to {high:g}")
    return value


def _typed(name: str, kind: type, value: Any) -> Any:
    if (
        kind is float
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    ):
        return float(value)
    if type(value) is kind and kind is not float:
        return value
    raise SettingsError(name, f"{value!r} is not a {kind.__name__}")
