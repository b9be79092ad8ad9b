from __future__ import annotations

import pytest

from training.recipes.batches import by_length, schedule

pytestmark = pytest.mark.torch

LENGTHS = [5, 90, 7, 40, 6, 41, 88, 3, 5, 12]


def test_rows_go_together_by_length_longest_first() -> None:
    assert by_length(LENGTHS, rows=3) == [[1, 6, 5], [3, 9, 2], [4, 0, 8], [7]]


def test_a_batch_holds_no_more_padded_tokens_than_allowed() -> None:
    batches = by_length(LENGTHS, rows=10, tokens=100)
    assert sorted(index for batch in batches for index in batch) == list(range(10))
    assert all(len(batch) * max(LENGTHS[i] for i in batch) <= 100 for batch in batches)


def test_a_row_longer_than_the_limit_goes_alone() -> None:
    assert by_length([500, 2], rows=10, tokens=100) == [[0], [1]]


def test_every_pass_holds_every_prompt_once() -> None:
    steps = schedule(LENGTHS, batch=4, passes=2, seed=0)
    assert len(steps) == 6
    assert sorted(i for step in steps[:3] for i in step) == list(range(10))
    assert sorted(i for step in steps[3:] for i in step) == list(range(10))


def test_the_order_follows_from_the_seed_and_differs_by_pass() -> None:
    steps = schedule(LENGTHS, batch=2, passes=2, seed=7)
    assert steps == schedule(LENGTHS, batch=2, passes=2, seed=7)
    assert steps != schedule(LENGTHS, batch=2, passes=2, seed=8)
    assert steps[:5] != steps[5:]
    assert steps[:5] == schedule(LENGTHS, batch=2, passes=1, seed=7)
