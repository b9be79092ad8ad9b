"""Sampling: each row has its own chances, whatever stands beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import tensor

from training.recipes.generate import (
    Answer,
    generate,
    pad_left,
    pick,
    prompt_ids,
    row_seed,
)
from training.recipes.text import Encoded, answer_logprobs, collate, load_policy, load_tokenizer

pytestmark = pytest.mark.torch

QUESTIONS = (
    "What is the capital of Kenya?",
    "How?",
    "法国的首都是哪里?",
    "Write a note to Lily.",
    "Who is Lily?",
)


@pytest.fixture(scope="module")
def policy(tiny_policy: Path) -> tuple[Any, Any]:
    return load_policy(tiny_policy), load_tokenizer(tiny_policy)


def sample(
    policy: tuple[Any, Any], order: list[int], *, batch: int, run_seed: int = 0, temperature: float = 1.0
) -> dict[int, Answer]:
    model, tokenizer = policy
    prompts = [
        prompt_ids(model, tokenizer, [{"role": "user", "content": QUESTIONS[row % 5]}], 24) for row in order
    ]
    seeds = [row_seed(run_seed, f"p{row}", "base", 0) for row in order]
    answers = generate(
        model, tokenizer, prompts, seeds, temperature=temperature, max_new_tokens=24, batch=batch
    )
    return dict(zip(order, answers, strict=True))


def test_an_answer_depends_neither_on_the_batch_nor_on_the_order(policy: tuple[Any, Any]) -> None:
    together = sample(policy, list(range(15)), batch=15)
    assert sample(policy, list(range(15)), batch=1) == together
    assert sample(policy, list(range(15))[::-1], batch=4) == together


def test_another_run_seed_gives_other_answers(policy: tuple[Any, Any]) -> None:
    assert sample(policy, [0, 1], batch=2, run_seed=1) != sample(policy, [0, 1], batch=2)


def test_every_part_of_the_key_changes_the_seed_of_a_row() -> None:
    seeds = {row_seed(0, "p1", "a", 0), row_seed(1, "p1", "a", 0), row_seed(0, "p2", "a", 0)}
    seeds |= {row_seed(0, "p1", "b", 0), row_seed(0, "p1", "a", 1)}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_an_ended_answer_closes_with_the_end_token_and_shows_none_of_it(policy: tuple[Any, Any]) -> None:
    end = policy[1].eos_token_id
    answers = list(sample(policy, list(range(200)), batch=64).values())
    assert {answer.ended for answer in answers} == {True, False}
    assert all(answer.ended == (answer.ids[-1] == end) for answer in answers)
    assert all(end not in answer.ids[:-1] and len(answer.ids) <= 24 for answer in answers)
    assert not any("<|" in answer.text for answer in answers)


def test_near_zero_temperature_takes_the_likeliest_token(policy: tuple[Any, Any]) -> None:
    """Checked by a forward pass over the whole answer, without the cache and without left padding."""
    model, tokenizer = policy
    answer = sample(policy, [0, 1, 2], batch=3, temperature=0.01)[1]
    prompt = prompt_ids(model, tokenizer, [{"role": "user", "content": QUESTIONS[1]}], 24)
    with torch.no_grad():
        logits = model(input_ids=tensor([[*prompt, *answer.ids]])).logits[0]
    assert logits[len(prompt) - 1 : -1].argmax(-1).tolist() == list(answer.ids)


def test_samples_follow_the_probabilities_of_the_policy(policy: tuple[Any, Any]) -> None:
    """2,000 first tokens: the mean of -log p must be the entropy, within five standard errors."""
    model, tokenizer = policy
    prompt = prompt_ids(model, tokenizer, [{"role": "user", "content": "How?"}], 1)
    seeds = [row_seed(0, "p", "base", index) for index in range(2000)]
    drawn = generate(model, tokenizer, [prompt] * 2000, seeds, temperature=0.3, max_new_tokens=1, batch=500)
    with torch.no_grad():
        rows = [Encoded(prompt, list(answer.ids)) for answer in drawn]
        surprise = -answer_logprobs(model, collate(rows, 0), temperature=0.3).sum(1)
        logp = (model(input_ids=tensor([prompt])).logits[0, -1] / 0.3).log_softmax(-1)
    entropy = -(logp.exp() * logp).sum()
    assert abs(surprise.mean() - entropy) < 5 * surprise.std() / 2000**0.5


def test_the_token_is_where_the_cumulative_probability_passes_the_number() -> None:
    logits = tensor([0.2, 0.5, 0.3]).log().expand(4, 3)
    uniform = tensor([0.0, 0.21, 0.69, 0.9999], dtype=torch.float64)
    assert pick(logits, uniform, 1.0).tolist() == [0, 1, 1, 2]


def test_an_impossible_token_is_never_drawn() -> None:
    logits = tensor([[-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf]]).expand(101, 5)
    assert set(pick(logits, torch.linspace(0, 1 - 1e-12, 101, dtype=torch.float64), 1.0).tolist()) == {1, 3}


def test_logits_that_are_not_finite_are_refused() -> None:
    with pytest.raises(FloatingPointError, match="1 rows"):
        pick(tensor([[0.0, torch.nan], [0.0, 1.0]]), torch.zeros(2, dtype=torch.float64), 1.0)


def test_rows_stand_against_the_right_edge() -> None:
    ids, attention = pad_left([[5], [6, 7]], 0, torch.device("cpu"))
    assert ids.tolist() == [[0, 5], [6, 7]]
    assert attention.tolist() == [[0, 1], [1, 1]]


def test_a_long_prompt_keeps_its_end_within_the_context(policy: tuple[Any, Any]) -> None:
    messages = [{"role": "user", "content": "How do I plant a tomato? " * 40}]
    ids = prompt_ids(*policy, messages, 28)
    assert len(ids) == 100
    assert ids == prompt_ids(*policy, messages, 8)[-100:]
    with pytest.raises(ValueError, match="no room"):
        prompt_ids(*policy, messages, 128)
