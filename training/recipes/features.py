"""What a frozen model knows of an answer, as a row of numbers for the linear probe.

The mean over the answer's tokens (its end token too) of the last layer's hidden states, then three numbers of
the answer's own log-probabilities in nats: mean, minimum and sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.recipes.batches import by_length
from training.recipes.text import (
    Batch,
    Encoded,
    Messages,
    answer_logprobs,
    collate,
    context,
    encode,
    hidden_states,
    logprobs_of,
    pad_id,
)

SURPRISES = 3  # the last columns: mean, minimum and sum of the log-probabilities


def feature_table(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Messages],
    answers: Sequence[str],
    *,
    max_length: int = 1024,
    batch: int = 64,
) -> NDArray[np.float32]:
    """The features of `answers[i]` to `prompts[i]`: (n, hidden + 3) float32, in the order given."""
    limit = context(model, max_length)
    rows = [encode(tokenizer, *pair, limit) for pair in zip(prompts, answers, strict=True)]
    return encoded_features(model, rows, pad_id(tokenizer), batch)


def encoded_features(model: Any, rows: Sequence[Encoded], pad: int, batch: int = 64) -> NDArray[np.float32]:
    """The features of rows that are encoded already: (n, hidden + 3) float32."""
    table = np.zeros((len(rows), model.config.hidden_size + SURPRISES), dtype=np.float32)
    for chosen in by_length([len(row) for row in rows], batch):
        found = answer_features(model, collate([rows[index] for index in chosen], pad))
        table[chosen] = found.cpu().numpy()
    return table


@torch.no_grad()
def answer_features(model: Any, batch: Batch) -> Tensor:
    """(rows, hidden + 3) float32 features of one batch."""
    hidden = hidden_states(model.base_model, batch)
    numbers = surprise_numbers(logprobs_of(model, hidden, batch), batch)
    return torch.cat([answer_mean(hidden, batch), numbers], dim=1)


def answer_mean(hidden: Tensor, batch: Batch) -> Tensor:
    """The mean of (rows, width, hidden) states over the answer's tokens: (rows, hidden)."""
    mask = batch.answer_mask.unsqueeze(-1)
    return (hidden * mask).sum(1) / mask.sum(1)


@torch.no_grad()
def surprises(model: Any, batch: Batch) -> Tensor:
    """Mean, minimum and sum of the answer tokens' log-probabilities: (rows, 3), nats."""
    return surprise_numbers(answer_logprobs(model, batch), batch)


def surprise_numbers(logprobs: Tensor, batch: Batch) -> Tensor:
    """The same three numbers of log-probabilities (rows, width) that are known."""
    total, count = logprobs.sum(1), batch.answer_mask.sum(1)
    return torch.stack([total / count, logprobs.min(1).values, total], dim=1)
