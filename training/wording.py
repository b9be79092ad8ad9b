"""The words of run settings for people. The help itself stands beside each default in `hyperparameters`.

Those texts are free of Django, so the tuple below lists them once more for the translators; a test holds
both equal.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from training.hyperparameters import SETTINGS, RunKind

KINDS: dict[str, Promise] = {
    RunKind.ECHO: _("Echo"),
    RunKind.REWARD: _("Reward model"),
    RunKind.DPO: _("DPO"),
    RunKind.PPO: _("PPO"),
    RunKind.EVALUATE: _("Evaluate"),
    RunKind.SAMPLE: _("Sample"),
}

ABOUT: dict[str, Promise] = {
    RunKind.ECHO: _("Counts and ends. Tests a worker without weights."),
    RunKind.REWARD: _("Learns from a preference set which answer people would prefer."),
    RunKind.DPO: _("Trains the policy on the preferences themselves, without a reward model."),
    RunKind.PPO: _("Lets the policy answer, has the reward model judge, and strengthens what it likes."),
    RunKind.EVALUATE: _("Lets two policies answer held-out prompts and counts who wins."),
    RunKind.SAMPLE: _("Writes new answers to judge in the next round."),
}

LABELS: dict[str, Promise] = {
    "steps": _("Steps"),
    "seconds_per_step": _("Seconds per step"),
    "save_every": _("Save every"),
    "fail_at": _("Fail at step"),
    "start": _("Start from"),
    "loss": _("Loss"),
    "passes": _("Passes"),
    "learning_rate": _("Learning rate"),
    "batch_groups": _("Prompts per step"),
    "warmup_steps": _("Warm-up steps"),
    "weight_decay": _("Weight decay"),
    "max_gradient": _("Gradient clip"),
    "probe_l2": _("Probe penalty"),
    "margin": _("Margin"),
    "centering": _("Centring"),
    "max_length": _("Longest text, tokens"),
    "beta": _("Beta"),
    "sft_weight": _("Weight of the best"),
    "final_rate": _("Final rate"),
    "latest_round_only": _("Newest round only"),
    "prompts_per_step": _("Prompts per update"),
    "epochs": _("Passes per update"),
    "minibatch": _("Minibatch"),
    "value_learning_rate": _("Value learning rate"),
    "clip": _("Ratio clip"),
    "value_clip": _("Value clip"),
    "value_weight": _("Value weight"),
    "kl": _("KL penalty"),
    "kl_target": _("KL target"),
    "kl_horizon": _("KL horizon"),
    "end_penalty": _("Penalty for no end"),
    "gamma": _("Gamma"),
    "gae_lambda": _("Lambda"),
    "reward_low": _("Lowest reward"),
    "reward_high": _("Highest reward"),
    "temperature": _("Temperature"),
    "max_new_tokens": _("Longest answer, tokens"),
    "per_prompt": _("Answers per prompt"),
    "batch": _("Batch"),
}

HELP = (
    gettext_noop("Steps to count"),
    gettext_noop("Pause in each step, seconds"),
    gettext_noop("Steps between savepoints"),
    gettext_noop("Step at which to fail; 0 for never"),
    gettext_noop("Head before tuning: a linear probe solved on frozen features, or a fresh classifier head"),
    gettext_noop(
        "score: squared error on ratings; compare: log-sigmoid with margin; rank: all pairs of"
        " a prompt; plackett_luce: likelihood of the order"
    ),
    gettext_noop("Passes over the preferences when tuning; 0 keeps the probe alone"),
    gettext_noop("AdamW learning rate of the tuning"),
    gettext_noop("Prompts per step; all completions of a prompt stay together"),
    gettext_noop("Steps of linear warm-up"),
    gettext_noop("AdamW weight decay"),
    gettext_noop("Gradient norm is clipped to this"),
    gettext_noop("L2 penalty of the probe on standardised differences"),
    gettext_noop("Margin per step of strength above negligible, in compare"),
    gettext_noop("Weight of the squared mean reward"),
    gettext_noop("Tokens of prompt and answer; longer ones are cut, and counted"),
    gettext_noop("How strongly the policy is held to the reference"),
    gettext_noop("Weight of the likelihood of the best answers, which keeps them likely; 0 is plain DPO"),
    gettext_noop("AdamW learning rate"),
    gettext_noop("Passes over the preferences"),
    gettext_noop("Share of the learning rate at the last step"),
    gettext_noop("Use the newest round of the preference set alone"),
    gettext_noop("Updates, each on fresh samples"),
    gettext_noop("Prompts sampled for one update"),
    gettext_noop("Passes over the samples of one update"),
    gettext_noop("Samples per gradient step"),
    gettext_noop("AdamW learning rate of the policy"),
    gettext_noop("AdamW learning rate of the value net"),
    gettext_noop("Gradient steps of linear warm-up"),
    gettext_noop("The probability ratio is clipped to 1 ± this"),
    gettext_noop("The value may move this far from its old estimate; 0 switches it off"),
    gettext_noop("Weight of the value loss"),
    gettext_noop("KL penalty to the reference, per token"),
    gettext_noop("Nats an answer that the KL penalty is steered to; 0 keeps the penalty fixed"),
    gettext_noop("Answers over which the penalty is steered"),
    gettext_noop("Discount"),
    gettext_noop("Lambda of the generalised advantage estimate"),
    gettext_noop("Standardised rewards below this are clipped"),
    gettext_noop("Standardised rewards above this are clipped"),
    gettext_noop("Taken off the reward of an answer that never ended"),
    gettext_noop("Sampling temperature"),
    gettext_noop("Longest answer, in tokens"),
    gettext_noop("Answers generated at once"),
    gettext_noop("Updates between savepoints"),
    gettext_noop("Answers per prompt"),
    gettext_noop("Answers per prompt and policy"),
)

CHOICES: dict[str, Promise] = {
    "probe": _("Linear probe"),
    "classifier": _("Fresh classifier head"),
    "score": _("Squared error on ratings"),
    "compare": _("Log-sigmoid with margin"),
    "rank": _("All pairs of a prompt"),
    "plackett_luce": _("Plackett–Luce"),
}


def kind_word(kind: str) -> Promise | str:
    """The name of a kind of run for people."""
    return KINDS.get(kind, kind)


def label(name: str) -> Promise | str:
    return LABELS.get(name, name)


def help_text(text: str) -> Promise | str:
    return _(text)


def helps_of(kind: str) -> dict[str, Promise | str]:
    """What each setting of a kind does."""
    return {entry.name: help_text(entry.metadata["help"]) for entry in fields(SETTINGS[RunKind(kind)])}


def alert_words(alert: dict[str, Any]) -> str:
    """What a researcher should look into before training on the set."""
    if alert["code"] == "unreliable":
        return gettext(
            "%(name)s is more often wrong than right (reliability %(value)s): their labels weigh nothing."
        ) % {
            "name": alert["annotator"],
            "value": f"{alert['reliability']:.2f}",
        }
    return gettext(
        "Hidden checks are too few to tell careful people from hostile ones: add 5 to 10 a person."
    )
