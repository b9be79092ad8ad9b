"""The oracle's account of an evaluation, on answers whose worth is plain."""

from __future__ import annotations

import pytest

from training.demo.judge import judge

ASK = "What is the capital of France?"
RIGHT = "The capital of France is Paris."
WRONG = "The capital of France is Rome."


def row(source: str, text: str, reward: float | None = None) -> dict[str, object]:
    return {"prompt": "p1", "source": source, "text": text, "reward": reward}


def test_a_right_answer_beats_a_wrong_one() -> None:
    judged = judge([row("new", RIGHT), row("base", WRONG)], {"p1": ASK})
    assert judged.win_rate("new", "base") == 1.0
    assert judged.mean("new") == 10.0


def test_equal_answers_win_half() -> None:
    judged = judge([row("new", RIGHT), row("base", RIGHT)], {"p1": ASK})
    assert judged.win_rate("new", "base") == 0.5


def test_accuracy_is_the_share_of_pairs_that_the_reward_orders_as_the_oracle() -> None:
    rows = [row("base", RIGHT, 1.0), row("base", WRONG, -1.0), row("base", WRONG, 2.0)]
    assert judge(rows, {"p1": ASK}).accuracy("base") == pytest.approx(1 / 2)


def test_an_undecided_reward_counts_half() -> None:
    rows = [row("base", RIGHT, 1.0), row("base", WRONG, 1.0)]
    assert judge(rows, {"p1": ASK}).accuracy("base") == 0.5


def test_pairs_closer_than_the_gap_do_not_count() -> None:
    rows = [row("base", RIGHT, 0.0), row("base", WRONG, 1.0), row("base", RIGHT, 1.0)]
    judged = judge(rows, {"p1": ASK})
    assert judged.accuracy("base", 1.0) == pytest.approx(1 / 4)
