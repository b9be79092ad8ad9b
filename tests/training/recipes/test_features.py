from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from training.recipes.features import feature_table
from training.recipes.text import encode, load_policy, load_tokenizer

pytestmark = pytest.mark.torch

ASK = [{"role": "user", "content": "What is the capital of Kenya?"}]
ANSWERS = ["", "Nairobi.", "The capital of Kenya is Nairobi.", "Ask your brother, I do not care at all."]


def test_its_features_are_the_mean_answer_state_and_the_log_probabilities(tiny_policy: Path) -> None:
    tokenizer, model = load_tokenizer(tiny_policy), load_policy(tiny_policy)
    row = encode(tokenizer, ASK, ANSWERS[1], 128)
    output = model(input_ids=torch.tensor([row.prompt + row.answer]), output_hidden_states=True)
    state = output.hidden_states[-1][0, len(row.prompt) :].mean(0)
    steps = output.logits[0, len(row.prompt) - 1 : -1].log_softmax(-1)
    logprobs = steps[torch.arange(len(row.answer)), torch.tensor(row.answer)]
    expected = torch.cat([state, torch.stack([logprobs.mean(), logprobs.min(), logprobs.sum()])])
    found = feature_table(model, tokenizer, [ASK], [ANSWERS[1]])
    np.testing.assert_allclose(found[0], expected.detach().numpy(), atol=1e-5, rtol=1e-5)


def test_batching_does_not_change_the_features_or_their_order(tiny_policy: Path) -> None:
    tokenizer, model = load_tokenizer(tiny_policy), load_policy(tiny_policy)
    together = feature_table(model, tokenizer, [ASK] * 4, ANSWERS, batch=3)
    alone = np.concatenate([feature_table(model, tokenizer, [ASK], [answer]) for answer in ANSWERS])
    np.testing.assert_allclose(together, alone, atol=1e-5, rtol=1e-4)


def test_an_empty_answer_has_the_features_of_its_end_token(tiny_policy: Path) -> None:
    tokenizer, model = load_tokenizer(tiny_policy), load_policy(tiny_policy)
    mean, least, total = feature_table(model, tokenizer, [ASK], [""])[0, -3:]
    assert mean == least == total < 0


def test_it_has_no_rows_for_no_answers(tiny_policy: Path) -> None:
    found = feature_table(load_policy(tiny_policy), load_tokenizer(tiny_policy), [], [])
    assert found.shape == (0, 35)
